"""Words, as they are looked for."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain.note import Note
from shared.paging import MOST


async def remarks(session: AsyncSession, thing: str) -> Sequence[Note]:
    """What customers said last when they were asked about it, the oldest first."""
    asked = select(Note).where(Note.about == thing, Note.kind == "remarks")
    found = asked.order_by(col(Note.written_at).desc(), col(Note.id).desc()).limit(MOST)
    return [*reversed((await session.exec(found)).all())]
