"""Erasures over HTTP: one asks for it, another approves, and one can see which service has answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.customers.actions import erasing
from services.customers.domain.customer import Customer
from services.customers.domain.erasure import (
    AlreadyAsked,
    AlreadyErased,
    Decided,
    Erasure,
    ErasureState,
    LegalHold,
    NotByTheSame,
    Reason,
    RefusedBecause,
)
from services.customers.store import customers, erasures
from services.customers.store.customers import CustomerNotFound
from services.customers.store.erasures import ERASURES, ErasureNotFound
from shared.bodies import AboutCustomer, WhichCustomer
from shared.etag import IfMatchIfGiven, tag
from shared.http import AtHand, Body, Now, Router, Session, Staff, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page
from shared.problems import Changed
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/erasures", tags=["erasures"])


class Asking(AboutCustomer):
    """Whom to erase, and why. A customer that turned out to be another is that one."""

    reason: Reason


class Refusal(Body):
    """Why not."""

    reason: RefusedBecause


class Approval(Body):
    """`{}` or no body will do."""

    hold_is_over: bool = Field(False, description="you looked at `held`: whoever had to be kept by law has to be no longer")


class AnswerView(View):
    """A service keeps nothing any more. `counts`: how many rows it blanked or removed, by what they were."""

    at: datetime
    counts: dict[str, int]


class ErasureView(View):
    """An erasure. Who it was does not stand here."""

    id: UUID
    customer_id: UUID
    customers: list[UUID] = Field(
        description="all ids of the customer: as of today, until it is approved; then those it is about. Registers show them once it is begun"
    )
    held: list[UUID] = Field([], description="until it is approved: those of `customers` whose own erasure was refused for `legal_hold`")
    part_of: UUID | None = Field(description="another erasure of the same customer, with which this one ends")
    unit: str
    reason: Reason
    state: ErasureState
    requested_at: datetime
    requested_by: str
    decided_at: datetime | None
    decided_by: str | None
    refused_because: RefusedBecause | None
    answers: dict[str, AnswerView] = Field(description="by service")
    waits_for: list[str] = Field(description="services that have not answered yet")
    completed_at: datetime | None
    correlation: MaskedText | None
    version: int


async def answered(session: Session, erasure: Erasure, response: Response) -> ErasureView:
    """Whoever decides sees whom: all who are this customer today."""
    tag(response, erasure.version)
    view = ErasureView.model_validate(erasure, from_attributes=True)
    if erasure.state is ErasureState.REQUESTED:
        family = await erasing.family_of(session, erasure)
        view.customers, view.held = sorted({*family}), await erasing.held(session, family)
    elif not view.customers:
        view.customers = [UUID(id) for id in erasure.seen]
    return view


async def whom(session: Session, body: Asking) -> Customer:
    """As they are known today; whom there is not, the body names."""
    if body.named_id is None:
        raise WhichCustomer("Name the customer: `customer` as a foreign system does, or `customer_id`.", field="/customer")
    try:
        return await found(session, body, body.named_id)
    except CustomerNotFound as error:
        error.field = "/customer" if body.customer else "/customer_id"
        raise


async def found(session: Session, body: Asking, named_id: UUID) -> Customer:
    if body.customer is None:
        return await customers.survivor(session, named_id)
    reference = f"{body.customer.system}/{body.customer.id}"
    for it in await erasures.erased(session, [reference]):
        await customers.survivor(session, it.customer_id)  # who is not theirs is not there
        raise AlreadyErased
    return await customers.by_reference(session, reference)


SHEET = Sheet(
    "erasures", "个人信息删除登记表", "erasures.read", ERASURES, ErasureView,
    columns={
        "id": "删除编号", "customer_id": "客户编号", "customers": "同一客户的全部编号", "reason": "删除原因", "state": "状态", "requested_at": "申请时间",
        "requested_by": "申请人", "decided_at": "审批时间", "decided_by": "审批人", "refused_because": "不予删除原因", "waits_for": "待答复的服务",
        "answers": "各服务的答复", "completed_at": "完成时间", "held": "依法保留的编号", "part_of": "并入的删除", "unit": "所属单位",
        "correlation": "关联编号", "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[ErasureView], dependencies=[allow("erasures.read")], responses=TABLES | problems())
async def list_erasures(session: Session, asked: Annotated[Asked, Depends(ERASURES)], answer: Answer) -> Any:
    """All erasures, those asked for last first."""
    return await answer(SHEET, session, asked)


@router.get("/{erasure_id}", response_model=ErasureView, dependencies=[allow("erasures.read")], responses=problems(ErasureNotFound))
async def show_erasure(erasure_id: UUID, session: Session, response: Response) -> Any:
    """One erasure, and which service has answered."""
    return await answered(session, await erasures.by_id(session, erasure_id), response)


@router.post(
    "", status_code=201, response_model=ErasureView, dependencies=[allow("erasures.request")],
    responses=problems(CustomerNotFound, WhichCustomer, AlreadyAsked, AlreadyErased),
)  # fmt: skip
async def request_erasure(body: Asking, session: Session, staff: Staff, now: Now, means: AtHand, response: Response) -> Any:
    """Ask that nothing be kept of a customer by which they could be known or reached. It begins when a privacy officer, another person, approves it.

    409: they were erased, or it is asked for already."""
    erasure = await erasing.request(session, await whom(session, body), body.reason, by=staff.sub, at=now)
    means.metrics.erasure_requests_total.labels(outcome="requested").inc()
    response.headers["Location"] = f"/v1/erasures/{erasure.id}"
    return await answered(session, erasure, response)


@router.post(
    "/{erasure_id}/approval", response_model=ErasureView, dependencies=[allow("erasures.approve")],
    responses=problems(ErasureNotFound, Decided, NotByTheSame, LegalHold, Changed),
)  # fmt: skip
async def approve_erasure(
    erasure_id: UUID,
    session: Session,
    staff: Staff,
    now: Now,
    means: AtHand,
    expected: IfMatchIfGiven,
    response: Response,
    body: Approval = Approval(),
) -> Any:
    """Let it be done, of all `customers`. There is no way back: what is erased can't be had again. Whoever turns out to be this customer before it is
    begun is erased along, unless they have to be kept by law: then it is refused.

    403: you asked for it yourself. 409: it is decided; or somebody in `held` had to be kept by law, and you did not say that this is over."""
    erasure = await erasing.approve(session, erasure_id, expected=expected, hold_is_over=body.hold_is_over, by=staff.sub, at=now)
    await session.flush()
    means.metrics.erasure_requests_total.labels(outcome="approved").inc()
    return await answered(session, erasure, response)


@router.post(
    "/{erasure_id}/refusal", response_model=ErasureView, dependencies=[allow("erasures.approve")], responses=problems(ErasureNotFound, Decided, Changed)
)  # fmt: skip
async def refuse_erasure(
    erasure_id: UUID, body: Refusal, session: Session, staff: Staff, now: Now, means: AtHand, expected: IfMatchIfGiven, response: Response
) -> Any:
    """It will not be done, and why."""
    erasure = await erasing.refuse(session, erasure_id, body.reason, expected=expected, by=staff.sub, at=now)
    await session.flush()
    means.metrics.erasure_requests_total.labels(outcome="refused").inc()
    return await answered(session, erasure, response)
