"""Notices to staff over HTTP: who was told what, by which way, and what became of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.followup.domain.staff_notice import StaffNotice, State
from services.followup.store import staff_notices
from shared.http import Router, Session, View, allow, problems
from shared.paging import Asked, Page, Register
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/staff-notices", tags=["notices"])
STAFF_NOTICES = Register(
    StaffNotice,
    by=[StaffNotice.planned_at, StaffNotice.id],
    filters=[StaffNotice.state, StaffNotice.kind, StaffNotice.to_staff, StaffNotice.unit, StaffNotice.about],
)


class StaffDeliveryView(View):
    """One way by which it is told: `to` is a staff id or the name of a chat, never an address."""

    channel: str = Field(description="chat, mail")
    to: str
    state: str = Field(description="sending, sent, failed")


class StaffNoticeView(View):
    """One thing that people at work are told, once. `due_at`: when it leaves, or is looked at again; `reason`: why it waits, or why nobody was told."""

    id: UUID
    kind: str
    about: str
    unit: str
    to_staff: str | None
    to_role: str | None
    urgent: bool
    owed_at: datetime | None = Field(description="By when it is to be done.")
    state: State
    reason: str | None
    planned_at: datetime
    due_at: datetime
    sent_at: datetime | None
    deliveries: list[StaffDeliveryView]


SHEET = Sheet(
    "staff-notices", "员工通知登记表", "notices.read", STAFF_NOTICES, StaffNoticeView,
    columns={
        "about": "通知事项", "kind": "通知类型", "state": "状态", "reason": "等待或未通知原因", "to_staff": "接收人", "to_role": "接收岗位", "unit": "所属单位",
        "urgent": "是否紧急", "owed_at": "办理期限", "planned_at": "登记时间", "due_at": "应通知时间", "sent_at": "发送时间", "deliveries": "发送方式",
        "id": "系统编号",
    },
    wording={"deliveries": "{channel} {to} {state}"},
)  # fmt: skip


@router.get("", response_model=Page[StaffNoticeView], dependencies=[allow("notices.read")], responses=TABLES | problems())
async def list_staff_notices(session: Session, asked: Annotated[Asked, Depends(STAFF_NOTICES)], answer: Answer) -> Any:
    """Everything that people at work were to be told, whatever became of it; the newest first."""
    return await answer(SHEET, session, asked)


@router.get(
    "/{staff_notice_id}",
    response_model=StaffNoticeView,
    dependencies=[allow("notices.read")],
    responses=problems(staff_notices.StaffNoticeNotFound),
)
async def show_staff_notice(staff_notice_id: UUID, session: Session) -> Any:
    """One notice to staff."""
    return await staff_notices.by_id(session, staff_notice_id)
