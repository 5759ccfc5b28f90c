"""Erasures, as they are looked for, and what is known of erased names."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.erased import ErasedReference, hashed
from services.customers.domain.erasure import IS_OPEN, SERVICES, Erasure
from shared.errors import NotFound
from shared.paging import Register

ERASURES = Register(
    Erasure,
    by=[Erasure.requested_at, Erasure.id],
    filters=[Erasure.state, Erasure.customer_id, Erasure.unit, Erasure.reason],
)
ALL = ", ".join(f"'{service}'" for service in SERVICES)


class ErasureNotFound(NotFound):
    """There is no such erasure."""


async def by_id(session: AsyncSession, erasure_id: UUID, *, lock: bool = False) -> Erasure:
    erasure = await session.get(Erasure, erasure_id, with_for_update=lock or None)
    if erasure is None:
        raise ErasureNotFound
    return erasure


async def is_open(session: AsyncSession, customer_id: UUID) -> bool:
    """Is one under way for this customer?"""
    found = select(Erasure.id).where(Erasure.customer_id == customer_id, text(IS_OPEN))
    return (await session.exec(found)).first() is not None


async def approved(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """Those of which the services do not know yet."""
    return (
        await session.exec(select(Erasure.id).where(Erasure.state == "approved").order_by(col(Erasure.requested_at)).limit(limit))
    ).all()


async def answered(session: AsyncSession, limit: int) -> Sequence[Erasure]:
    """Those to which every service has answered. Another worker passes over the same ones."""
    found = select(Erasure).where(text(f"state = 'running' AND answers ?& array[{ALL}]")).order_by(col(Erasure.id)).limit(limit)
    return (await session.exec(found.with_for_update(skip_locked=True))).all()


async def oldest_open(session: AsyncSession) -> datetime | None:
    """When the oldest that is not at an end was asked for."""
    return (await session.exec(select(func.min(col(Erasure.requested_at))).where(text(IS_OPEN)))).one()


async def erased(session: AsyncSession, references: Collection[str]) -> Sequence[ErasedReference]:
    """Which of these names were erased."""
    hashes = [hashed(reference) for reference in references]
    return (await session.exec(select(ErasedReference).where(col(ErasedReference.hash).in_(hashes)))).all()
