"""Customers, as they are looked for."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.claim import Claim
from services.customers.domain.customer import Customer, CustomerState
from shared.errors import NotFound
from shared.paging import Asked, Register
from shared.sorting import in_chinese


class CustomerNotFound(NotFound):
    """There is no such customer."""


CUSTOMERS = Register(
    Customer,
    by=[Customer.created_at, Customer.id],
    filters=[Customer.source, Customer.state, Customer.unit, Customer.kind],
    sorts={"display_name": in_chinese(Customer.display_name, Customer.id)},
)


async def on_file(_: AsyncSession, asked: Asked) -> list[ColumnElement[bool]]:
    """Those that turned out to be another are no customers any more; whoever asks for them gets them."""
    return [] if "state" in asked.filters else [col(Customer.state) != CustomerState.REDIRECTED]


async def by_id(session: AsyncSession, customer_id: UUID) -> Customer:
    customer = await session.get(Customer, customer_id)
    if customer is None:
        raise CustomerNotFound
    return customer


async def survivor(session: AsyncSession, customer_id: UUID) -> Customer:
    """Who it is today: whoever turned out to be another is that one."""
    customer = await by_id(session, customer_id)
    while customer.redirected_to is not None:
        customer = await by_id(session, customer.redirected_to)
    return customer


async def today(session: AsyncSession, customer_id: UUID) -> UUID:
    """The id of who it is today, also of another unit; of somebody the file does not know, their own."""
    known = select(Customer.id, Customer.redirected_to).where(Customer.id == customer_id).cte("line", recursive=True)
    known = known.union(select(Customer.id, Customer.redirected_to).join(known, col(Customer.id) == known.c.redirected_to))
    last = select(known.c.id).where(known.c.redirected_to.is_(None)).execution_options(everywhere=True)
    return (await session.exec(last)).first() or customer_id


async def family(session: AsyncSession, customer_id: UUID) -> Sequence[UUID]:
    """The customer, and all who turned out to be it, also of other units."""
    known = select(Customer.id).where(Customer.id == customer_id).cte("family", recursive=True)
    known = known.union(select(Customer.id).join(known, col(Customer.redirected_to) == known.c.id))
    return (await session.exec(select(known.c.id).execution_options(everywhere=True))).all()


async def by_reference(session: AsyncSession, reference: str) -> Customer:
    found = await session.exec(select(Customer).join(Claim, col(Claim.customer_id) == col(Customer.id)).where(Claim.reference == reference))
    customer = found.one_or_none()
    if customer is None:
        raise CustomerNotFound("No source has told us of a customer by this reference.")
    return customer


async def claims_for(session: AsyncSession, reference: str, others: Collection[str]) -> Sequence[Claim]:
    """Of the names in a declaration, and of those it gave before; ours until the end of the transaction."""
    mine = or_(col(Claim.reference).in_({reference, *others}), col(Claim.named_by) == reference)
    found = select(Claim).where(mine).order_by(col(Claim.reference)).with_for_update()
    return (await session.exec(found.execution_options(populate_existing=True))).all()


async def claims_of(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Claim]:
    """All names of these customers; ours until the end of the transaction."""
    found = select(Claim).where(col(Claim.customer_id).in_(ids)).order_by(col(Claim.reference)).with_for_update()
    return (await session.exec(found.execution_options(populate_existing=True))).all()


async def locked(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Customer]:
    """Also of other units: a name is one customer's in the whole company, whoever declares it."""
    found = select(Customer).where(col(Customer.id).in_(ids)).order_by(col(Customer.id)).with_for_update()
    return (await session.exec(found.execution_options(populate_existing=True, everywhere=True))).all()


async def counted(session: AsyncSession) -> dict[str, int]:
    """How many there are of each state."""
    found = await session.exec(select(Customer.state, func.count()).group_by(col(Customer.state)))
    return {str(state): 0 for state in CustomerState} | {str(state): count for state, count in found.all()}
