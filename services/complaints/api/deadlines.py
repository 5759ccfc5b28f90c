"""By when a complaint is owed what, over HTTP: the arithmetic of each deadline, and the pauses that moved it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import Field

from services.complaints.actions import pausing
from services.complaints.api.shapes import HANDLE, STEP, ComplaintView, Trade, answer
from services.complaints.domain.pausing import (
    AlreadyPaused,
    NeedsApproval,
    NoSuchReason,
    NothingRuns,
    NotPaused,
    PauseNotAhead,
    PauseTooLong,
)
from services.complaints.store import clocks, complaints
from services.complaints.store.complaints import ComplaintNotFound
from shared.bodies import Remark
from shared.clocks.deadlines import Deadlines, explained
from shared.contracts.values import Slug
from shared.etag import IfMatch
from shared.http import Body, Moment, Now, Router, Session, Staff, allow, problems

router = Router("/v1/complaints/{complaint_id}", tags=["deadlines of a complaint"])


class Pause(Body):
    reason: Slug = Field(description="one of those that the unit's trade profile names", examples=["awaiting_customer"])
    until: Annotated[Moment, Field(description="then the clocks run on by themselves")]
    remarks: Remark | None = None


class Resumption(Body):
    """Nothing has to be said."""


@router.get("/deadlines", response_model=Deadlines, dependencies=[allow("complaints.read")], responses=problems(ComplaintNotFound))
async def list_deadlines_of_complaint(complaint_id: UUID, session: Session, trade: Trade) -> Any:
    """What is owed by when, and why then: step by step, and as a sentence in Chinese and English; the newest round first."""
    complaint = await complaints.by_id(session, complaint_id)
    return explained(await clocks.about(session, complaint.about), trade)


@router.post(
    "/pauses", response_model=ComplaintView, dependencies=HANDLE,
    responses=STEP | problems(NothingRuns, AlreadyPaused, NoSuchReason, PauseNotAhead, PauseTooLong, NeedsApproval),
)  # fmt: skip
async def pause_complaint(
    complaint_id: UUID, body: Pause, session: Session, staff: Staff, now: Now, expected: IfMatch, trade: Trade, response: Response
) -> Any:
    """All clocks of the complaint stand still: it waits for something that is not ours to do.

    403: the pause is longer than a specialist may take alone."""
    complaint = await pausing.pause(
        session,
        complaint_id,
        body.reason,
        body.until,
        body.remarks,
        expected=expected,
        trade=trade,
        roles=staff.roles,
        by=staff.sub,
        at=now,
    )
    return await answer(session, complaint, response)


@router.post("/pauses/end", response_model=ComplaintView, dependencies=HANDLE, responses=STEP | problems(NotPaused))
async def resume_complaint(
    complaint_id: UUID, session: Session, staff: Staff, now: Now, expected: IfMatch, trade: Trade, response: Response,
    body: Resumption = Resumption(),
) -> Any:  # fmt: skip
    """The clocks run on. Each deadline is later by the working time of the pause."""
    complaint = await pausing.resume(session, complaint_id, expected=expected, trade=trade, by=staff.sub, at=now)
    return await answer(session, complaint, response)
