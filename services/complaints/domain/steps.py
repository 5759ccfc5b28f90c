"""What each step does to a complaint and how it is told. Where a step may be taken says the course.

`by` is the member of staff; None: it followed from what the customer said, or from nobody having been reached.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.complaints.domain import telling
from services.complaints.domain.complaint import Authority, ClosedAs, Complaint, Severity
from services.complaints.domain.course import Step
from services.complaints.domain.policy import Policy, Role
from shared.contracts import Money
from shared.contracts.complaints import (
    ComplaintAccepted,
    ComplaintAcknowledged,
    ComplaintClosed,
    ComplaintEscalated,
    ComplaintExplained,
    ComplaintJudged,
    ComplaintReopened,
    ComplaintResolved,
    ComplaintWithdrawn,
)
from shared.errors import Invalid, Refused
from shared.outcome import Outcome


class FeedbackNotAhead(Invalid):
    """Feedback is promised for a moment that is still to come."""

    fix = "Send a time that is still to come, or leave it out."


class BeyondOwnAuthority(Refused):
    """More than a specialist may settle."""

    fix = "Ask a supervisor to take this step, or agree on less."


def acknowledge(it: Complaint, feedback_by: datetime | None, *, note_id: UUID | None, by: str | None, at: datetime) -> Outcome:
    """The customer was told the process and when to expect an answer.  CMPL-05"""
    it.check(Step.ACKNOWLEDGEMENT, at)
    if feedback_by is not None and feedback_by <= at:
        raise FeedbackNotAhead(field="/feedback_by")
    it.move(Step.ACKNOWLEDGEMENT, at)
    it.acknowledged_at, it.feedback_by = at, feedback_by
    return [ComplaintAcknowledged(**it.names(), acknowledged_at=at, acknowledged_by=by, feedback_by=feedback_by, note_id=note_id)]


def judge(
    it: Complaint, severity: Severity, *, upheld: bool, note_id: UUID | None, by: str | None, at: datetime, department: str | None = None,
    cause: str | None = None,
) -> Outcome:  # fmt: skip
    """Is the reason sufficient, is the demand reasonable?  CMPL-06, CMPL-20"""
    it.move(Step.JUDGEMENT, at)
    it.upheld, it.severity, it.judged_at = upheld, severity, at
    it.answered_for(department, cause)
    return [
        ComplaintJudged(
            **it.names(), upheld=upheld, severity=severity.value, product=it.product, department=it.department, cause=it.cause, judged_at=at,
            judged_by=by, note_id=note_id,
        )
    ]  # fmt: skip


def explain(it: Complaint, *, note_id: UUID | None, by: str | None, at: datetime) -> Outcome:
    """What is not upheld is explained before anything else.  CMPL-06"""
    it.move(Step.EXPLANATION, at)
    return [ComplaintExplained(**it.names(), explained_at=at, explained_by=by, note_id=note_id)]


def resolve(
    it: Complaint, compensation: Money | None, *, policy: Policy, currency: str, roles: Collection[str], note_id: UUID | None, by: str | None, at: datetime,
    department: str | None = None, cause: str | None = None,
) -> Outcome:  # fmt: skip
    """The customer was told the result. What was never judged was met, so it counts as upheld.  CMPL-13, CMPL-31"""
    it.check(Step.RESOLUTION, at)
    authority = Authority.OWN if set(Role).isdisjoint(roles) else Authority.SUPERVISOR
    if authority is Authority.OWN and not policy.fast.covers(it.category, compensation, currency):
        raise BeyondOwnAuthority("This is more than you may settle on your own authority.", field="/compensation")
    it.move(Step.RESOLUTION, at)
    it.answered_for(department, cause)
    it.resolved_at, it.reopenable_until, it.authority = at, at + policy.reopening, authority
    it.compensation_amount, it.compensation_currency = (compensation.amount, compensation.currency) if compensation else (None, None)
    return [
        ComplaintResolved(
            **it.names(), outcome="not_upheld" if it.upheld is False else "upheld", compensation=compensation, authority=authority.value,
            product=it.product, department=it.department, cause=it.cause, resolved_at=at, resolved_by=by, note_id=note_id,
        )
    ]  # fmt: skip


def accept(it: Complaint, *, note_id: UUID | None, by: str | None, at: datetime, call_id: UUID | None = None) -> Outcome:
    """The customer agrees with the result."""
    it.move(Step.ACCEPTANCE, at)
    return [ComplaintAccepted(**it.names(), accepted_at=at, accepted_by=by, call_id=call_id, note_id=note_id)]


def reopen(
    it: Complaint, because: str, *, policy: Policy, note_id: UUID | None, by: str | None, at: datetime, call_id: UUID | None = None
) -> Outcome:
    """It is handled again, until the customer is content; the result that stood stands no longer.  CMPL-14, CMPL-20"""
    it.move(Step.REOPENING, at)
    it.round += 1
    it.round_began_at, it.feedback_by, it.undated = at, None, False
    if it.round >= policy.major_from_round:
        it.severity = Severity.MAJOR
    it.resolved_at = it.reopenable_until = it.authority = it.compensation_amount = it.compensation_currency = None
    it.closed_as = it.closed_at = None
    return [ComplaintReopened(**it.names(), because=because, reopened_at=at, reopened_by=by, call_id=call_id, note_id=note_id)]


def close(it: Complaint, *, by: str | None, at: datetime) -> Outcome:
    """The customer was asked, so the loop is closed.  CMPL-01"""
    return end(it, Step.CLOSING, ClosedAs.ACCEPTED, by=by, at=at)


def give_up(it: Complaint, *, at: datetime) -> Outcome:
    """Nobody could be reached, and the mark stays.  FLUP-31"""
    return end(it, Step.GIVING_UP, ClosedAs.UNREACHABLE, by=None, at=at)


def end(it: Complaint, step: Step, closed_as: ClosedAs, *, by: str | None, at: datetime) -> Outcome:
    it.move(step, at)
    it.closed_as, it.closed_at = closed_as, at
    return [ComplaintClosed(**it.names(), closed_as=closed_as.value, closed_at=at, closed_by=by)]


def withdraw(it: Complaint, *, note_id: UUID | None, by: str | None, at: datetime) -> Outcome:
    """The customer does not pursue it."""
    over = telling.of_withdrawal(it)
    it.move(Step.WITHDRAWAL, at)
    it.closed_at = at
    return [ComplaintWithdrawn(**it.names(), withdrawn_at=at, withdrawn_by=by, note_id=note_id), *over]


def escalate(it: Complaint, to: Role, *, note_id: UUID | None, by: str | None, at: datetime) -> Outcome:
    """Somebody higher has it now.  CMPL-20, CMPL-27"""
    it.move(Step.ESCALATION, at)
    it.escalated_to = to
    escalated = ComplaintEscalated(**it.names(), escalated_to=to.value, escalated_at=at, escalated_by=by, note_id=note_id)
    return [escalated, telling.of_escalation(it, to, at=at)]
