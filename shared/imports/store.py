"""Imports and their rows, as they are looked for, and the pieces of a file on its way in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import transaction
from shared.ids import uuid7
from shared.imports.columns import identity
from shared.imports.tables import UNTOUCHED, Import, ImportMapping, ImportNotFound, ImportRow, NotAtThisStep, RowState, State
from shared.outbox import Cause
from shared.paging import Register
from shared.scope import Scope, narrow
from shared.stored import PIECE, StoredPiece

IMPORTS = Register(
    Import, by=[Import.asked_at, Import.id], filters={"kind": Import.kind, "state": Import.state, "by": Import.asked_by},
)  # fmt: skip
ROWS = Register(
    ImportRow, by=[ImportRow.number], filters={"state": ImportRow.state}, descending=False, without=[ImportRow.raw, ImportRow.before]
)


def of(import_id: UUID) -> ColumnElement[bool]:
    return col(ImportRow.import_id) == import_id


async def by_id(session: AsyncSession, import_id: UUID, *, lock: bool = False) -> Import:
    found = select(Import).where(col(Import.id) == import_id)
    it = (await session.exec(found.with_for_update() if lock else found)).first()
    if it is None:
        raise ImportNotFound
    return it


async def remembered(session: AsyncSession, it: Import) -> dict[str, Any] | None:
    """How these headings were understood the last time."""
    found = await session.get(ImportMapping, identity(it.kind, it.system, it.headings))
    return found.plan if found else None


async def failed(session: AsyncSession, import_id: UUID, most: int) -> Sequence[ImportRow]:
    wanted = select(ImportRow).where(of(import_id), col(ImportRow.state) == RowState.FAILED, col(ImportRow.raw).is_not(None))
    return (await session.exec(wanted.order_by(col(ImportRow.number)).limit(most))).all()


async def under_way(session: AsyncSession) -> dict[State, int]:
    states = (State.READING, State.MAPPING_NEEDED, State.CHECKING, State.CHECKED, State.APPLYING, State.REVERSING)
    found = await session.exec(
        select(Import.state, func.count(col(Import.id))).where(col(Import.state).in_(states)).group_by(col(Import.state))
    )
    counts = {State(state): count for state, count in found.all()}
    return {state: counts.get(state, 0) for state in states}


@asynccontextmanager
async def seen(engine: AsyncEngine, cause: Cause, scope: Scope) -> AsyncIterator[AsyncSession]:
    """A transaction that sees what its caller may, beside the one of a request."""
    async with transaction(engine, cause) as session:
        narrow(session, scope.units)
        yield session


async def receive(engine: AsyncEngine, cause: Cause, scope: Scope, import_id: UUID, chunks: AsyncIterator[bytes]) -> int:
    """A file into its pieces, each in a transaction of its own: whoever sends slowly holds up nobody. What another file had begun to be is gone; of two
    that are sent at once the later holds."""
    file_id = uuid7()
    async with seen(engine, cause, scope) as session:
        it = await by_id(session, import_id, lock=True)
        it.within(scope.units)
        it.only(*UNTOUCHED, State.FAILED, step="file")
        if it.applied:
            raise NotAtThisStep("It has been applied already.", allowed=it.allowed)
        await forget(session, it)
        it.file_id, it.bytes, it.rows, it.headings, it.mapping, it.ended_at = file_id, 0, 0, [], {}, None
        it.goes(State.AWAITING_FILE)
    waiting = bytearray()
    number = 0
    async for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PIECE:
            await put(engine, import_id, file_id, number, bytes(waiting[:PIECE]))
            del waiting[:PIECE]
            number += 1
    async with seen(engine, cause, scope) as session:
        it = await ours(session, import_id, file_id)
        if waiting:
            session.add(StoredPiece(file_id=file_id, number=number, content=bytes(waiting)))
        it.bytes, it.pieces = number * PIECE + len(waiting), number + bool(waiting)
        if it.bytes:
            it.goes(State.READING)
        return it.bytes


async def put(engine: AsyncEngine, import_id: UUID, file_id: UUID, number: int, content: bytes) -> None:
    async with transaction(engine) as session:
        await ours(session, import_id, file_id)
        session.add(StoredPiece(file_id=file_id, number=number, content=content))


async def ours(session: AsyncSession, import_id: UUID, file_id: UUID) -> Import:
    """Still this file: nobody sent another, or called it off."""
    it = await by_id(session, import_id, lock=True)
    if it.file_id != file_id or it.state is not State.AWAITING_FILE:
        raise NotAtThisStep("Another file was sent meanwhile, or it was called off.", allowed=it.allowed)
    return it


async def forget(session: AsyncSession, it: Import) -> None:
    """The pieces of its file, if they lie there."""
    if it.file_id:
        await session.exec(delete(StoredPiece).where(col(StoredPiece.file_id) == it.file_id))
    it.file_id, it.pieces = None, 0
