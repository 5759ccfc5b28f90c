"""Notices over HTTP: what customers are told, and what became of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from services.followup.domain.news import Kind
from services.followup.domain.notice import Notice, State
from services.followup.store import notices
from shared.http import Router, Session, View, allow, problems
from shared.paging import Asked, Page, Part, Register

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
    provider_id: str | None = None


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


@router.get("", response_model=Page[NoticeView], dependencies=[allow("notices.read")], responses=problems())
async def list_notices(session: Session, asked: Annotated[Asked, Depends(NOTICES)]) -> Part[Notice]:
    """Everything that was to be told, whatever became of it; the newest first."""
    return await NOTICES.page(session, asked)


@router.get("/{notice_id}", response_model=NoticeView, dependencies=[allow("notices.read")], responses=problems(notices.NoticeNotFound))
async def show_notice(notice_id: UUID, session: Session) -> Any:
    """One notice."""
    return await notices.by_id(session, notice_id)
