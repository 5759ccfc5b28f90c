"""The steps of a complaint before there is a result, over HTTP. A body may be left out where nothing in it is needed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import Field

from services.complaints.actions import judging
from services.complaints.api.shapes import HANDLE, STEP, Cause, ComplaintView, Department, Trade, answer
from services.complaints.domain.complaint import Severity
from services.complaints.domain.policy import Role
from services.complaints.domain.steps import FeedbackNotAhead
from shared.bodies import Remark, Words
from shared.etag import IfMatch
from shared.http import Body, Moment, Now, Router, Session, Staff, problems

router = Router("/v1/complaints/{complaint_id}", tags=["steps of a complaint"])


class Acknowledgement(Body):
    told: Remark | None = Field(None, description="what the customer was told of the process")
    feedback_by: Moment | None = Field(None, description="when they were told to expect an answer")


class Judgement(Body):
    upheld: Annotated[bool, Field(strict=True, description="the reason is sufficient and the demand reasonable")]
    reason: Words
    severity: Severity = Severity.ORDINARY
    department: Department | None = None
    cause: Cause | None = None


class Explanation(Body):
    told: Remark | None = Field(None, description="how it was explained; no words of apology")


class Escalation(Body):
    to: Role = Role.SUPERVISOR
    reason: Remark | None = None


class Withdrawal(Body):
    reason: Remark | None = None


@router.post("/acknowledgement", response_model=ComplaintView, dependencies=HANDLE, responses=STEP | problems(FeedbackNotAhead))
async def acknowledge_complaint(
    complaint_id: UUID, session: Session, staff: Staff, now: Now, expected: IfMatch, trade: Trade, response: Response, body: Acknowledgement = Acknowledgement()
) -> Any:  # fmt: skip
    """The customer was told the process and when to expect an answer.  CMPL-05"""
    complaint = await judging.acknowledge(
        session, complaint_id, body.told, body.feedback_by, expected=expected, trade=trade, by=staff.sub, at=now
    )
    return await answer(session, complaint, response)


@router.post("/judgement", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def judge_complaint(
    complaint_id: UUID, body: Judgement, session: Session, staff: Staff, now: Now, expected: IfMatch, trade: Trade, response: Response
) -> Any:
    """Is the reason sufficient, is the demand reasonable, how grave is it?  CMPL-06, CMPL-20"""
    complaint = await judging.judge(
        session, complaint_id, body.reason, body.severity, upheld=body.upheld, department=body.department, cause=body.cause,
        expected=expected, trade=trade, by=staff.sub, at=now,
    )  # fmt: skip
    return await answer(session, complaint, response)


@router.post("/explanation", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def explain_complaint(
    complaint_id: UUID,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatch,
    trade: Trade,
    response: Response,
    body: Explanation = Explanation(),
) -> Any:
    """What is not upheld was explained to the customer.  CMPL-06"""
    complaint = await judging.explain(session, complaint_id, body.told, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)


@router.post("/escalation", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def escalate_complaint(
    complaint_id: UUID,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatch,
    trade: Trade,
    response: Response,
    body: Escalation = Escalation(),
) -> Any:
    """A supervisor or a leader has it now.  CMPL-20, CMPL-27"""
    complaint = await judging.escalate(session, complaint_id, body.to, body.reason, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)


@router.post("/withdrawal", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def withdraw_complaint(
    complaint_id: UUID,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatch,
    trade: Trade,
    response: Response,
    body: Withdrawal = Withdrawal(),
) -> Any:
    """The customer does not pursue it."""
    complaint = await judging.withdraw(session, complaint_id, body.reason, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)
