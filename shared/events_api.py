"""What happened, over HTTP: the events that a service announced about things that people follow, as CloudEvents; the same in every service."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from shared.http import Router, Session, View, allow, problems
from shared.journal import Journal
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked, Page, Register
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/events", tags=["events"])
EVENTS = Register(
    Journal,
    by=[Journal.announced_at, Journal.id],
    filters={"type": Journal.type, "subject": Journal.subject, "correlationid": Journal.correlation},
    descending=False,
)


class EventView(View):
    """One event as its topic carried it, with contact points masked. `correlationid` is the same for all that came of one thing, in every service."""

    specversion: str = "1.0"
    id: UUID
    source: str
    type: str
    time: datetime = Field(validation_alias="announced_at")
    subject: str | None
    orgunit: str | None = Field(validation_alias="unit")
    correlationid: MaskedText | None = Field(validation_alias="correlation")
    data: MaskedFacts


SHEET = Sheet(
    "events", "事件登记表", "events.read", EVENTS, EventView, unit="orgunit",
    columns={
        "time": "发生时间", "type": "事件类型", "subject": "事项", "orgunit": "所属单位", "data": "内容", "correlationid": "关联编号", "source": "来源系统",
        "id": "系统编号",
    },
    left_out={"specversion": "always the same"},
)  # fmt: skip


@router.get("", response_model=Page[EventView], dependencies=[allow("events.read")], responses=TABLES | problems())
async def list_events(session: Session, asked: Annotated[Asked, Depends(EVENTS)], answer: Answer) -> Any:
    """What this service announced, the oldest first: `?correlationid=…` follows one thing through all that came of it."""
    return await answer(SHEET, session, asked)
