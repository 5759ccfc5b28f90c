"""Calls, as they are looked for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain.call import WAITS, Call, Reason
from services.followup.domain.contact import Contact, zone_of
from shared.errors import NotFound


class CallNotFound(NotFound):
    """There is no such call."""


async def by_id(session: AsyncSession, call_id: UUID, *, lock: bool = False) -> Call:
    """`lock`: ours until the end of the transaction."""
    call = await session.get(Call, call_id, with_for_update=True if lock else None)
    if call is None:
        raise CallNotFound
    return call


async def zone(session: AsyncSession, customer_id: UUID, otherwise: ZoneInfo) -> ZoneInfo:
    """In which the customer lives."""
    return zone_of(await contacts(session, customer_id), otherwise)


async def contacts(session: AsyncSession, customer_id: UUID) -> Sequence[Contact]:
    """Where the customer can be reached, by each of their names."""
    found = select(Contact).where(col(Contact.customer_id) == customer_id).order_by(col(Contact.reference))
    return (await session.exec(found)).all()


async def to_give_up(session: AsyncSession, at: datetime, limit: int) -> Sequence[Call]:
    """Those that nobody tries any more from now on. Another worker passes over the same ones."""
    due = select(Call).where(col(Call.give_up_at) <= at).order_by(col(Call.id)).limit(limit).with_for_update(skip_locked=True)
    return (await session.exec(due)).all()


async def waiting(session: AsyncSession) -> dict[str, int]:
    """How many customers are still to be asked, by the reason."""
    return await by_reason(session, "true")


async def overdue(session: AsyncSession) -> dict[str, int]:
    """How many of them should have been asked by now."""
    return await by_reason(session, "due_at < now()")


async def by_reason(session: AsyncSession, when: str) -> dict[str, int]:
    found = select(Call.reason, func.count()).where(text(WAITS), text(when)).group_by(col(Call.reason))
    return {reason.value: 0 for reason in Reason} | {str(reason): count for reason, count in (await session.exec(found)).all()}


async def clocks_overdue(session: AsyncSession) -> int:
    """Calls that should have been given up a while ago."""
    late = text("give_up_at < now() - interval '1 minute'")
    return (await session.exec(select(func.count()).select_from(Call).where(late))).one()
