"""What follow-up announces: what customers are told and asked, and what became of it. Ids, times and codes; never the words, never to where."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts import OfCustomer
from shared.contracts.erasing import OfErasureAnswer
from shared.contracts.milestones import OfMilestone


class NoticeEvent(OfCustomer):
    topic = "careloop.followup"

    notice_id: UUID
    kind: str
    order_id: str
    shipment_id: str | None

    @property
    def subject(self) -> str:
        return str(self.notice_id)


class NoticePlanned(NoticeEvent):
    """A customer will be told something, not before `due_at`."""

    name = "notice.planned.v1"
    due_at: datetime


class NoticeSent(NoticeEvent):
    """A gateway took it. `unsure`: it did not say so; it may have arrived."""

    name = "notice.sent.v1"
    sent_at: datetime
    channel: str
    unsure: bool = False


class NoticeFailed(NoticeEvent):
    """No channel took it."""

    name = "notice.failed.v1"
    reason: str


class NoticeSuperseded(NoticeEvent):
    """Newer news made it pointless before it was sent."""

    name = "notice.superseded.v1"


class NoticeCalledOff(NoticeEvent):
    """What it was to tell is over, or was never true."""

    name = "notice.called_off.v1"
    reason: str


class NoticeSkipped(NoticeEvent):
    """It is registered, and nobody is messaged."""

    name = "notice.skipped.v1"
    reason: str


class Satisfaction(StrEnum):
    """What the customer says when asked.  FLUP-08, D-30"""

    SATISFIED = "satisfied"
    FAIR = "fair"
    DISSATISFIED = "dissatisfied"


class CallEvent(OfCustomer):
    topic = "careloop.followup"
    kept = True

    call_id: UUID
    about: str  # complaint:<id>, visit:<id>, measurement:<id>, installation:<id>, repair:<id>, order:<id>, opportunity:<id>
    round: int

    @property
    def subject(self) -> str:
        return str(self.call_id)


class CallPlanned(CallEvent):
    """Somebody will ask the customer, not before `earliest_at` and no later than `due_at`.  FLUP-06, FLUP-25"""

    name = "call.planned.v1"
    earliest_at: datetime
    due_at: datetime


class CallAttempted(CallEvent):
    """Somebody tried."""

    name = "call.attempted.v1"
    attempt: int  # from 1
    outcome: str  # busy, no_answer, refused, invalid_number, callback_agreed, not_convenient, reached
    attempted_at: datetime
    attempted_by: str | None
    callback_at: datetime | None = None


class CallCompleted(CallEvent):
    """The customer was asked and answered."""

    name = "call.completed.v1"
    satisfaction: Satisfaction
    completed_at: datetime
    completed_by: str | None


class CallUnreachable(CallEvent):
    """Nobody will try again: never to be read as satisfied.  FLUP-31"""

    name = "call.unreachable.v1"
    reason: str  # attempts, refused
    unreachable_at: datetime


class CallCalledOff(CallEvent):
    """There is nothing to ask any more."""

    name = "call.called_off.v1"
    reason: str  # reopened, accepted, closed, withdrawn


class SatisfactionReported(OfCustomer):
    """A customer said how content they are, in a call or in a survey.  FLUP-08"""

    name = "satisfaction.reported.v1"
    topic = "careloop.followup"
    kept = True

    about: str | None  # complaint:<id>, visit:<id>, order:<id>, ...; null: nothing in particular
    round: int | None = None  # of the complaint, where a call asked
    satisfaction: Satisfaction
    score: int | None = None  # 1-5
    aspects: list[str] = []
    reported_at: datetime
    note_id: UUID | None = None  # what they said
    call_id: UUID | None = None
    survey_id: UUID | None = None

    @property
    def subject(self) -> str:
        return str(self.call_id or self.survey_id)


class CallOverdue(OfMilestone):
    """Nobody asked the customer within the time there was.  FLUP-06"""

    name = "call.overdue.v1"
    topic = "careloop.followup"
    kept = True


class ErasureCompleted(OfErasureAnswer):
    """Nothing is left here of this customer but what is counted."""

    topic = "careloop.followup"
