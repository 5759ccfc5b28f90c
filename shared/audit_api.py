"""The audit trail over HTTP: the same in every service. Reading it is allowed to few, and changing it to nobody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from pydantic import Field, field_serializer
from sqlalchemy import ColumnElement, DateTime
from sqlmodel import col

from shared.audit import Audit
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked, Page, Part, Register

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
    about: str = Field(description="customer:<id>, complaint:<id>, call:<id>, visit:<id>, inquiry:<id>, parked:<id>, topic:<name>, …")
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


@router.get("", response_model=Page[LineView], dependencies=[allow("audit.read")], responses=problems())
async def list_audit(session: Session, asked: Annotated[Asked, Depends(TRAIL)]) -> Part[Audit]:
    """Who did or saw what, of whom, why and when; the newest first."""
    return await TRAIL.page(session, asked)
