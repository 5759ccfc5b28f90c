"""What happens to a complaint before there is a result."""

from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.actions.stepping import in_hand, kept, write
from services.complaints.domain import steps
from services.complaints.domain.complaint import Complaint, Severity
from services.complaints.domain.policy import Role, Trade
from shared.etag import Expected


async def acknowledge(
    session: AsyncSession, complaint_id: UUID, told: str | None, feedback_by: datetime | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "told", told, by=by, at=at)
    feedback_by = feedback_by.astimezone(UTC) if feedback_by else None
    return await kept(session, hand, steps.acknowledge(complaint, feedback_by, note_id=note_id, by=by, at=at), trade=trade, at=at)


async def judge(
    session: AsyncSession, complaint_id: UUID, reason: str, severity: Severity, *, upheld: bool, department: str | None, cause: str | None,
    expected: Expected, trade: Trade, by: str, at: datetime,
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    outcome = steps.judge(complaint, severity, upheld=upheld, department=department, cause=cause, note_id=note_id, by=by, at=at)
    return await kept(session, hand, outcome, trade=trade, at=at)


async def explain(
    session: AsyncSession, complaint_id: UUID, told: str | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "told", told, by=by, at=at)
    return await kept(session, hand, steps.explain(complaint, note_id=note_id, by=by, at=at), trade=trade, at=at)


async def escalate(
    session: AsyncSession, complaint_id: UUID, to: Role, reason: str | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    return await kept(session, hand, steps.escalate(complaint, to, note_id=note_id, by=by, at=at), trade=trade, at=at)


async def withdraw(
    session: AsyncSession, complaint_id: UUID, reason: str | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    complaint = hand.complaint
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    return await kept(session, hand, steps.withdraw(complaint, note_id=note_id, by=by, at=at), trade=trade, at=at)
