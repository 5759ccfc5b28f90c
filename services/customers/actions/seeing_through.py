"""Sees erasures through: what was approved is begun, who does not answer is told again, and what all have answered is ended.

What fails with one erasure keeps no other back: it is put off, and tried again after all others.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.actions.erasing import noted
from services.customers.domain.claim import Claim
from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.erased import ErasedReference, hashed
from services.customers.domain.erasing import Erasing
from services.customers.domain.erasure import ASK_AGAIN, OURS, Erasure, ErasureState
from services.customers.store import customers, erasures
from shared.database import keep, transaction
from shared.outage import is_away, is_clash, name_of
from shared.outbox import Cause

log = structlog.get_logger()
AT_ONCE = 20
TRIES = 3  # of one whose family changes while we look
Step = Callable[[AsyncSession, UUID, datetime], Awaitable[str | None]]


class Moved(Exception):
    """A declaration said something else of the customer meanwhile."""


async def begin(engine: AsyncEngine, at: datetime) -> list[str]:
    """Every service is told of what was approved; from here on the names are hashes too, and nothing more is taken under them."""
    async with transaction(engine) as session:
        waiting = await erasures.approved(session, AT_ONCE)
    return await each(engine, waiting, begin_one, at)


async def complete(engine: AsyncEngine, at: datetime) -> list[str]:
    """All services have answered: the topics forget, and whoever reads them learns that it is done."""
    async with transaction(engine) as session:
        answered = await erasures.answered(session, AT_ONCE)
    return await each(engine, answered, complete_one, at)


async def remind(engine: AsyncEngine, at: datetime) -> list[str]:
    """Told once more, a service that has nothing left answers once more: its answer may have been lost with a parked record, or a restored database."""
    async with transaction(engine) as session:
        silent = await erasures.silent(session, at - ASK_AGAIN, AT_ONCE)
        for erasure in silent:
            keep(session, [*erasure.tell(at)], Cause(erasure.correlation))
            if "customers" in erasure.waits_for and (ours := await session.get(Erasing, erasure.id, with_for_update=True)):
                ours.begin_again()
    return ["reminded"] * len(silent)


async def each(engine: AsyncEngine, ids: Sequence[UUID], step: Step, at: datetime) -> list[str]:
    """What became of those with which something did; the others are put off."""
    became = []
    for id in ids:
        try:
            outcome = await tried(engine, id, step, at)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("an erasure can't go on", erasure_id=str(id), reason=name_of(error))
            outcome = "failed"
        if outcome in (None, "failed"):
            await put_off(engine, id, at)
        became += [outcome] if outcome else []
    return became


async def tried(engine: AsyncEngine, id: UUID, step: Step, at: datetime) -> str | None:
    for _ in range(TRIES):
        try:
            async with transaction(engine) as session:
                return await step(session, id, at)
        except Moved:
            continue
        except Exception as error:
            if not is_clash(error):
                raise
    return None


async def put_off(engine: AsyncEngine, id: UUID, at: datetime) -> None:
    async with transaction(engine) as session:
        await erasures.put_off(session, id, at)


async def begin_one(session: AsyncSession, erasure_id: UUID, at: datetime) -> str | None:
    """None: it has to wait, for the customer whom this one turned out to be has an erasure that is not decided, or not begun, yet."""
    unlocked = await erasures.by_id(session, erasure_id)
    session.expunge(unlocked)  # read again once it is ours: another worker may be at it
    survivor, family, claims = await hold_the_family(session, unlocked, at)
    known = {it.hash for it in await erasures.erased(session, [claim.reference for claim in claims])}
    erasure, other = await erasures.with_the_open_one(session, erasure_id, survivor.id)
    if erasure.state is not ErasureState.APPROVED:
        return None  # another worker was first
    holds = await erasures.latest_holds(session, family)
    if any(not erasure.covers(id, held_at) for id, held_at in holds.items() if id != erasure.customer_id):
        erasure.keep_them(at)
        await noted(session, erasure, "erasure.refuse", by=OURS, at=at)
        return "refused"
    if other is not None:
        if other.state is not ErasureState.RUNNING or not {*map(str, family)} <= {*other.customers}:
            return None
        erasure.join(other, at)
        return "begun"
    for claim in claims:
        if (hash := hashed(claim.reference)) not in known:
            session.add(ErasedReference(hash=hash, customer_id=claim.customer_id, erasure_id=erasure.id, erased_at=at))
    told = erasure.begin(survivor.id, family, at=at)
    session.add(Erasing(
        erasure_id=erasure.id, customer_id=survivor.id, customers=erasure.customers, unit=erasure.unit, requested_at=at, correlation=erasure.correlation,
    ))  # fmt: skip
    keep(session, [*told], Cause(erasure.correlation))
    return "begun"


async def hold_the_family(session: AsyncSession, erasure: Erasure, at: datetime) -> tuple[Customer, list[UUID], Sequence[Claim]]:
    """Who it is today, all who turned out to be them, and their names, locked. A declaration that was at it while we waited has changed them."""
    survivor = await stub_of(session, erasure, at)
    family = {*await customers.family(session, survivor.id)}
    claims = await customers.claims_of(session, family)
    of_ledger = {UUID(id) for id in erasure.customers}  # a restored file may not have merged them yet
    everybody = sorted(family | of_ledger)
    await customers.locked(session, everybody)
    if survivor.state is CustomerState.REDIRECTED or {*await customers.family(session, survivor.id)} != family:
        raise Moved
    if [it.reference for it in await customers.claims_of(session, family)] != [it.reference for it in claims]:
        raise Moved
    return survivor, everybody, claims


async def stub_of(session: AsyncSession, erasure: Erasure, at: datetime) -> Customer:
    """The customer as they are today. Whom a restored file has not heard of yet stands in it from now on, as erased."""
    customer = await session.get(Customer, erasure.customer_id)
    if customer is not None:
        return await customers.survivor(session, customer.id)
    stub = Customer(id=erasure.customer_id, state=CustomerState.ERASED, source="/careloop/customers", unit=erasure.unit, created_at=at)
    session.add(stub)
    await session.flush()
    return stub


async def complete_one(session: AsyncSession, erasure_id: UUID, at: datetime) -> str | None:
    erasure = await erasures.by_id(session, erasure_id, lock=True)
    if erasure.state is not ErasureState.RUNNING:
        return None  # another worker was first
    keep(session, [*erasure.complete(at)], Cause(erasure.correlation))
    for part in await erasures.parts_of(session, erasure_id):
        part.end_with(erasure)
    return "completed"
