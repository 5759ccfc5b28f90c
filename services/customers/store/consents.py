"""Consents, as they are looked for: those given to the customer or to whoever turned out to be it, and those listed under one of its names."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.consent import Consent, Purpose, Withdrawal
from services.customers.domain.customer import Customer
from services.customers.store import customers
from shared.errors import NotFound
from shared.paging import Register

ENOUGH = 200  # of one purpose; the newest count


class ConsentNotFound(NotFound):
    """This customer has given no such consent."""

    fix = "Take the id as the customer's register of consents has it."


CONSENTS = Register(Consent, by=[Consent.recorded_at, Consent.id], filters=[Consent.purpose, Consent.channel, Consent.source])


async def of(session: AsyncSession, customer: Customer) -> ColumnElement[bool]:
    """Whoever may see the customer may see these, whichever unit took them."""
    family = await customers.family(session, customer.id)
    return or_(col(Consent.customer_id).in_(family), col(Consent.reference).in_(list(customer.names)))


async def withdrawals(session: AsyncSession, customer: Customer) -> list[Withdrawal]:
    """The last one for each matter: it undoes whatever one before it does."""
    matter = col(Consent.purpose), col(Consent.channel), col(Consent.recipient)
    found = select(*matter, func.max(Consent.withdrawn_at)).group_by(*matter)
    rows = await session.exec(found.where(await of(session, customer), col(Consent.withdrawn_at).is_not(None)))
    return [Withdrawal(purpose, channel, recipient, at) for purpose, channel, recipient, at in rows.all() if at is not None]


async def for_purpose(session: AsyncSession, customer: Customer, purpose: Purpose) -> Sequence[Consent]:
    """The newest. That there are more can only mean that less is permitted."""
    found = select(Consent).where(await of(session, customer), Consent.purpose == purpose)
    return (await session.exec(found.order_by(col(Consent.granted_at).desc(), col(Consent.id)).limit(ENOUGH))).all()


async def by_id(session: AsyncSession, consent_id: UUID, *, lock: bool = False) -> Consent:
    consent = await session.get(Consent, consent_id, with_for_update=lock or None)
    if consent is None:
        raise ConsentNotFound
    return consent


async def listed_under(session: AsyncSession, reference: str) -> Sequence[Consent]:
    """All that was ever listed under this name; ours until the end of the transaction."""
    found = select(Consent).where(Consent.reference == reference).order_by(col(Consent.id)).with_for_update()
    return (await session.exec(found.execution_options(populate_existing=True))).all()
