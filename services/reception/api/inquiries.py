"""Inquiries over HTTP: what is asked at the desk, and calls that nobody took."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.actions import inquiring
from services.reception.domain.inquiry import Inquiry, Kind, PromisedForThePast, State
from services.reception.domain.policy import Trade
from services.reception.domain.steps import NotNow
from services.reception.store import inquiries, notes
from services.reception.store.inquiries import INQUIRIES, InquiryNotFound
from services.reception.store.notes import Texts
from shared.bodies import AboutCustomer, NoteView, WhichCustomer, Words
from shared.contracts.values import Id, Slug
from shared.etag import IfMatchIfGiven, tag
from shared.http import Body, Moment, Now, Router, Scope, Session, Staff, View, allow, circumstance, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page
from shared.problems import Changed
from shared.registers.answering import TABLES
from shared.registers.answering import Answer as Answering
from shared.registers.sheet import Sheet

router = Router("/v1/inquiries", tags=["inquiries"])
HANDLE = [allow("inquiries.handle")]
TradeAtHand = Annotated[Trade, circumstance("trade")]
STEP = problems(InquiryNotFound, NotNow, Changed)


class Question(AboutCustomer):
    """What somebody asks. Exactly one of `customer` and `customer_id` says who."""

    channel: Slug = Field(examples=["mail"])
    kind: Literal["consultation", "complaint", "suggestion", "industry_warning"]
    question: Words
    order_id: Id | None = None


class Promise(Body):
    """By when they have their answer."""

    until: Moment


class Answer(Body):
    """What they were told."""

    answer: Words


class Handover(Body):
    """Who has it from now on, and under which category."""

    to: Literal["complaints"]
    category: Slug = Field(examples=["delivery"])
    order_id: Id | None = None


class InquiryView(View):
    """A question, or a call that nobody took. `received_at`: when it was first heard."""

    id: UUID
    state: State
    kind: Kind
    channel: str
    source: str
    customer_id: UUID
    unit: str
    call_id: MaskedText | None
    order_id: str | None
    question: MaskedText | None = Field(description="null when nobody said anything, or the words were erased")
    answer: MaskedText | None
    received_at: datetime
    promised_until: datetime | None
    answered_at: datetime | None
    answered_by: str | None
    handed_to: str | None
    category: str | None
    handed_over_at: datetime | None
    handed_over_by: str | None
    correlation: MaskedText | None
    version: int


class InquiryWithNotes(InquiryView):
    """An inquiry with all that was written down about it."""

    notes: list[NoteView]


def shown(inquiry: Inquiry, texts: Texts) -> dict[str, Any]:
    facts = {name: getattr(inquiry, name) for name in InquiryView.model_fields.keys() - {"question", "answer"}}
    return facts | {"question": texts.get(inquiry.note_id), "answer": texts.get(inquiry.answer_id)}


async def answered(session: AsyncSession, inquiry: Inquiry, response: Response) -> dict[str, Any]:
    tag(response, inquiry.version)
    return shown(inquiry, await notes.texts(session, [inquiry.note_id, inquiry.answer_id]))


async def with_words(session: AsyncSession, found: Sequence[Inquiry]) -> Sequence[dict[str, Any]]:
    texts = await notes.texts(session, [id for it in found for id in (it.note_id, it.answer_id)])
    return [shown(it, texts) for it in found]


SHEET = Sheet(
    "inquiries", "咨询登记表", "inquiries.read", INQUIRIES, InquiryView, shown=with_words,
    columns={
        "received_at": "咨询时间", "kind": "咨询类型", "state": "状态", "channel": "咨询渠道", "customer_id": "客户编号", "unit": "受理单位",
        "order_id": "订单编号", "question": "咨询内容", "promised_until": "承诺答复时间", "answer": "答复内容", "answered_at": "答复时间",
        "answered_by": "答复人", "handed_to": "转交至", "category": "转交类别", "handed_over_at": "转交时间", "handed_over_by": "转交人",
        "call_id": "通话编号", "source": "来源系统", "correlation": "关联编号", "id": "系统编号", "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[InquiryView], dependencies=[allow("inquiries.read")], responses=TABLES | problems())
async def list_inquiries(session: Session, asked: Annotated[Asked, Depends(INQUIRIES)], answer: Answering) -> Any:
    """All inquiries and missed calls, those heard last first."""
    return await answer(SHEET, session, asked)


@router.post("", status_code=201, response_model=InquiryView, dependencies=HANDLE, responses=problems(WhichCustomer))
async def receive_inquiry(
    body: Question, session: Session, staff: Staff, scope: Scope, now: Now, trade: TradeAtHand, response: Response
) -> Any:
    """Somebody asks. An unknown customer is taken as well.  INQY-04, INQY-10"""
    told = inquiring.Question(Kind(body.kind), body.channel, body.question, body.order_id)
    inquiry = await inquiring.receive(session, told, customer_id=body.certain_id, scope=scope, trade=trade, by=staff.sub, at=now)
    response.headers["Location"] = f"/v1/inquiries/{inquiry.id}"
    tag(response, inquiry.version)
    return shown(inquiry, {inquiry.note_id: told.text})


@router.get("/{inquiry_id}", response_model=InquiryWithNotes, dependencies=[allow("inquiries.read")], responses=problems(InquiryNotFound))
async def show_inquiry(inquiry_id: UUID, session: Session, response: Response) -> Any:
    """One inquiry, and all that was written down about it."""
    inquiry = await inquiries.by_id(session, inquiry_id)
    written = await notes.about(session, f"inquiry:{inquiry_id}")
    tag(response, inquiry.version)
    return shown(inquiry, {it.id: it.text for it in written}) | {"notes": written}


@router.post("/{inquiry_id}/promise", response_model=InquiryView, dependencies=HANDLE, responses=STEP | problems(PromisedForThePast))
async def promise_answer(
    inquiry_id: UUID,
    body: Promise,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatchIfGiven,
    trade: TradeAtHand,
    response: Response,
) -> Any:
    """They were told by when the answer comes. A new promise takes the place of the old one.  INQY-05"""
    inquiry = await inquiring.promise(session, inquiry_id, body.until, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answered(session, inquiry, response)


@router.post("/{inquiry_id}/answer", response_model=InquiryView, dependencies=HANDLE, responses=STEP)
async def answer_inquiry(
    inquiry_id: UUID,
    body: Answer,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatchIfGiven,
    trade: TradeAtHand,
    response: Response,
) -> Any:
    """They have their answer; of a missed call: they were called back."""
    inquiry = await inquiring.answer(session, inquiry_id, body.answer, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answered(session, inquiry, response)


@router.post("/{inquiry_id}/handover", response_model=InquiryView, dependencies=HANDLE, responses=STEP)
async def hand_inquiry_over(
    inquiry_id: UUID,
    body: Handover,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatchIfGiven,
    trade: TradeAtHand,
    response: Response,
) -> Any:
    """Another service has it from now on, with the words and the time at which it was first heard.  INQY-11"""
    inquiry = await inquiring.hand_over(
        session, inquiry_id, body.to, body.category, body.order_id, expected=expected, trade=trade, by=staff.sub, at=now
    )
    return await answered(session, inquiry, response)
