"""Notices over HTTP: what customers are told, and what became of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.followup.domain.arrival import arrivals_of
from services.followup.domain.news import Kind
from services.followup.domain.notice import Notice, State
from services.followup.domain.policy import Trade
from services.followup.store import notices
from shared.clocks.explaining import Sentences
from shared.http import Router, Session, View, allow, circumstance, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page, Register
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/notices", tags=["notices"])
NOTICES = Register(
    Notice,
    by=[Notice.planned_at, Notice.id],
    filters=[
        Notice.state, Notice.kind, Notice.source, Notice.order_id, Notice.shipment_id, Notice.customer_id, Notice.reference, Notice.unit,
    ],
)  # fmt: skip


class DeliveryView(View):
    """One way by which it was tried."""

    channel: str
    state: str
    provider_id: MaskedText | None = None


class NoticeView(View):
    """One thing that a customer is told, once. `due_at`: when it is to leave; `reason`: why it waits, or why it was not told."""

    id: UUID
    kind: Kind
    source: str
    order_id: str
    shipment_id: str | None
    customer_id: UUID
    unit: str
    state: State
    reason: str | None
    news_at: datetime
    due_at: datetime
    sent_at: datetime | None
    deliveries: list[DeliveryView]


class ArrivalView(View):
    """By when a shipment was to be there. `told`: the date or moment as it was told last; `unwatched`: it had passed before we first heard of it."""

    milestone: str = "arrival"
    shipment_id: str
    state: str = Field(description="running, met, missed, unwatched")
    due_at: datetime
    told: str
    told_at: datetime
    source: str
    zone: str
    rule: str = "ORDR-07"
    why: Sentences


class Arrivals(View):
    """The expected arrivals of an order."""

    items: list[ArrivalView]


SHEET = Sheet(
    "notices", "物流通知登记表", "notices.read", NOTICES, NoticeView,
    columns={
        "order_id": "订单编号", "shipment_id": "运单编号", "kind": "通知类型", "state": "状态", "reason": "等待或未通知原因", "customer_id": "客户编号",
        "unit": "所属单位", "news_at": "消息时间", "due_at": "应通知时间", "sent_at": "发送时间", "deliveries": "发送方式",
        "source": "来源系统", "id": "系统编号",
    },
    wording={"deliveries": "{channel} {state}"},
)  # fmt: skip


@router.get("", response_model=Page[NoticeView], dependencies=[allow("notices.read")], responses=TABLES | problems())
async def list_notices(session: Session, asked: Annotated[Asked, Depends(NOTICES)], answer: Answer) -> Any:
    """Everything that was to be told, whatever became of it; the newest first."""
    return await answer(SHEET, session, asked)


@router.get("/{notice_id}", response_model=NoticeView, dependencies=[allow("notices.read")], responses=problems(notices.NoticeNotFound))
async def show_notice(notice_id: UUID, session: Session) -> Any:
    """One notice."""
    return await notices.by_id(session, notice_id)


@router.get(
    "/{notice_id}/deadlines", response_model=Arrivals, dependencies=[allow("notices.read")], responses=problems(notices.NoticeNotFound)
)
async def list_arrivals(notice_id: UUID, session: Session, trade: Annotated[Trade, circumstance("trade")]) -> Any:
    """By when the shipments of its order were to be there, and who said so.  ORDR-07"""
    notice = await notices.by_id(session, notice_id)
    order = await notices.order_of(session, notice)
    return {"items": arrivals_of(order, trade.unit(notice.unit)) if order else []}
