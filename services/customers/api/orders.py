"""Orders over HTTP, as they are mirrored from what other systems tell."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from services.customers.domain.order import Missing, Order, OrderState
from services.customers.store import orders
from services.customers.store.orders import ORDERS, AmbiguousOrder, Holder, OrderNotFound
from shared.contracts.values import Slug
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked, Page

router = Router("/v1/orders", tags=["orders"])


class Total(View):
    amount: str
    currency: str


class OrderSummary(View):
    """An order in the register. `clarifying`: what the customer has to be asked before it can be confirmed."""

    order_id: str
    system: str
    reference: MaskedText
    customer_id: UUID
    unit: str
    source: str
    state: OrderState
    clarifying: list[Missing]
    total: Total | None
    promised_delivery_until: str | None
    placed_at: datetime | None
    confirmed_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    erp_closed_at: datetime | None
    delivered: bool


class OrderView(OrderSummary):
    """An order with all that is known of it; the entries are worded as in the events, with contact points in them masked."""

    lines: list[MaskedFacts]
    ship_to: MaskedFacts | None
    payment_terms: MaskedText | None
    changes: list[MaskedFacts]
    production: list[MaskedFacts]
    shipments: list[MaskedFacts]
    partial_deliveries: list[MaskedFacts]
    returns: list[MaskedFacts]
    payments: list[MaskedFacts]
    overdue: list[MaskedFacts]


def summary(order: Order, holder: Holder) -> dict[str, Any]:
    total = None if order.total_amount is None else Total(amount=plain(order.total_amount), currency=order.total_currency or "")
    return {name: getattr(order, name) for name in OrderSummary.model_fields.keys() & Order.model_fields.keys()} | {
        "customer_id": holder.customer_id,
        "unit": order.unit or holder.unit,
        "total": total,
    }


def plain(amount: Decimal) -> str:
    return f"{amount:.4f}"


def listed(facts: dict[str, Any], id: str) -> list[dict[str, Any]]:
    return [{id: name, **about} for name, about in sorted(facts.items())]


@router.get("", response_model=Page[OrderSummary], dependencies=[allow("orders.read")], responses=problems())
async def list_orders(session: Session, asked: Annotated[Asked, Depends(ORDERS)]) -> Any:
    """All orders, those that we heard of last first."""
    part = await ORDERS.page(session, asked)
    holders = await orders.holders(session, part.items)
    return {"items": [summary(order, holders[order.id]) for order in part.items], "next": part.next, "total": part.total}


@router.get(
    "/{order_id:path}", response_model=OrderView, dependencies=[allow("orders.read")], responses=problems(OrderNotFound, AmbiguousOrder)
)
async def show_order(
    order_id: str,
    session: Session,
    system: Annotated[Slug | None, Query(description="whose order, where two systems have the same number")] = None,
) -> Any:
    """One order and everything that was told of it."""
    order = await orders.by_order_id(session, order_id, system)
    facts, holders = order.facts, await orders.holders(session, [order])
    return summary(order, holders[order.id]) | {
        "lines": order.term("lines") or [],
        "ship_to": order.term("ship_to"),
        "payment_terms": order.term("payment_terms"),
        "changes": facts.get("changes", []),
        "production": facts.get("production", []),
        "shipments": listed(facts.get("shipments", {}), "shipment_id"),
        "partial_deliveries": facts.get("partial_deliveries", []),
        "returns": listed(facts.get("returns", {}), "return_id"),
        "payments": listed(facts.get("payments", {}), "payment_id"),
        "overdue": listed(facts.get("overdue", {}), "invoice_id"),
    }
