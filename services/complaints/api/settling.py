"""The result of a complaint, over HTTP: told, agreed with, gone back on, closed."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import Field, StringConstraints

from services.complaints.actions import settling
from services.complaints.api.shapes import HANDLE, STEP, Cause, ComplaintView, Department, Trade, answer
from services.complaints.domain.steps import BeyondOwnAuthority
from shared.bodies import Remark, Words
from shared.contracts import Money
from shared.contracts.values import Currency, Saying
from shared.etag import IfMatch
from shared.http import Body, Now, Router, Session, Staff, problems

router = Router("/v1/complaints/{complaint_id}", tags=["steps of a complaint"])
Paid = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,14}(\.[0-9]{1,4})?$"),
    Saying('It must be a decimal number in a string, not negative, with at most 4 places: "1234.5000".'),
]  # fmt: skip


class Compensation(Body):
    amount: Paid
    currency: Currency

    @property
    def money(self) -> Money:
        return Money(amount=Decimal(self.amount), currency=self.currency)


class Resolution(Body):
    result: Words = Field(description="cause, measures and result, as the customer was told")
    compensation: Compensation | None = None
    department: Department | None = None
    cause: Cause | None = None


class Acceptance(Body):
    remarks: Remark | None = None


class Reopening(Body):
    reason: Words


class Closing(Body):
    """Nothing has to be said."""


@router.post("/resolution", response_model=ComplaintView, dependencies=HANDLE, responses=STEP | problems(BeyondOwnAuthority))
async def resolve_complaint(
    complaint_id: UUID, body: Resolution, session: Session, staff: Staff, now: Now, expected: IfMatch, trade: Trade, response: Response
) -> Any:
    """The customer was told the result; they will be asked how content they are.  CMPL-13

    403: it is more than a specialist may settle on their own authority.  CMPL-31"""
    compensation = body.compensation.money if body.compensation else None
    complaint = await settling.resolve(
        session, complaint_id, body.result, compensation, department=body.department, cause=body.cause, expected=expected,
        trade=trade, roles=staff.roles, by=staff.sub, at=now,
    )  # fmt: skip
    return await answer(session, complaint, response)


@router.post("/acceptance", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def accept_complaint(
    complaint_id: UUID,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatch,
    trade: Trade,
    response: Response,
    body: Acceptance = Acceptance(),
) -> Any:
    """The customer agrees with the result."""
    complaint = await settling.accept(session, complaint_id, body.remarks, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)


@router.post("/reopening", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def reopen_complaint(
    complaint_id: UUID, body: Reopening, session: Session, staff: Staff, now: Now, expected: IfMatch, trade: Trade, response: Response
) -> Any:
    """It is handled again, in another round; only until `reopenable_until`.  CMPL-14"""
    complaint = await settling.reopen(session, complaint_id, body.reason, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)


@router.post("/closing", response_model=ComplaintView, dependencies=HANDLE, responses=STEP)
async def close_complaint(
    complaint_id: UUID,
    session: Session,
    staff: Staff,
    now: Now,
    expected: IfMatch,
    trade: Trade,
    response: Response,
    body: Closing = Closing(),
) -> Any:
    """What the customer agreed with is closed."""
    complaint = await settling.close(session, complaint_id, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)
