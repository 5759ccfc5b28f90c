"""What happens to a complaint before there is a result."""

from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.actions.stepping import in_hand, kept, write
from services.complaints.domain import steps
from services.complaints.domain.complaint import Complaint, Severity
from services.complaints.domain.policy import Role
from shared.etag import Expected


async def acknowledge(
    session: AsyncSession, complaint_id: UUID, told: str | None, feedback_by: datetime | None, *, expected: Expected, by: str, at: datetime
) -> Complaint:  # fmt: skip
    complaint = await in_hand(session, complaint_id, expected)
    note_id = write(session, complaint, "told", told, by=by, at=at)
    feedback_by = feedback_by.astimezone(UTC) if feedback_by else None
    return await kept(session, complaint, steps.acknowledge(complaint, feedback_by, note_id=note_id, by=by, at=at))


async def judge(
    session: AsyncSession, complaint_id: UUID, reason: str, severity: Severity, *, upheld: bool, expected: Expected, by: str, at: datetime
) -> Complaint:  # fmt: skip
    complaint = await in_hand(session, complaint_id, expected)
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    return await kept(session, complaint, steps.judge(complaint, severity, upheld=upheld, note_id=note_id, by=by, at=at))


async def explain(
    session: AsyncSession, complaint_id: UUID, told: str | None, *, expected: Expected, by: str, at: datetime
) -> Complaint:  # fmt: skip
    complaint = await in_hand(session, complaint_id, expected)
    note_id = write(session, complaint, "told", told, by=by, at=at)
    return await kept(session, complaint, steps.explain(complaint, note_id=note_id, by=by, at=at))


async def escalate(
    session: AsyncSession, complaint_id: UUID, to: Role, reason: str | None, *, expected: Expected, by: str, at: datetime
) -> Complaint:  # fmt: skip
    complaint = await in_hand(session, complaint_id, expected)
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    return await kept(session, complaint, steps.escalate(complaint, to, note_id=note_id, by=by, at=at))


async def withdraw(
    session: AsyncSession, complaint_id: UUID, reason: str | None, *, expected: Expected, by: str, at: datetime
) -> Complaint:  # fmt: skip
    complaint = await in_hand(session, complaint_id, expected)
    note_id = write(session, complaint, "reason", reason, by=by, at=at)
    return await kept(session, complaint, steps.withdraw(complaint, note_id=note_id, by=by, at=at))
