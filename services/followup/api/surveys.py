"""Surveys over HTTP: what customers answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.followup.domain.survey import Survey
from shared.contracts.followup import Satisfaction
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page, Register
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/surveys", tags=["surveys"])
SURVEYS = Register(
    Survey,
    by=[Survey.answered_at, Survey.id],
    filters=[Survey.about, Survey.satisfaction, Survey.score, Survey.survey_id, Survey.customer_id, Survey.unit, Survey.source],
)


class SurveyView(View):
    """One answer. `satisfaction` follows from the score: 5 and 4 are satisfied, 3 is fair, 2 and 1 are dissatisfied."""

    id: UUID
    survey_id: MaskedText = Field(description="as its source calls it")
    about: str | None = Field(description="order:<id>, ...; null: nothing in particular")
    customer_id: UUID
    unit: str
    source: str
    satisfaction: Satisfaction
    score: int
    aspects: list[MaskedText]
    answered_at: datetime
    registered_at: datetime
    correlation: MaskedText | None
    version: int


SHEET = Sheet(
    "surveys", "满意度调查登记表", "surveys.read", SURVEYS, SurveyView,
    columns={
        "survey_id": "问卷编号", "about": "调查事项", "customer_id": "客户编号", "unit": "所属单位", "satisfaction": "满意度", "score": "评分",
        "aspects": "涉及方面", "answered_at": "答卷时间", "registered_at": "登记时间", "source": "来源系统", "correlation": "关联编号", "id": "系统编号",
        "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[SurveyView], dependencies=[allow("surveys.read")], responses=TABLES | problems())
async def list_surveys(session: Session, asked: Annotated[Asked, Depends(SURVEYS)], answer: Answer) -> Any:
    """Every answer, the newest first."""
    return await answer(SHEET, session, asked)
