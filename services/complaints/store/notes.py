"""What was said, as it is looked for."""

from collections.abc import Collection, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.note import Note
from shared.paging import MOST


def things(complaint: Complaint) -> list[str]:
    """What words are looked for that are about a complaint: itself, the inquiry it was, and what it follows."""
    return [complaint.about, f"inquiry:{complaint.inquiry_id}", complaint.follows or ""]


async def about(session: AsyncSession, things: Collection[str]) -> Sequence[Note]:
    """What was said about these last, the oldest first."""
    found = select(Note).where(col(Note.about).in_(things)).order_by(col(Note.written_at).desc(), col(Note.id).desc()).limit(MOST)
    return [*reversed((await session.exec(found)).all())]


async def texts(session: AsyncSession, kind: str, things: Collection[str]) -> dict[str, str]:
    """The words of one kind, by what they are about."""
    found = select(Note.about, Note.text).where(col(Note.about).in_(things), Note.kind == kind)
    return dict((await session.exec(found)).all())
