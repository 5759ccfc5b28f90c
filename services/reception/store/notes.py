"""Words, as they are looked for."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.domain.note import Note
from shared.paging import MOST

Texts = dict[UUID | None, str]  # by the id of the note


async def about(session: AsyncSession, thing: str) -> Sequence[Note]:
    """What was written down about it last, the oldest first."""
    found = select(Note).where(Note.about == thing).order_by(col(Note.written_at).desc(), col(Note.id).desc()).limit(MOST)
    return [*reversed((await session.exec(found)).all())]


async def texts(session: AsyncSession, ids: Iterable[UUID | None]) -> Texts:
    """What these notes say; those that were erased say nothing."""
    wanted = {id for id in ids if id}
    found = (await session.exec(select(Note.id, Note.text).where(col(Note.id).in_(wanted)))).all() if wanted else []
    return dict(found)


async def by_id(session: AsyncSession, note_id: UUID | None) -> Note | None:
    """Ours until the end of the transaction: nobody erases meanwhile what is about to be told."""
    return await session.get(Note, note_id, with_for_update=True) if note_id else None
