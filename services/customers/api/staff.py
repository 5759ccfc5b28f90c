"""The staff directory over HTTP. It is read here; the directory's own system declares who works where, by events."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Path, Response
from pydantic import AliasChoices, Field

from services.customers.store import staff
from services.customers.store.staff import STAFF, StaffNotFound
from shared.contracts.values import Id
from shared.etag import tag
from shared.http import Router, Session, View, allow, problems
from shared.masking import MaskedEmail, MaskedPhone, MaskedText
from shared.paging import Asked, Page
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/staff", tags=["staff"])


class StaffView(View):
    """A member of staff. Contact points are masked; of those who left there are none."""

    staff_id: str
    display_name: MaskedText | None
    unit: str
    posts: list[str] = Field(examples=[["quality_manager"]])
    roles: list[str] = Field(description="what they do here; what they may do, their token says")
    active: bool = Field(description="false: they left")
    email: MaskedEmail | None
    phone: MaskedPhone | None
    version: int


class SkillView(View):
    """What somebody can do, and how well, from 1 to 5."""

    code: str | None
    level: int | None


class AbsenceView(View):
    """Days on which somebody is not there, both counted, in the zone of their unit. Without an end nobody knows it."""

    from_: date | None = Field(validation_alias=AliasChoices("from", "from_"), serialization_alias="from")
    until: date | None


class WholeStaffView(StaffView):
    """A member of staff with all that work is given out by."""

    skills: list[SkillView]
    weight: float = Field(description="how much of a full share of the work they take")
    absences: list[AbsenceView]


SHEET = Sheet(
    "staff", "员工名册", "staff.read", STAFF, StaffView, only=staff.told_of,
    columns={
        "staff_id": "工号", "display_name": "姓名", "unit": "所属单位", "posts": "岗位", "roles": "角色", "active": "是否在职", "email": "电子邮箱",
        "phone": "联系电话", "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[StaffView], dependencies=[allow("staff.read")], responses=TABLES | problems())
async def list_staff(session: Session, asked: Annotated[Asked, Depends(STAFF)], answer: Answer) -> Any:
    """Who works in your units, or did (`active=false`), by their ids. `role`, `post` and `skill` find those who have one of the given codes."""
    return await answer(SHEET, session, asked)


@router.get("/{staff_id:path}", response_model=WholeStaffView, dependencies=[allow("staff.read")], responses=problems(StaffNotFound))
async def show_staff(
    staff_id: Annotated[Id, Path(description="as the directory has it, `s-1`")], session: Session, response: Response
) -> Any:
    """One of them, with skills, weight and absences."""
    colleague = await staff.by_id(session, staff_id)
    tag(response, colleague.version)
    return colleague
