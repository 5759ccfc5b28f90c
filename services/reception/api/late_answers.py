"""Calls that were answered late, over HTTP.  INQY-01"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from services.reception.domain.late_answer import LateAnswer
from services.reception.store.late_answers import LATE_ANSWERS
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page, Part

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


@router.get("", response_model=Page[LateAnswerView], dependencies=[allow("inquiries.read")], responses=problems())
async def list_late_answers(session: Session, asked: Annotated[Asked, Depends(LATE_ANSWERS)]) -> Part[LateAnswer]:
    """Every call that rang longer than the trade profile allows, the newest first."""
    return await LATE_ANSWERS.page(session, asked)
