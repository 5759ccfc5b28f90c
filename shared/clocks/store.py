"""A service's clocks, as they are looked for."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clocks.clock import Clock

Kind = TypeVar("Kind", bound=Clock)


def clocks_about(kind: type[Kind]) -> Callable[..., Awaitable[Sequence[Kind]]]:
    """`about(session, thing, lock=True)`: all clocks of these things, by their ids, which is the order of locking."""

    async def about(session: AsyncSession, *things: str, lock: bool = False) -> Sequence[Kind]:
        found: Any = select(kind).where(col(kind.about).in_(things)).order_by(col(kind.id))
        clocks: Sequence[Kind] = (await session.exec(found.with_for_update() if lock else found)).all()
        return clocks

    return about
