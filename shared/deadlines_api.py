"""All deadlines of a service, over HTTP: what is due next, what was missed, what stands on days that nobody has announced yet."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from shared.clocks.clock import Clock, State
from shared.http import Router, Session, View, allow, problems
from shared.paging import Asked, Page, Register
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet


class ClockView(View):
    """One deadline. `about` has its arithmetic at its own `…/deadlines`."""

    id: UUID
    about: str = Field(examples=["complaint:…"])
    milestone: str
    round: int
    state: State
    owner: str
    unit: str
    customer_id: UUID
    started_at: datetime
    due_at: datetime
    at_risk_at: datetime | None
    warned_at: datetime | None
    pause_until: datetime | None
    provisional: bool = Field(description="it stands on days whose holidays nobody has announced yet")
    ended_at: datetime | None
    done_at: datetime | None
    profile: str
    profile_version: int


def sheet(kind: type[Clock]) -> Sheet:
    """Of a service with clocks of this kind."""
    filters = [kind.state, kind.owner, kind.unit, kind.about, kind.provisional]
    return Sheet(
        "deadlines", "时限登记表", "deadlines.read", Register(kind, by=[kind.due_at, kind.id], filters=filters, descending=False), ClockView,
        columns={
            "about": "事项", "milestone": "节点", "round": "轮次", "state": "状态", "due_at": "到期时间", "owner": "责任岗位", "unit": "所属单位",
            "customer_id": "客户编号", "started_at": "起算时间", "at_risk_at": "预警时间", "warned_at": "已预警时间", "pause_until": "暂停至",
            "provisional": "节假日未定", "ended_at": "结束时间", "done_at": "完成时间", "profile": "行业配置", "profile_version": "配置版本", "id": "系统编号",
        },
    )  # fmt: skip


def register(kind: type[Clock]) -> Router:
    """The same over HTTP."""
    router, deadlines = Router("/v1/deadlines", tags=["deadlines"]), sheet(kind)

    @router.get("", response_model=Page[ClockView], dependencies=[allow("deadlines.read")], responses=TABLES | problems())
    async def list_deadlines(session: Session, asked: Annotated[Asked, Depends(deadlines.register)], answer: Answer) -> Any:
        """What is owed, by when it is due, the earliest first: `?state=running&owner=supervisor`, `?provisional=true`."""
        return await answer(deadlines, session, asked)

    return router
