"""Visits over HTTP: asking for a reception, and what the desk says of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.actions import visiting
from services.reception.domain.policy import Trade
from services.reception.domain.steps import NotNow
from services.reception.domain.visit import HomeBeforeNow, State, Visit
from services.reception.store import notes, visits
from services.reception.store.notes import Texts
from services.reception.store.visits import VISITS, VisitNotFound
from shared.bodies import AboutCustomer, NoteView, WhichCustomer, Words
from shared.contracts.values import Id, Name, Phone
from shared.etag import IfMatch, tag
from shared.http import Body, Moment, Now, Router, Scope, Session, Staff, View, allow, circumstance, problems
from shared.masking import MaskedPhone, MaskedText
from shared.paging import Asked, Page
from shared.problems import Changed, VersionMissing
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/visits", tags=["visits"])
OurTrade = Annotated[Trade, circumstance("trade")]


class Guest(Body):
    """Who comes; of several, the one to talk to."""

    name: Name
    phone: Phone | None = None


class Application(AboutCustomer):
    """A visit to come. Without a customer the guest is declared as one, to be called when they are home."""

    company: Name
    guests: Annotated[int, Field(strict=True, ge=1, lt=2**31)] = Field(description="how many")
    guest: Guest
    arrives_at: Moment
    purpose: Words
    applicant: Id = Field(description="staff id of who asks for it")


class Nothing(Body):
    """There is nothing to say; `{}` or no body."""


class Departure(Body):
    """They leave."""

    expected_home_at: Moment | None = Field(None, description="nobody calls them before")


class GuestView(View):
    """Who comes. Null after an erasure."""

    name: MaskedText | None
    phone: MaskedPhone | None


class VisitView(View):
    """A visit. `noticed`: somebody saw them leave; false: the day ended."""

    id: UUID
    state: State
    source: str
    company: MaskedText
    guests: int
    guest: GuestView
    arrives_at: datetime
    purpose: MaskedText | None = Field(description="null when the words were erased")
    applicant: str
    customer_id: UUID
    unit: str
    applied_at: datetime
    arrived_at: datetime | None
    departed_at: datetime | None
    noticed: bool | None
    expected_home_at: datetime | None
    cancelled_at: datetime | None
    correlation: MaskedText | None
    version: int


class VisitWithNotes(VisitView):
    """A visit with all that was written down about it."""

    notes: list[NoteView]


def shown(visit: Visit, texts: Texts) -> dict[str, Any]:
    facts = {name: getattr(visit, name) for name in VisitView.model_fields.keys() - {"purpose"}}
    return facts | {"purpose": texts.get(visit.note_id)}


async def answered(session: AsyncSession, visit: Visit, response: Response) -> dict[str, Any]:
    tag(response, visit.version)
    return shown(visit, await notes.texts(session, [visit.note_id]))


async def with_words(session: AsyncSession, found: Sequence[Visit]) -> Sequence[dict[str, Any]]:
    texts = await notes.texts(session, [it.note_id for it in found])
    return [shown(it, texts) for it in found]


SHEET = Sheet(
    "visits", "接待登记表", "visits.read", VISITS, VisitView, shown=with_words,
    columns={
        "company": "来访单位", "guest.name": "来访人", "guest.phone": "联系电话", "guests": "来访人数", "purpose": "来访事由", "applicant": "申请人",
        "unit": "接待单位", "state": "状态", "applied_at": "申请时间", "arrives_at": "预计到达时间", "arrived_at": "到达时间", "departed_at": "离开时间",
        "noticed": "离开有登记", "expected_home_at": "预计返回时间", "cancelled_at": "取消时间", "customer_id": "客户编号", "source": "来源系统",
        "correlation": "关联编号", "id": "系统编号", "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[VisitView], dependencies=[allow("visits.read")], responses=TABLES | problems())
async def list_visits(session: Session, asked: Annotated[Asked, Depends(VISITS)], answer: Answer) -> Any:
    """All visits, those applied for last first."""
    return await answer(SHEET, session, asked)


@router.post("", status_code=201, response_model=VisitView, dependencies=[allow("visits.apply")], responses=problems(WhichCustomer))
async def apply_for_a_reception(
    body: Application, session: Session, staff: Staff, scope: Scope, now: Now, trade: OurTrade, response: Response
) -> Any:
    """Ask for a reception. Name the customer in one way at the most.  RECP-01"""
    told = visiting.Application(
        company=body.company, guests=body.guests, guest_name=body.guest.name, guest_phone=body.guest.phone, arrives_at=body.arrives_at,
        purpose=body.purpose, applicant=body.applicant,
    )  # fmt: skip
    visit = await visiting.apply(session, told, customer_id=body.named_id, scope=scope, units=trade.units, by=staff.sub, at=now)
    response.headers["Location"] = f"/v1/visits/{visit.id}"
    tag(response, visit.version)
    return shown(visit, {visit.note_id: told.purpose})


@router.get("/{visit_id}", response_model=VisitWithNotes, dependencies=[allow("visits.read")], responses=problems(VisitNotFound))
async def show_visit(visit_id: UUID, session: Session, response: Response) -> Any:
    """One visit, and what was written down about it here and by those who asked how it was."""
    visit = await visits.by_id(session, visit_id)
    written = await notes.about(session, f"visit:{visit_id}")
    tag(response, visit.version)
    return shown(visit, {it.id: it.text for it in written}) | {"notes": written}


@router.post(
    "/{visit_id}/arrival", response_model=VisitView, dependencies=[allow("visits.receive")],
    responses=problems(VisitNotFound, NotNow, Changed, VersionMissing),
)  # fmt: skip
async def report_arrival(
    visit_id: UUID, session: Session, now: Now, trade: OurTrade, expected: IfMatch, response: Response, body: Nothing | None = None
) -> Any:
    """They are here."""
    visit = await visiting.arrive(session, visit_id, expected=expected, units=trade.units, at=now)
    return await answered(session, visit, response)


@router.post(
    "/{visit_id}/departure", response_model=VisitView, dependencies=[allow("visits.receive")],
    responses=problems(VisitNotFound, NotNow, Changed, VersionMissing, HomeBeforeNow),
)  # fmt: skip
async def report_departure(
    visit_id: UUID, session: Session, now: Now, expected: IfMatch, response: Response, body: Departure | None = None
) -> Any:
    """They leave; somebody will call them once they are home.  FLUP-25"""
    visit = await visiting.depart(session, visit_id, body.expected_home_at if body else None, expected=expected, at=now)
    return await answered(session, visit, response)


@router.post(
    "/{visit_id}/cancellation", response_model=VisitView, dependencies=[allow("visits.apply")],
    responses=problems(VisitNotFound, NotNow, Changed, VersionMissing),
)  # fmt: skip
async def cancel_visit(
    visit_id: UUID, session: Session, now: Now, expected: IfMatch, response: Response, body: Nothing | None = None
) -> Any:
    """They will not come."""
    visit = await visiting.cancel(session, visit_id, expected=expected, at=now)
    return await answered(session, visit, response)
