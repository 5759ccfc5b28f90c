"""Erasures are asked for, decided, begun and ended."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.erased import ErasedReference, hashed
from services.customers.domain.erasing import Erasing
from services.customers.domain.erasure import ALARM, AlreadyAsked, AlreadyErased, Erasure, ErasureState, Reason, RefusedBecause
from services.customers.domain.task import Kind, Task
from services.customers.store import customers, erasures
from shared import audit
from shared.database import keep, transaction
from shared.ids import made_of, uuid7
from shared.outbox import Cause
from shared.todo.task import TaskState
from shared.todo.telling import opened

AT_ONCE = 20


async def request(session: AsyncSession, customer: Customer, reason: Reason, *, by: str, at: datetime) -> Erasure:
    """Of whoever it is today: a customer that turned out to be another is that one."""
    await customers.locked(session, [customer.id])  # two who ask at the same moment
    if customer.state is CustomerState.ERASED:
        raise AlreadyErased
    if await erasures.is_open(session, customer.id):
        raise AlreadyAsked
    cause: Cause = session.info["cause"]
    erasure = Erasure(
        id=uuid7(), customer_id=customer.id, unit=customer.unit, reason=reason, requested_at=at, requested_by=by, correlation=cause.correlation
    )  # fmt: skip
    chore = Task.open(
        task_of(erasure), Kind.ERASURE, role="privacy_officer", about=f"erasure:{erasure.id}", unit=erasure.unit, source="/careloop/customers", at=at,
        due_at=at + ALARM, customer_id=customer.id, named_id=customer.id, facts={"reason": reason.value}, correlation=cause.correlation,
    )  # fmt: skip
    keep(session, [erasure, *opened(chore, at)])
    await noted(session, erasure, "erasure.request", by=by, at=at)
    return erasure


def task_of(erasure: Erasure) -> UUID:
    """For whoever has to decide."""
    return made_of("task", "erasure", erasure.id)


async def decided(session: AsyncSession, erasure: Erasure, *, by: str, at: datetime) -> None:
    if (task := await session.get(Task, task_of(erasure), with_for_update=True)) and task.is_open:
        task.end(TaskState.DONE, at, by=by)


async def approve(session: AsyncSession, erasure_id: UUID, *, by: str, at: datetime) -> Erasure:
    erasure = await erasures.by_id(session, erasure_id, lock=True)
    erasure.approve(by=by, at=at)
    await decided(session, erasure, by=by, at=at)
    await noted(session, erasure, "erasure.approve", by=by, at=at)
    return erasure


async def refuse(session: AsyncSession, erasure_id: UUID, because: RefusedBecause, *, by: str, at: datetime) -> Erasure:
    erasure = await erasures.by_id(session, erasure_id, lock=True)
    erasure.refuse(because, by=by, at=at)
    await decided(session, erasure, by=by, at=at)
    await noted(session, erasure, "erasure.refuse", by=by, at=at)
    return erasure


async def noted(session: AsyncSession, erasure: Erasure, action: str, *, by: str, at: datetime) -> None:
    facts = {"erasure": str(erasure.id), "reason": erasure.refused_because or erasure.reason}
    await audit.record(session, action, by=by, about=f"customer:{erasure.customer_id}", at=at, unit=erasure.unit, facts=facts)


async def begin(engine: AsyncEngine, at: datetime) -> int:
    """Every service is told of what was approved; from here on the names are hashes too, and nothing more is taken under them."""
    async with transaction(engine) as session:
        waiting = await erasures.approved(session, AT_ONCE)
    for erasure_id in waiting:
        async with transaction(engine) as session:
            await begin_one(session, erasure_id, at)
    return len(waiting)


async def begin_one(session: AsyncSession, erasure_id: UUID, at: datetime) -> None:
    unlocked = await erasures.by_id(session, erasure_id)
    session.expunge(unlocked)  # read again once it is ours: another worker may be at it
    survivor = await stub_of(session, unlocked, at)
    family = [*await customers.family(session, survivor.id)]
    claims = await customers.claims_of(session, family)
    family = sorted({*family, *(claim.customer_id for claim in claims), *(UUID(id) for id in unlocked.customers)})
    await customers.locked(session, family)
    known = {it.hash for it in await erasures.erased(session, [claim.reference for claim in claims])}
    erasure = await erasures.by_id(session, erasure_id, lock=True)
    if erasure.state is not ErasureState.APPROVED:
        return  # another worker was first
    for claim in claims:
        if (hash := hashed(claim.reference)) not in known:
            session.add(ErasedReference(hash=hash, customer_id=claim.customer_id, erasure_id=erasure.id, erased_at=at))
    told = erasure.begin(survivor.id, family, at=at)
    session.add(Erasing(
        erasure_id=erasure.id, customer_id=survivor.id, customers=erasure.customers, unit=erasure.unit, requested_at=at, correlation=erasure.correlation,
    ))  # fmt: skip
    keep(session, [*told], Cause(erasure.correlation))


async def stub_of(session: AsyncSession, erasure: Erasure, at: datetime) -> Customer:
    """The customer as they are today. Whom a restored file has not heard of yet stands in it from now on, as erased."""
    customer = await session.get(Customer, erasure.customer_id)
    if customer is not None:
        return await customers.survivor(session, customer.id)
    stub = Customer(id=erasure.customer_id, state=CustomerState.ERASED, source="/careloop/customers", unit=erasure.unit, created_at=at)
    session.add(stub)
    await session.flush()
    return stub


async def complete(engine: AsyncEngine, at: datetime) -> int:
    """All services have answered: the topics forget, and whoever reads them learns that it is done."""
    async with transaction(engine) as session:
        answered: Sequence[Erasure] = await erasures.answered(session, AT_ONCE)
        for erasure in answered:
            keep(session, [*erasure.complete(at)], Cause(erasure.correlation))
    return len(answered)
