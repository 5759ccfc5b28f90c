"""What complaints announces: every step of a complaint, with the round it belongs to. Ids, times and codes; the words travel as notes.

`*_by` is the member of staff who took the step; null: nobody did, it followed from something else.
"""

from datetime import datetime
from uuid import UUID

from shared.contracts import Money, OfCustomer
from shared.contracts.erasing import OfErasureAnswer
from shared.contracts.milestones import OfMilestone, OfPause, OfResumption
from shared.contracts.telling import OfNoticeRequest


class ComplaintEvent(OfCustomer):
    topic = "careloop.complaints"
    kept = True

    complaint_id: UUID
    number: str
    round: int  # from 1; each reopening begins another

    @property
    def subject(self) -> str:
        return str(self.complaint_id)


class ComplaintReceived(ComplaintEvent):
    """A complaint or suggestion was taken in.  CMPL-01, CMPL-04"""

    name = "complaint.received.v1"
    received_at: datetime  # by whoever heard it first, also before it was handed over to us
    channel: str
    category: str
    product: str | None = None  # as the publisher's own lists call it
    department: str | None = None  # who has to answer for it, if that is known already
    customer_known: bool
    order_id: str | None = None
    note_id: UUID | None = None  # what the customer said
    inquiry_id: UUID | None = None  # it was handed over from there
    follows: str | None = None  # what it came of: complaint:<id>, survey:<id>, visit:<id>


class ComplaintAcknowledged(ComplaintEvent):
    """The customer was told the process and when to expect an answer.  CMPL-05"""

    name = "complaint.acknowledged.v1"
    acknowledged_at: datetime
    acknowledged_by: str | None
    feedback_by: datetime | None = None
    note_id: UUID | None = None


class ComplaintJudged(ComplaintEvent):
    """Is the reason sufficient, is the demand reasonable?  CMPL-06, CMPL-20"""

    name = "complaint.judged.v1"
    upheld: bool
    severity: str  # minor, ordinary, major
    product: str | None = None
    department: str | None = None  # who has to answer for it
    cause: str | None = None  # why it came to this: a code
    judged_at: datetime
    judged_by: str | None
    note_id: UUID | None = None


class ComplaintExplained(ComplaintEvent):
    """Not upheld, and the customer was told why.  CMPL-06"""

    name = "complaint.explained.v1"
    explained_at: datetime
    explained_by: str | None
    note_id: UUID | None = None


class ComplaintResolved(ComplaintEvent):
    """The result was told to the customer. Whether they agree is not yet known.  CMPL-13"""

    name = "complaint.resolved.v1"
    outcome: str  # upheld, not_upheld
    compensation: Money | None = None
    authority: str  # own: on the fast path (CMPL-31); supervisor
    product: str | None = None
    department: str | None = None  # who has to answer for it
    cause: str | None = None  # why it came to this: a code
    resolved_at: datetime
    resolved_by: str | None
    note_id: UUID | None = None


class ComplaintAccepted(ComplaintEvent):
    """The customer agrees with the result."""

    name = "complaint.accepted.v1"
    accepted_at: datetime
    accepted_by: str | None
    call_id: UUID | None = None  # they said so in this call
    note_id: UUID | None = None


class ComplaintReopened(ComplaintEvent):
    """It is handled again; `round` is the new one.  CMPL-14"""

    name = "complaint.reopened.v1"
    because: str  # dissatisfied: the customer said so when asked; asked: somebody asked for it
    reopened_at: datetime
    reopened_by: str | None
    call_id: UUID | None = None
    note_id: UUID | None = None


class ComplaintClosed(ComplaintEvent):
    """The loop is closed."""

    name = "complaint.closed.v1"
    closed_as: str  # accepted, unreachable (FLUP-31)
    closed_at: datetime
    closed_by: str | None


class ComplaintWithdrawn(ComplaintEvent):
    """The customer does not pursue it."""

    name = "complaint.withdrawn.v1"
    withdrawn_at: datetime
    withdrawn_by: str | None
    note_id: UUID | None = None


class ComplaintEscalated(ComplaintEvent):
    """Somebody higher has it now.  CMPL-20, CMPL-27"""

    name = "complaint.escalated.v1"
    escalated_to: str  # supervisor, leader
    escalated_at: datetime
    escalated_by: str | None
    note_id: UUID | None = None


class MilestoneAtRisk(OfMilestone):
    """Most of the time is over and it is not done."""

    name = "milestone.at_risk.v1"
    topic = "careloop.complaints"
    kept = True


class MilestoneMissed(OfMilestone):
    """Its time is over and it is not done."""

    name = "milestone.missed.v1"
    topic = "careloop.complaints"
    kept = True


class MilestonePaused(OfPause):
    """It waits for something that is not ours to do."""

    name = "milestone.paused.v1"
    topic = "careloop.complaints"
    kept = True


class MilestoneResumed(OfResumption):
    """It runs on."""

    name = "milestone.resumed.v1"
    topic = "careloop.complaints"
    kept = True


class NoticeRequested(OfNoticeRequest):
    """A member of staff has to hear of something; follow-up tells them."""

    topic = "careloop.complaints"


class ErasureCompleted(OfErasureAnswer):
    """Nothing is left here of this customer but what is counted."""

    topic = "careloop.complaints"
