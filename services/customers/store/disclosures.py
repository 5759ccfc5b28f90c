"""Disclosures, as they are looked for."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.customer import Customer
from services.customers.domain.disclosure import Disclosure
from services.customers.store import customers
from shared import scope
from shared.errors import NotFound
from shared.paging import Register


class DisclosureNotFound(NotFound):
    """There is no such disclosure."""


DISCLOSURES = Register(
    Disclosure,
    by=[Disclosure.disclosed_at, Disclosure.id],
    filters=[
        Disclosure.customer_id, Disclosure.unit, Disclosure.recipient, Disclosure.purpose, Disclosure.legal_basis, Disclosure.disclosed_by,
    ],
)  # fmt: skip


def within(units: Collection[str]) -> ColumnElement[bool]:
    """A unit's are those that it made, and those about its customers, whoever made them."""
    theirs = select(Customer.id).where(Customer.id == Disclosure.customer_id, col(Customer.unit).in_(units)).exists()
    return or_(col(Disclosure.unit).in_(units), theirs)


scope.by(Disclosure, within)


async def of(session: AsyncSession, customer: Customer) -> ColumnElement[bool]:
    """Also what was given of those who turned out to be this customer."""
    return col(Disclosure.customer_id).in_(await customers.family(session, customer.id))


async def by_id(session: AsyncSession, disclosure_id: UUID) -> Disclosure:
    disclosure = await session.get(Disclosure, disclosure_id)
    if disclosure is None:
        raise DisclosureNotFound
    return disclosure
