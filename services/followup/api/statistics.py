"""Calls and notices by what came of them, over HTTP.  A13"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Response
from pydantic import Field

from services.followup.domain.call import Reason, Why
from services.followup.domain.call import State as CallState
from services.followup.domain.news import Kind
from services.followup.domain.notice import State as NoticeState
from services.followup.store.statistics import COUNTS
from shared.contracts.followup import Satisfaction
from shared.counting import TooManyGroups
from shared.http import Router, Session, View, allow, problems
from shared.paging import Asked
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/statistics", tags=["statistics"])


class FollowupGroup(View):
    """So many calls, each one of `waiting`, `done`, `unreachable`, `refused` and `called_off`; or so many notices. What is not of the kind that is
    counted is left out."""

    period: date | None = Field(None, description="the first day of the period in which they were planned, by their units' days")
    reason: Reason | None = None
    kind: Kind | None = None
    state: CallState | NoticeState | None = None
    why: Why | None = Field(None, description="why nobody asks any more")
    satisfaction: Satisfaction | None = None
    unit: str | None = None
    source: str | None = None
    is_total: bool = Field(description="the last row of a table: all of them")
    planned: int = Field(description="all")
    waiting: int = Field(description="still to be asked, or told")
    done: int | None = Field(None, description="the customer was asked")
    satisfied: int | None = None
    fair: int | None = None
    dissatisfied: int | None = None
    unreachable: int | None = None
    refused: int | None = None
    mean_score: Decimal | None = Field(None, description="of 1 to 5, of those who gave one")
    sent: int | None = Field(None, description="and nobody has said yet that it arrived")
    delivered: int | None = None
    failed: int | None = None
    skipped: int | None = Field(None, description="it was not worth telling any more, or nobody wants to be told")
    superseded: int | None = None
    called_off: int


class FollowupStatistics(View):
    items: list[FollowupGroup]
    total: FollowupGroup


SHEET = Sheet(
    "statistics", "回访与通知统计表", "statistics.read", COUNTS, FollowupGroup, omits=COUNTS.omits,
    columns={
        "period": "期间", "reason": "回访原因", "kind": "通知类型", "state": "状态", "why": "结束原因", "satisfaction": "满意度", "unit": "所属单位",
        "source": "来源系统", "is_total": "合计", "planned": "计划件数", "waiting": "待处理", "done": "已回访", "satisfied": "满意", "fair": "一般",
        "dissatisfied": "不满意", "unreachable": "联系不上", "refused": "拒绝回访", "mean_score": "平均得分", "sent": "已发送", "delivered": "已送达",
        "failed": "发送失败", "skipped": "未发送", "superseded": "已被替代", "called_off": "已取消",
    },
)  # fmt: skip


@router.get(
    "", response_model=FollowupStatistics, response_model_exclude_unset=True, dependencies=[allow("statistics.read")],
    responses=TABLES | problems(TooManyGroups),
)  # fmt: skip
async def count_calls_and_notices(session: Session, asked: Annotated[Asked, Depends(COUNTS)], answer: Answer) -> Any:
    """How many calls there are of each kind, or notices (`of=notices`), by `by` (up to three) and `period`, with a total; narrowed like the register,
    and by the days `from` and `until`, which both count."""
    told = await answer(SHEET, session, asked)
    if isinstance(told, Response):
        return told
    *items, total = told["items"]
    return {"items": items, "total": total}
