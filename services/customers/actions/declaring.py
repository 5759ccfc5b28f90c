"""Declares a customer over HTTP, as a source does over Kafka: the same rules, the same announcements."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain import filing
from services.customers.domain.claim import ConflictingReference, Standing
from services.customers.domain.consent import hear
from services.customers.domain.customer import Customer
from services.customers.domain.declaration import Declaration
from services.customers.store import consents, customers, erasures
from services.customers.store.customers import CustomerNotFound
from shared.contracts import Event
from shared.database import keep
from shared.entities import Entity
from shared.etag import Expected
from shared.scope import Scope
from shared.units import Units

TRIES = 3  # a name that two declare at the same moment is one of them's by the second try


async def declare(
    session: AsyncSession, told: Declaration, *, units: Units, scope: Scope, at: datetime, expected: Expected
) -> tuple[Customer, bool]:
    """The customer as it is now, and whether its reference was declared for the first time. Another unit's customer is not there."""
    for attempt in range(1, TRIES + 1):
        try:
            async with session.begin_nested():
                customer, is_new, events = await once(session, told, units, scope, at, expected)
        except IntegrityError:
            if attempt == TRIES:
                raise
        else:
            keep(session, [*events])
            return customer, is_new
    raise AssertionError("unreachable")


async def once(
    session: AsyncSession, told: Declaration, units: Units, scope: Scope, at: datetime, expected: Expected
) -> tuple[Customer, bool, list[Event]]:
    claims = await customers.claims_for(session, told.reference, told.others)
    listed = await consents.listed_under(session, told.reference)
    holders = {it.id: it for it in await customers.locked(session, filing.holders_of([told.reference, *told.others], claims))}
    mine = next((it for it in claims if it.reference == told.reference), None)
    is_new = mine is None or mine.standing is not Standing.DECLARED
    refuse_what_is_another_units(told, {it.reference: holders[it.customer_id] for it in claims}, scope)
    expected.check(holders[mine.customer_id].version if mine else 0)
    erased = await erasures.erased(session, [told.reference, *told.others])  # last: whoever waited for an erasure sees it
    outcome = filing.declare(told, claims, list(holders.values()), units=units, at=at, erased=erased)
    outcome = hear(outcome, told.reference, told.source, told.facts.get("consents") or (), listed, told_at=told.at, at=at)
    session.add_all(it for it in outcome if isinstance(it, Entity))
    await session.flush()
    return await customers.by_reference(session, told.reference), is_new, [it for it in outcome if isinstance(it, Event)]


def refuse_what_is_another_units(told: Declaration, holders: Mapping[str, Customer], scope: Scope) -> None:
    """Whoever has one of these names is not there for somebody who does not see them, whatever gave them the name; and can't be taken over by it."""
    theirs = {reference for reference, holder in holders.items() if not scope.sees(holder.unit)}
    if told.reference in theirs:
        raise CustomerNotFound
    for index, reference in enumerate(told.names):
        if reference in theirs:
            raise ConflictingReference("This reference is another customer's.", field=f"/references/{index}")
