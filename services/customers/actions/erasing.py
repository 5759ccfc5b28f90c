"""Erasures are asked for and decided; `seeing_through` begins and ends them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.erasure import ALARM, AlreadyAsked, AlreadyErased, Erasure, Reason, RefusedBecause
from services.customers.domain.task import Kind, Task
from services.customers.store import customers, erasures
from shared import audit
from shared.database import keep
from shared.etag import Expected
from shared.ids import made_of, uuid7
from shared.outbox import Cause
from shared.todo.task import TaskState
from shared.todo.telling import opened


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
        keep(session, task.end(TaskState.DONE, at, by=by))


async def approve(
    session: AsyncSession, erasure_id: UUID, *, expected: Expected, hold_is_over: bool = False, by: str, at: datetime
) -> Erasure:
    """`hold_is_over`: whoever is held may be erased by now."""
    erasure = await erasures.by_id(session, erasure_id, lock=True)
    expected.check(erasure.version)
    family = await family_of(session, erasure)
    erasure.approve(family, () if hold_is_over else await held(session, family), by=by, at=at)
    await decided(session, erasure, by=by, at=at)
    await noted(session, erasure, "erasure.approve", by=by, at=at)
    return erasure


async def family_of(session: AsyncSession, erasure: Erasure) -> Sequence[UUID]:
    """All who are this customer, as it is known today."""
    return [*await customers.family(session, await customers.today(session, erasure.customer_id)), erasure.customer_id]


async def held(session: AsyncSession, family: Collection[UUID]) -> list[UUID]:
    """Of whom an erasure was refused last because the law demands that they be kept."""
    return sorted(await erasures.latest_holds(session, family))


async def refuse(session: AsyncSession, erasure_id: UUID, because: RefusedBecause, *, expected: Expected, by: str, at: datetime) -> Erasure:
    erasure = await erasures.by_id(session, erasure_id, lock=True)
    expected.check(erasure.version)
    erasure.refuse(because, by=by, at=at)
    await decided(session, erasure, by=by, at=at)
    await noted(session, erasure, "erasure.refuse", by=by, at=at)
    return erasure


async def noted(session: AsyncSession, erasure: Erasure, action: str, *, by: str, at: datetime) -> None:
    facts = {"erasure": str(erasure.id), "reason": erasure.refused_because or erasure.reason}
    await audit.record(session, action, by=by, about=f"customer:{erasure.customer_id}", at=at, unit=erasure.unit, facts=facts)
