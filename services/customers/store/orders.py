"""Orders, as they are looked for. Whose an order is, the claim of its reference says: so nothing is rewritten when a name moves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.claim import Claim
from services.customers.domain.customer import Customer
from services.customers.domain.order import Order
from shared import scope
from shared.errors import Conflict, NotFound
from shared.ids import customer_of
from shared.paging import Register


class OrderNotFound(NotFound):
    """There is no such order."""


class AmbiguousOrder(Conflict):
    """Several systems have an order of this number."""

    fix = "Add one of what is allowed to the address."


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an order is, today."""

    customer_id: UUID
    unit: str


class OfCustomer:
    """Narrows orders to those of some customers, by all their names."""

    type = Uuid()

    def in_(self, ids: Sequence[UUID]) -> ColumnElement[bool]:
        theirs = select(Claim.reference).where(col(Claim.customer_id).in_(ids))
        return or_(col(Order.reference).in_(theirs), col(Order.erased_id).in_(ids))


class OfUnit:
    """The unit that the order's events name, otherwise its customer's."""

    type = String()

    def in_(self, units: Collection[str]) -> ColumnElement[bool]:
        theirs = select(Claim.reference).join(Customer, col(Customer.id) == col(Claim.customer_id)).where(col(Customer.unit).in_(units))
        erased = select(Customer.id).where(Customer.id == Order.erased_id, col(Customer.unit).in_(units)).exists()
        named = theirs.where(Claim.reference == Order.reference).exists()
        return or_(col(Order.unit).in_(units), and_(col(Order.unit).is_(None), or_(named, erased)))


scope.by(Order, OfUnit().in_)
ORDERS = Register(
    Order,
    by=[Order.created_at, Order.id],
    filters={
        "source": Order.source, "state": Order.state, "system": Order.system, "order_id": Order.order_id, "reference": Order.reference,
        "customer_id": OfCustomer(), "unit": OfUnit(), "delivered": Order.delivered,
    },
)  # fmt: skip


async def by_order_id(session: AsyncSession, order_id: str, system: str | None) -> Order:
    """Systems count their orders each for itself; where two have the same number, the caller says which."""
    found = select(Order).where(Order.order_id == order_id).order_by(col(Order.system))
    orders = (await session.exec(found.where(Order.system == system) if system else found)).all()
    if not orders:
        raise OrderNotFound
    if len(orders) > 1:
        allowed = tuple(f"?system={order.system}" for order in orders)
        raise AmbiguousOrder(
            f"{len(orders)} systems have an order of this number; say which one you mean.", allowed=allowed, field="system"
        )
    return orders[0]


async def holders(session: AsyncSession, orders: Collection[Order]) -> dict[UUID, Holder]:
    """By the id of the order; whoever sees an order may know whose it is."""
    found = (
        select(Claim.reference, Customer.id, Customer.unit)
        .join(Customer, col(Customer.id) == col(Claim.customer_id))
        .where(col(Claim.reference).in_({order.reference for order in orders}))
        .execution_options(everywhere=True)
    )
    named = {reference: Holder(customer_id, unit) for reference, customer_id, unit in (await session.exec(found)).all()}
    left = [order for order in orders if order.reference not in named]
    nameless = await without_a_claim(session, left) if left else {}
    return {order.id: named.get(order.reference) or nameless[order.id] for order in orders}


async def without_a_claim(session: AsyncSession, orders: Collection[Order]) -> dict[UUID, Holder]:
    """Whose claim is erased: whom the order remembers, otherwise whoever would have the name if nobody had said more."""
    ids = {order.id: order.erased_id or customer_of(order.reference) for order in orders}
    found = select(Customer.id, Customer.unit).where(col(Customer.id).in_(ids.values())).execution_options(everywhere=True)
    known = {id: Holder(id, unit) for id, unit in (await session.exec(found)).all()}
    return {order: known[id] for order, id in ids.items()}
