"""Declares a customer over HTTP, as a source does over Kafka: the same rules, the same announcements."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain import filing
from services.customers.domain.claim import Standing
from services.customers.domain.customer import Customer
from services.customers.domain.declaration import Declaration
from services.customers.store import customers
from shared.contracts import Event
from shared.database import keep
from shared.entities import Entity
from shared.etag import Expected
from shared.units import Units

TRIES = 3  # a name that two declare at the same moment is one of them's by the second try


async def declare(session: AsyncSession, told: Declaration, *, units: Units, at: datetime, expected: Expected) -> tuple[Customer, bool]:
    """The customer as it is now, and whether its reference was declared for the first time."""
    for attempt in range(1, TRIES + 1):
        try:
            async with session.begin_nested():
                customer, is_new, events = await once(session, told, units, at, expected)
        except IntegrityError:
            if attempt == TRIES:
                raise
        else:
            keep(session, [*events])
            return customer, is_new
    raise AssertionError("unreachable")


async def once(
    session: AsyncSession, told: Declaration, units: Units, at: datetime, expected: Expected
) -> tuple[Customer, bool, list[Event]]:
    claims = await customers.claims_for(session, told.reference, told.others)
    holders = {it.id: it for it in await customers.locked(session, filing.holders_of([told.reference, *told.others], claims))}
    mine = next((it for it in claims if it.reference == told.reference), None)
    expected.check(holders[mine.customer_id].version if mine else 0)
    is_new = mine is None or mine.standing is not Standing.DECLARED
    outcome = filing.declare(told, claims, list(holders.values()), units=units, at=at)
    session.add_all(it for it in outcome if isinstance(it, Entity))
    await session.flush()
    return await customers.by_reference(session, told.reference), is_new, [it for it in outcome if isinstance(it, Event)]
