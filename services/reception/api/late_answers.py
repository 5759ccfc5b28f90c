"""Calls that were answered late, over HTTP.  INQY-01"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from services.reception.store.late_answers import LATE_ANSWERS
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/late-answers", tags=["late answers"])


class LateAnswerView(View):
    """A call that rang too long. `rings`: null where nobody counted them; `seconds`: how long it rang."""

    id: UUID
    call_id: MaskedText
    agent_id: MaskedText
    started_at: datetime
    answered_at: datetime
    rings: int | None
    seconds: float
    queue: MaskedText | None
    unit: str
    source: str


SHEET = Sheet(
    "late-answers", "超时接听登记表", "inquiries.read", LATE_ANSWERS, LateAnswerView,
    columns={
        "started_at": "来电时间", "answered_at": "接听时间", "seconds": "振铃秒数", "rings": "振铃声数", "agent_id": "接听坐席", "queue": "队列",
        "call_id": "通话编号", "unit": "所属单位", "source": "来源系统", "id": "系统编号",
    },
)  # fmt: skip


@router.get("", response_model=Page[LateAnswerView], dependencies=[allow("inquiries.read")], responses=TABLES | problems())
async def list_late_answers(session: Session, asked: Annotated[Asked, Depends(LATE_ANSWERS)], answer: Answer) -> Any:
    """Every call that rang longer than the trade profile allows, the newest first."""
    return await answer(SHEET, session, asked)
