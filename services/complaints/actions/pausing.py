"""A complaint waits for something that is not ours to do."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.actions.stepping import in_hand, kept, write
from services.complaints.domain import pausing
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.policy import Trade
from shared.etag import Expected


async def pause(
    session: AsyncSession, complaint_id: UUID, reason: str, until: datetime, remarks: str | None, *, expected: Expected, trade: Trade,
    roles: Collection[str], by: str, at: datetime,
) -> Complaint:  # fmt: skip
    hand = await in_hand(session, complaint_id, expected)
    write(session, hand.complaint, "pause", remarks, by=by, at=at)
    outcome = pausing.pause(hand.complaint, hand.clocks, reason, until, trade=trade, roles=roles, by=by, at=at)
    return await kept(session, hand, outcome, trade=trade, at=at)


async def resume(session: AsyncSession, complaint_id: UUID, *, expected: Expected, trade: Trade, by: str, at: datetime) -> Complaint:
    hand = await in_hand(session, complaint_id, expected)
    outcome = pausing.resume(hand.complaint, hand.clocks, trade=trade, by=by, at=at)
    return await kept(session, hand, outcome, trade=trade, at=at)
