"""Receiving guests: somebody asks for a reception, and the desk says how it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.domain.known_customer import KnownCustomer, declare, reference_of
from services.reception.domain.note import Note
from services.reception.domain.visit import Visit
from services.reception.store import visits
from shared.database import keep
from shared.etag import Expected
from shared.following import meet
from shared.ids import customer_of, uuid7
from shared.notes import jot
from shared.outbox import Cause
from shared.outcome import Outcome
from shared.scope import Scope
from shared.topics import source_of
from shared.units import Units


@dataclass(frozen=True, slots=True)
class Application:
    """What is known of a visit before it."""

    company: str
    guests: int
    guest_name: str
    guest_phone: str | None
    arrives_at: datetime
    purpose: str
    applicant: str


async def apply(
    session: AsyncSession, told: Application, *, customer_id: UUID | None, scope: Scope, units: Units, by: str, at: datetime
) -> Visit:
    """A guest for whom no customer is named is declared as one, so that they can be called when they are home.  RECP-01"""
    cause: Cause = session.info["cause"]
    id = uuid7()
    who = await meet(session, KnownCustomer, customer_id or customer_of(str(reference_of(id))))
    visit = Visit(
        id=id, source=source_of("reception"), company=told.company, guests=told.guests, guest_name=told.guest_name, guest_phone=told.guest_phone,
        arrives_at=told.arrives_at.astimezone(UTC), applicant=told.applicant, named_id=who.id, customer_id=who.customer_id, unit=scope.home(units, who.unit),
        applied_at=at, correlation=cause.correlation, trace=cause.trace,
    )  # fmt: skip
    note = jot(Note, told.purpose, of=visit, about=f"visit:{id}", kind="purpose", at=at, by=by)
    if note:
        visit.note_id = note.id
        keep(session, [note, note.told()])
    if customer_id is None:
        keep(session, declare(who, id, name=told.guest_name, phone=told.guest_phone, unit=visit.unit))
    keep(session, visit.apply(units[visit.unit]))
    return visit


async def arrive(session: AsyncSession, visit_id: UUID, *, expected: Expected, units: Units, at: datetime) -> Visit:
    return await step(session, visit_id, expected, lambda visit: visit.arrive(units[visit.unit], at=at))


async def depart(session: AsyncSession, visit_id: UUID, expected_home_at: datetime | None, *, expected: Expected, at: datetime) -> Visit:
    return await step(session, visit_id, expected, lambda visit: visit.depart(expected_home_at, at=at))


async def cancel(session: AsyncSession, visit_id: UUID, *, expected: Expected, at: datetime) -> Visit:
    return await step(session, visit_id, expected, lambda visit: visit.cancel(at=at))


async def step(session: AsyncSession, visit_id: UUID, expected: Expected, take: Callable[[Visit], Outcome]) -> Visit:
    """Of two who come at once, the second sees what the first did."""
    visit = await visits.by_id(session, visit_id, lock=True)
    expected.check(visit.version)
    keep(session, take(visit), Cause.of(visit))
    await session.flush()
    return visit
