"""Calls over HTTP: whom to ask, the attempts to reach them, and what they said."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.followup.actions import calling
from services.followup.domain.asking import CallbackMisplaced, CallbackNotAhead, CallIsOver, Tried
from services.followup.domain.call import Call, Reason, State, Why
from services.followup.domain.policy import Trade
from services.followup.domain.satisfaction import MOST_ASPECTS, ContradictingScore
from services.followup.store import calls
from services.followup.store.calls import CallNotFound
from shared.contracts.followup import Satisfaction
from shared.contracts.values import Id, Slug, limits
from shared.etag import IfMatchIfGiven, tag
from shared.http import Body, Moment, Now, Router, Scope, Session, Staff, View, allow, circumstance, problems
from shared.masking import MaskedText
from shared.notes import LONGEST
from shared.paging import Asked, Page, Register
from shared.problems import Changed
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet
from shared.todo.assigning import HasLeft, IsAway, LacksTheRole, NobodyHasIt, NotYoursToGive, OfAnotherUnit, UnknownColleague

router = Router("/v1/calls", tags=["calls"])
CALLS = Register(
    Call,
    by=[Call.planned_at, Call.id],
    filters=[
        Call.about, Call.round, Call.state, Call.reason, Call.customer_id, Call.unit, Call.assigned_to, Call.satisfaction, Call.source,
    ],
)  # fmt: skip


class AttemptView(View):
    """One try. `attempted_by`: who called."""

    number: int
    outcome: Tried
    attempted_at: datetime
    attempted_by: str | None
    callback_at: datetime | None


class CallView(View):
    """One question to a customer. `why`: the reason for which nobody asks any more; `earliest_at`, `due_at`: null where there was never anything to ask."""

    id: UUID
    about: str = Field(
        description="complaint:<id>, visit:<id>, measurement:<id>, installation:<id>, repair:<id>, order:<id>, opportunity:<id>"
    )
    round: int
    reason: Reason
    customer_id: UUID
    unit: str
    source: str
    state: State
    why: Why | None
    earliest_at: datetime | None
    due_at: datetime | None
    attempts: list[AttemptView]
    callback_at: datetime | None
    assigned_to: str | None
    satisfaction: Satisfaction | None
    score: int | None
    aspects: list[str]
    completed_at: datetime | None
    completed_by: str | None
    give_up_at: datetime | None = Field(description="when nobody tries any more, unless the customer is reached before")
    planned_at: datetime
    correlation: MaskedText | None
    version: int


class NewAttempt(Body):
    """What came of it. It was made now."""

    outcome: Tried
    callback_at: Moment | None = Field(None, description="with `callback_agreed` only: when the customer wants to be called")


class Assignment(Body):
    """To whom."""

    staff_id: Id


class Release(Body):
    """Nothing has to be said."""


class Answered(Body):
    """What the customer said."""

    satisfaction: Satisfaction
    score: int | None = Field(None, strict=True, ge=1, le=5, description="5 and 4 are satisfied, 3 is fair, 2 and 1 are dissatisfied")
    aspects: list[Slug] = Field([], max_length=MOST_ASPECTS, description="codes of what they spoke of; their words are `remarks`")
    remarks: Annotated[str, limits(0, LONGEST)] | None = None


TradeAtHand = Annotated[Trade, circumstance("trade")]


SHEET = Sheet(
    "calls", "回访记录表", "calls.read", CALLS, CallView,
    columns={
        "about": "回访事项", "round": "轮次", "reason": "回访原因", "state": "状态", "why": "不再回访原因", "customer_id": "客户编号", "unit": "所属单位",
        "assigned_to": "回访人", "earliest_at": "最早回访时间", "due_at": "应回访时间", "attempts": "拨打记录", "callback_at": "约定回电时间",
        "satisfaction": "满意度", "score": "评分", "aspects": "涉及方面", "completed_at": "完成时间", "completed_by": "完成人", "give_up_at": "停止拨打时间",
        "planned_at": "登记时间", "source": "来源系统", "correlation": "关联编号", "id": "系统编号", "version": "版本",
    },
    wording={"attempts": "{number}: {outcome}"},
)  # fmt: skip


@router.get("", response_model=Page[CallView], dependencies=[allow("calls.read")], responses=TABLES | problems())
async def list_calls(session: Session, asked: Annotated[Asked, Depends(CALLS)], answer: Answer) -> Any:
    """Everybody who was or is to be asked, the newest first."""
    return await answer(SHEET, session, asked)


@router.get("/{call_id}", response_model=CallView, dependencies=[allow("calls.read")], responses=problems(CallNotFound))
async def show_call(call_id: UUID, session: Session, response: Response) -> Any:
    """One call."""
    call = await calls.by_id(session, call_id)
    tag(response, call.version)
    return call


@router.post(
    "/{call_id}/attempts", response_model=CallView, dependencies=[allow("calls.make")],
    responses=problems(CallNotFound, CallIsOver, Changed, CallbackMisplaced, CallbackNotAhead),
)  # fmt: skip
async def attempt_call(
    call_id: UUID, body: NewAttempt, session: Session, staff: Staff, now: Now, trade: TradeAtHand, expected: IfMatchIfGiven, response: Response
) -> Any:  # fmt: skip
    """Say that you called and what came of it, short of an answer.

    Who refuses is not called again. Attempts count that are some hours apart and, where the profile has windows for calls, in different ones; after the
    last of them the call is given up some days later."""
    call = await calling.attempt(session, call_id, body.outcome, body.callback_at, expected=expected, trade=trade, by=staff.sub, at=now)
    tag(response, call.version)
    return call


@router.post(
    "/{call_id}/outcome", response_model=CallView, dependencies=[allow("calls.make")],
    responses=problems(CallNotFound, CallIsOver, Changed, ContradictingScore),
)  # fmt: skip
async def answer_call(
    call_id: UUID, body: Answered, session: Session, staff: Staff, now: Now, expected: IfMatchIfGiven, trade: TradeAtHand,
    response: Response,
) -> Any:  # fmt: skip
    """Say what the customer answered, also before `earliest_at`: they may have called themselves."""
    call = await calling.answer(
        session, call_id, body.satisfaction, score=body.score, aspects=body.aspects, remarks=body.remarks, expected=expected, trade=trade,
        by=staff.sub, at=now,
    )  # fmt: skip
    tag(response, call.version)
    return call


@router.post(
    "/{call_id}/assignment", response_model=CallView, dependencies=[allow("calls.make")],
    responses=problems(
        CallNotFound, CallIsOver, Changed, UnknownColleague, LacksTheRole, OfAnotherUnit, HasLeft, IsAway, NotYoursToGive
    ),
)  # fmt: skip
async def assign_call(
    call_id: UUID, body: Assignment, session: Session, staff: Staff, scope: Scope, now: Now, expected: IfMatchIfGiven, trade: TradeAtHand, response: Response
) -> Any:  # fmt: skip
    """Somebody calls them. Supervisors and leaders give it to anybody who is here and may call; everybody else takes what nobody has for themselves.

    Your own are `GET /v1/calls?assigned_to=<your id>`. Whoever else reaches the customer may still say so."""
    call = await calling.assign(
        session, call_id, body.staff_id, expected=expected, scope=scope, units=trade.units, roles=staff.roles, by=staff.sub, at=now
    )
    tag(response, call.version)
    return call


@router.post(
    "/{call_id}/release", response_model=CallView, dependencies=[allow("calls.make")],
    responses=problems(CallNotFound, CallIsOver, Changed, NobodyHasIt, NotYoursToGive),
)  # fmt: skip
async def release_call(
    call_id: UUID, session: Session, staff: Staff, expected: IfMatchIfGiven, response: Response, body: Release = Release()
) -> Any:
    """It is given back: anybody may take it."""
    call = await calling.release(session, call_id, expected=expected, roles=staff.roles, by=staff.sub)
    tag(response, call.version)
    return call
