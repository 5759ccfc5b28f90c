"""Somebody's exports, and the pieces of a file, as they are looked for."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import transaction
from shared.exports.export import OPEN, OPEN_AT_MOST, Export, ExportNotFound, State, TooManyOpen
from shared.paging import Register
from shared.service import Means
from shared.stored import StoredPiece

EXPORTS = Register(
    Export, by=[Export.asked_at, Export.id], filters={"state": Export.state, "register": Export.sheet, "format": Export.format}
)


def of(person: str) -> ColumnElement[bool]:
    """Nobody sees another's."""
    return col(Export.asked_by) == person


async def by_id(session: AsyncSession, export_id: UUID, person: str, *, lock: bool = False) -> Export:
    export = await session.get(Export, export_id, with_for_update=lock or None)
    if export is None or export.asked_by != person:
        raise ExportNotFound
    return export


async def one_more(session: AsyncSession, person: str) -> None:
    """May they ask for one? Two who ask in one moment may both, and then there are six."""
    found = await session.exec(select(func.count(col(Export.id))).where(of(person), col(Export.state).in_(OPEN)))
    if found.one() >= OPEN_AT_MOST:
        raise TooManyOpen(f"You have {OPEN_AT_MOST} exports under way.", allowed=("cancellation",))


async def pieces(engine: AsyncEngine, export: Export) -> AsyncIterator[bytes]:
    """One at a time, each with a connection for as long as it takes to read; ends early when the file is forgotten meanwhile."""
    for number in range(export.pieces):
        async with transaction(engine) as session:
            piece = await session.get(StoredPiece, (export.id, number))
        if piece is None:
            return
        yield piece.content


async def gauges(means: Means) -> None:
    """How many there are by state, and how long the first of those that nobody has begun has waited."""
    async with transaction(means.engine) as session:
        counted = await session.exec(select(Export.state, func.count()).group_by(col(Export.state)))
        waited = func.extract("epoch", func.now() - func.min(Export.asked_at))
        age = await session.scalar(select(waited).where(col(Export.state) == State.QUEUED))
    means.metrics.exports.clear()
    for state, count in counted.all():
        means.metrics.exports.labels(state=str(state)).set(count)
    means.metrics.exports_oldest_queued_age_seconds.set(max(0.0, float(age or 0)))
