"""Records what a customer allows, and what they allow no more."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain import grant as rules
from services.customers.domain.consent import Consent
from services.customers.domain.customer import Customer
from services.customers.domain.grant import Granted
from services.customers.store import consents, customers
from services.customers.store.consents import ConsentNotFound
from shared.database import keep


async def grant(session: AsyncSession, customer_id: UUID, told: Granted, *, by: str, at: datetime) -> tuple[Consent, Customer]:
    """The consent as it is now. The same grant again is the same consent."""
    customer = await customers.survivor(session, customer_id)
    await customers.locked(session, [customer.id])  # two who record one grant at the same moment
    outcome = rules.grant(customer, told, by=by, at=at)
    known = await session.get(Consent, told.id_for(customer))
    if known is None:
        keep(session, outcome)
    return known or next(it for it in outcome if isinstance(it, Consent)), customer


async def found(session: AsyncSession, customer_id: UUID, consent_id: UUID, *, lock: bool = False) -> tuple[Consent, Customer]:
    """One consent of this customer and of nobody else: who may see one customer learns nothing of another's."""
    customer = await customers.survivor(session, customer_id)
    consent = await consents.by_id(session, consent_id, lock=lock)
    family = await customers.family(session, customer.id)
    if not (consent.customer_id in family if consent.reference is None else consent.reference in customer.names):
        raise ConsentNotFound
    return consent, customer


async def withdraw(
    session: AsyncSession, customer_id: UUID, consent_id: UUID, *, withdrawn_at: datetime, by: str, at: datetime
) -> tuple[Consent, Customer]:
    consent, customer = await found(session, customer_id, consent_id, lock=True)
    await customers.locked(session, [customer.id])  # nothing is disclosed meanwhile on the strength of it
    keep(session, rules.withdraw(consent, customer, withdrawn_at=withdrawn_at, by=by, at=at))
    return consent, customer
