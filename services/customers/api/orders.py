"""Orders over HTTP, as they are mirrored from what other systems tell."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.order import Missing, Order, OrderState
from services.customers.store import orders
from services.customers.store.orders import ORDERS, AmbiguousOrder, Holder, OrderNotFound
from shared.contracts.values import Slug
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked, Page
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

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


async def shown(session: AsyncSession, rows: Sequence[Order]) -> list[dict[str, Any]]:
    holders = await orders.holders(session, rows)
    return [summary(order, holders[order.id]) for order in rows]


SHEET = Sheet(
    "orders", "订单登记表", "orders.read", ORDERS, OrderSummary, shown=shown,
    columns={
        "order_id": "订单编号", "system": "来源系统", "reference": "客户外部编号", "customer_id": "客户编号", "unit": "所属单位", "state": "状态",
        "clarifying": "待确认事项", "total.amount": "订单金额", "total.currency": "币种", "placed_at": "下单时间", "confirmed_at": "确认时间",
        "promised_delivery_until": "承诺交货期", "shipped_at": "发货时间", "delivered": "是否已送达", "delivered_at": "送达时间",
        "cancelled_at": "取消时间", "erp_closed_at": "结单时间", "source": "消息来源",
    },
)  # fmt: skip


@router.get("", response_model=Page[OrderSummary], dependencies=[allow("orders.read")], responses=TABLES | problems())
async def list_orders(session: Session, asked: Annotated[Asked, Depends(ORDERS)], answer: Answer) -> Any:
    """All orders, those that we heard of last first."""
    return await answer(SHEET, session, asked)


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
    facts, holders = order.told, await orders.holders(session, [order])
    by_file = [{"shipped": facts["shipped"]}] if "shipped" in facts else []  # a file names no shipment
    return summary(order, holders[order.id]) | {
        "lines": order.term("lines") or [],
        "ship_to": order.term("ship_to"),
        "payment_terms": order.term("payment_terms"),
        "changes": facts.get("changes", []),
        "production": facts.get("production", []),
        "shipments": [*listed(facts.get("shipments", {}), "shipment_id"), *by_file],
        "partial_deliveries": facts.get("partial_deliveries", []),
        "returns": listed(facts.get("returns", {}), "return_id"),
        "payments": listed(facts.get("payments", {}), "payment_id"),
        "overdue": listed(facts.get("overdue", {}), "invoice_id"),
    }
