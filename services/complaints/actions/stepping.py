"""What stands around every step: the complaint and its clocks are taken in hand, what was said is written down, and what came of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.note import Note
from services.complaints.domain.policy import Trade
from services.complaints.domain.timekeeping import in_line
from services.complaints.store import clocks, complaints
from shared.database import keep
from shared.etag import Expected
from shared.notes import jot
from shared.outbox import Cause
from shared.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Hand:
    """Ours until the end of the transaction."""

    complaint: Complaint
    clocks: Sequence[Watch]


async def in_hand(session: AsyncSession, complaint_id: UUID, expected: Expected) -> Hand:
    """As the caller has seen it: of two at once one finds it changed."""
    complaint = await complaints.by_id(session, complaint_id, lock=True)
    expected.check(complaint.version)
    return Hand(complaint, await clocks.about(session, complaint.about, lock=True))


def write(session: AsyncSession, complaint: Complaint, kind: str, text: str | None, *, by: str, at: datetime) -> UUID | None:
    """The note with these words; None where nobody said anything."""
    note = jot(Note, text, of=complaint, about=complaint.about, kind=kind, at=at, by=by)
    if note is None:
        return None
    keep(session, [note, note.told()], Cause.of(complaint))
    return note.id


async def kept(session: AsyncSession, hand: Hand, outcome: Outcome, *, trade: Trade, at: datetime) -> Complaint:
    """The step, and what it means for the clocks."""
    keep(session, [*outcome, *in_line(hand.complaint, hand.clocks, trade=trade, at=at)], Cause.of(hand.complaint))
    await session.flush()
    return hand.complaint
