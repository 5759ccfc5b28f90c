"""The result of a complaint: told, agreed with, gone back on, closed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.actions.stepping import in_hand, kept, write
from services.complaints.domain import steps
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.policy import Trade
from shared.contracts import Money
from shared.etag import Expected


async def resolve(
    session: AsyncSession, complaint_id: UUID, result: str, compensation: Money | None, *, department: str | None, cause: str | None,
    expected: Expected, trade: Trade, roles: Collection[str], by: str, at: datetime,
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    policy, currency = trade.policy(complaint.unit), trade.unit(complaint.unit).currency
    note_id = write(session, complaint, "result", result, by=by, at=at)
    outcome = steps.resolve(
        complaint, compensation, policy=policy, currency=currency, roles=roles, department=department, cause=cause, note_id=note_id, by=by, at=at,
    )  # fmt: skip
    return await kept(session, hand, outcome, trade=trade, at=at)


async def accept(
    session: AsyncSession, complaint_id: UUID, remarks: str | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "remarks", remarks, by=by, at=at)
    return await kept(session, hand, steps.accept(complaint, note_id=note_id, by=by, at=at), trade=trade, at=at)


async def reopen(
    session: AsyncSession, complaint_id: UUID, reason: str, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    outcome = steps.reopen(complaint, "asked", policy=trade.policy(complaint.unit), note_id=note_id, by=by, at=at)
    return await kept(session, hand, outcome, trade=trade, at=at)


async def close(session: AsyncSession, complaint_id: UUID, *, expected: Expected, trade: Trade, by: str, at: datetime) -> Complaint:
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    return await kept(session, hand, steps.close(complaint, by=by, at=at), trade=trade, at=at)
