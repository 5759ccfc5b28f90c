"""Erasures, as they are looked for, and what is known of erased names."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.customer import Customer
from services.customers.domain.erased import ErasedReference, ErasureKey, hashed, of_the_key
from services.customers.domain.erasure import IS_OPEN, SERVICES, Erasure, ErasureState, RefusedBecause
from shared import scope
from shared.errors import NotFound
from shared.paging import Register

ERASURES = Register(
    Erasure,
    by=[Erasure.requested_at, Erasure.id],
    filters=[Erasure.state, Erasure.customer_id, Erasure.unit, Erasure.reason],
)
ALL = ", ".join(f"'{service}'" for service in SERVICES)


def within(units: Collection[str]) -> ColumnElement[bool]:
    """A unit's are those that it asked for, and those of its customers: one may have moved since."""
    theirs = select(Customer.id).where(Customer.id == Erasure.customer_id, col(Customer.unit).in_(units)).exists()
    return or_(col(Erasure.unit).in_(units), theirs)


scope.by(Erasure, within)


class ErasureNotFound(NotFound):
    """There is no such erasure."""


async def by_id(session: AsyncSession, erasure_id: UUID, *, lock: bool = False) -> Erasure:
    erasure = await session.get(Erasure, erasure_id, with_for_update=lock or None)
    if erasure is None:
        raise ErasureNotFound
    return erasure


async def is_open(session: AsyncSession, customer_id: UUID) -> bool:
    """Is one under way for this customer, whoever asked for it?"""
    found = select(Erasure.id).where(Erasure.customer_id == customer_id, text(IS_OPEN)).execution_options(everywhere=True)
    return (await session.exec(found)).first() is not None


async def latest_holds(session: AsyncSession, family: Collection[UUID]) -> dict[UUID, datetime]:
    """Whom of these the law demands to keep, as it was decided last of them, and when; whichever unit did."""
    decided = select(Erasure).where(col(Erasure.customer_id).in_(family), col(Erasure.decided_at).is_not(None))
    found = (await session.exec(decided.order_by(col(Erasure.decided_at)).execution_options(everywhere=True))).all()
    last = {it.customer_id: it for it in found}
    return {id: it.decided_at for id, it in last.items() if it.refused_because is RefusedBecause.LEGAL_HOLD and it.decided_at}


async def approved(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """Those of which the services do not know yet; what had to be put off comes last."""
    found = select(Erasure.id).where(Erasure.state == ErasureState.APPROVED)
    return (await session.exec(found.order_by(col(Erasure.looked_at).nulls_first(), col(Erasure.requested_at)).limit(limit))).all()


async def with_the_open_one(session: AsyncSession, erasure_id: UUID, customer_id: UUID) -> tuple[Erasure, Erasure | None]:
    """This one, and the one that is open for this customer, if it is another; ours until the end of the transaction."""
    theirs = or_(col(Erasure.id) == erasure_id, and_(col(Erasure.customer_id) == customer_id, text(IS_OPEN)))
    found = select(Erasure).where(theirs).order_by(col(Erasure.id)).with_for_update()
    both = {it.id: it for it in (await session.exec(found.execution_options(populate_existing=True))).all()}
    return both.pop(erasure_id), next(iter(both.values()), None)


async def answered(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """Those to which every service has answered."""
    found = select(Erasure.id).where(text(f"state = 'running' AND answers ?& array[{ALL}]"))
    return (await session.exec(found.order_by(col(Erasure.looked_at).nulls_first(), col(Erasure.id)).limit(limit))).all()


async def silent(session: AsyncSession, since: datetime, limit: int) -> Sequence[Erasure]:
    """Those that wait for a service which was told of them before. Another worker passes over the same ones."""
    waits = text(f"state = 'running' AND part_of IS NULL AND NOT answers ?& array[{ALL}]")
    found = select(Erasure).where(waits, col(Erasure.looked_at) < since).order_by(col(Erasure.id)).limit(limit)
    return (await session.exec(found.with_for_update(skip_locked=True))).all()


async def put_off(session: AsyncSession, erasure_id: UUID, at: datetime) -> None:
    """All others come first."""
    still = col(Erasure.state).in_((ErasureState.APPROVED, ErasureState.RUNNING))
    await session.exec(update(Erasure).where(col(Erasure.id) == erasure_id, still).values(looked_at=at))


async def parts_of(session: AsyncSession, erasure_id: UUID) -> Sequence[Erasure]:
    """Those that end with this one."""
    return (await session.exec(select(Erasure).where(Erasure.part_of == erasure_id).order_by(col(Erasure.id)).with_for_update())).all()


async def oldest_open(session: AsyncSession) -> datetime | None:
    """When the oldest that is not at an end was asked for."""
    return (await session.exec(select(func.min(col(Erasure.requested_at))).where(text(IS_OPEN)))).one()


async def key_is_the_same(session: AsyncSession) -> bool:
    """As the one with which the first process hashed names here."""
    await session.exec(insert(ErasureKey).values(id=1, hash=of_the_key()).on_conflict_do_nothing())
    return (await session.exec(select(ErasureKey.hash))).one() == of_the_key()


async def erased(session: AsyncSession, references: Collection[str]) -> Sequence[ErasedReference]:
    """Which of these names were erased."""
    hashes = [hashed(reference) for reference in references]
    return (await session.exec(select(ErasedReference).where(col(ErasedReference.hash).in_(hashes)))).all()
