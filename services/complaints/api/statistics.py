"""Complaints by class, cause, department, product and time, over HTTP: 顾客投诉分类统计表.  A13, CMPL-15"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.api.shapes import MoneyView
from services.complaints.domain.complaint import Severity
from services.complaints.domain.course import State
from services.complaints.store.statistics import COMPLAINTS_COUNTED
from shared.counting import TooManyGroups
from shared.http import Router, Session, View, allow, problems
from shared.paging import Asked
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/statistics", tags=["statistics"])


class ComplaintGroup(View):
    """So many complaints. Each is one of `open`, `resolved`, `closed` and `withdrawn`."""

    period: date | None = Field(None, description="the first day of the period in which they were received, by their units' days")
    category: str | None = None
    cause: str | None = Field(None, description="null in a group: nobody has found out")
    department: str | None = None
    product: str | None = None
    severity: Severity | None = None
    channel: str | None = None
    state: State | None = None
    unit: str | None = None
    source: str | None = None
    currency: str | None = Field(None, description="of the compensation")
    is_total: bool = Field(description="the last row of a table: all of them")
    received: int
    open: int = Field(description="no result yet")
    resolved: int = Field(description="the result was told, and it is not closed")
    closed: int
    withdrawn: int
    upheld: int
    not_upheld: int
    reopened: int = Field(description="handled more than once")
    overdue: int = Field(description="a step was not taken in time, whether or not it was taken later")
    compensated: int
    compensation: MoneyView | None = Field(description="all of it; null where it is of several currencies: count by `currency` then")
    mean_days: Decimal | None = Field(
        description="from the day it was received to its result, in days of 24 hours, of those whose times are known"
    )


class ComplaintStatistics(View):
    items: list[ComplaintGroup]
    total: ComplaintGroup


async def shown(_: AsyncSession, groups: Sequence[Any]) -> Sequence[Any]:
    return [
        {name: it for name, it in group.items() if name not in ("paid", "paid_in")}
        | {"compensation": None if group["paid_in"] is None else {"amount": f"{group['paid']:.4f}", "currency": group["paid_in"]}}
        for group in groups
    ]


SHEET = Sheet(
    "statistics", "顾客投诉分类统计表", "statistics.read", COMPLAINTS_COUNTED, ComplaintGroup, shown=shown, omits=COMPLAINTS_COUNTED.omits,
    columns={
        "period": "期间", "category": "投诉类别", "cause": "原因", "department": "责任部门", "product": "产品", "severity": "严重程度",
        "channel": "投诉渠道", "state": "状态", "unit": "所属单位", "source": "来源系统", "currency": "币种", "is_total": "合计",
        "received": "受理件数", "open": "处理中", "resolved": "已处理待结案", "closed": "已结案", "withdrawn": "已撤回", "upheld": "成立",
        "not_upheld": "不成立", "reopened": "重新受理", "overdue": "超时", "compensated": "赔偿件数", "compensation.amount": "赔偿金额",
        "compensation.currency": "赔偿币种", "mean_days": "平均处理天数",
    },
)  # fmt: skip


@router.get(
    "", response_model=ComplaintStatistics, response_model_exclude_unset=True, dependencies=[allow("statistics.read")],
    responses=TABLES | problems(TooManyGroups),
)  # fmt: skip
async def count_complaints(session: Session, asked: Annotated[Asked, Depends(COMPLAINTS_COUNTED)], answer: Answer) -> Any:
    """How many complaints there are of each kind, by `by` (up to three) and `period`, with a total; narrowed like the register, and by the days
    `from` and `until`, which both count."""
    told = await answer(SHEET, session, asked)
    if isinstance(told, Response):
        return told
    *items, total = told["items"]
    return {"items": items, "total": total}
