"""The audit trail over HTTP: the same in every service. Reading it is allowed to few, and changing it to nobody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends
from pydantic import Field, field_serializer
from sqlalchemy import ColumnElement, DateTime
from sqlmodel import col

from shared.audit import Audit
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked, Page, Register
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/audit", tags=["operations"])


class Since:
    """Done since then."""

    type = DateTime()

    def in_(self, moments: Sequence[datetime]) -> ColumnElement[bool]:
        return col(Audit.at) >= min(moments)


TRAIL = Register(
    Audit,
    by=[Audit.seq],
    filters={
        "by": Audit.by,
        "action": Audit.action,
        "about": Audit.about,
        "purpose": Audit.purpose,
        "unit": Audit.unit,
        "correlation": Audit.correlation,
        "since": Since(),
    },
    without=[Audit.previous],
)


class LineView(View):
    """A line of the trail. `fields`: which were seen; `hash`: over this line and all before it, so that none can be changed unseen."""

    seq: int
    recorded_at: datetime = Field(description="by the database's own clock")
    at: datetime
    by: str = Field(description="staff id, system, `cli:<account>`")
    action: str
    about: str = Field(
        description="customer:<id>, complaint:<id>, call:<id>, visit:<id>, inquiry:<id>, parked:<id>, topic:<name>, register:<name>, …"
    )
    purpose: str | None
    fields: list[str]
    unit: str | None = Field(description="null: the whole company's; seen by whoever sees all units")
    outcome: str = Field(description="done, refused")
    facts: MaskedFacts = Field(description="codes, counts and ids")
    correlation: MaskedText | None
    hash: bytes

    @field_serializer("hash")
    def in_hex(self, hash: bytes) -> str:
        return hash.hex()


SHEET = Sheet(
    "audit", "审计登记表", "audit.read", TRAIL, LineView,
    columns={
        "seq": "序号", "at": "时间", "by": "操作人", "action": "操作", "about": "对象", "purpose": "目的", "fields": "查看字段", "outcome": "结果",
        "unit": "所属单位", "facts": "事实", "correlation": "关联编号", "recorded_at": "入库时间", "hash": "校验值",
    },
)  # fmt: skip


@router.get("", response_model=Page[LineView], dependencies=[allow("audit.read")], responses=TABLES | problems())
async def list_audit(session: Session, asked: Annotated[Asked, Depends(TRAIL)], answer: Answer) -> Any:
    """Who did or saw what, of whom, why and when; the newest first. A table is no proof: `careloop audit export` writes lines that can be verified."""
    return await answer(SHEET, session, asked)
