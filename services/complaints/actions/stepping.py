"""What stands around every step: the complaint is taken in hand, what was said is written down, and what came of it is kept."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.note import Note
from services.complaints.store import complaints
from shared.database import keep
from shared.etag import Expected
from shared.notes import jot
from shared.outbox import Cause
from shared.outcome import Outcome


async def in_hand(session: AsyncSession, complaint_id: UUID, expected: Expected) -> Complaint:
    """As the caller has seen it, and ours until the end of the transaction: of two at once one finds it changed."""
    complaint = await complaints.by_id(session, complaint_id, lock=True)
    expected.check(complaint.version)
    return complaint


def write(session: AsyncSession, complaint: Complaint, kind: str, text: str | None, *, by: str, at: datetime) -> UUID | None:
    """The note with these words; None where nobody said anything."""
    note = jot(Note, text, about=complaint.about, kind=kind, customer_id=complaint.customer_id, unit=complaint.unit, at=at, by=by)
    if note is None:
        return None
    keep(session, [note, note.told()], Cause.of(complaint))
    return note.id


async def kept(session: AsyncSession, complaint: Complaint, outcome: Outcome) -> Complaint:
    keep(session, outcome, Cause.of(complaint))
    await session.flush()
    return complaint
