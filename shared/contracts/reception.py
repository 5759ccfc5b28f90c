"""What reception announces: who visits, and what is asked at the desk. Ids, times and codes; names and words travel elsewhere."""

from datetime import datetime
from uuid import UUID

from shared.contracts import OfCustomer
from shared.contracts.erasing import OfErasureAnswer
from shared.contracts.milestones import OfMilestone
from shared.contracts.telling import OfNoticeRequest


class VisitEvent(OfCustomer):
    """About one visit. Its customer is the guest, whom reception declares as `reception/<visit id>` unless a customer was named."""

    topic = "careloop.reception"
    kept = True

    visit_id: UUID

    @property
    def subject(self) -> str:
        return str(self.visit_id)


class VisitApplied(VisitEvent):
    """Somebody asks for a reception.  RECP-01"""

    name = "visit.applied.v1"
    applied_at: datetime
    applicant: str  # staff id
    guests: int
    arrives_at: datetime


class VisitArrived(VisitEvent):
    """They are here."""

    name = "visit.arrived.v1"
    arrived_at: datetime


class VisitDeparted(VisitEvent):
    """They left; somebody will ask how it was, once they are home.  FLUP-25"""

    name = "visit.departed.v1"
    departed_at: datetime
    expected_home_at: datetime | None = None
    noticed: bool = True  # false: nobody saw them leave, the day ended


class VisitCancelled(VisitEvent):
    """They will not come."""

    name = "visit.cancelled.v1"
    cancelled_at: datetime


class VisitNoShow(VisitEvent):
    """The day ended and they had not come."""

    name = "visit.no_show.v1"
    expected_at: datetime


class InquiryEvent(OfCustomer):
    """About one question, or one call that nobody took."""

    topic = "careloop.reception"
    kept = True

    inquiry_id: UUID

    @property
    def subject(self) -> str:
        return str(self.inquiry_id)


class InquiryReceived(InquiryEvent):
    """Somebody asked, or called and was not answered.  INQY-04, INQY-10"""

    name = "inquiry.received.v1"
    kind: str  # consultation, complaint, suggestion, industry_warning, callback
    channel: str
    received_at: datetime
    note_id: UUID | None = None  # what they asked
    call_id: str | None = None  # the call that nobody took


class InquiryPromised(InquiryEvent):
    """They were told by when the answer comes.  INQY-05"""

    name = "inquiry.promised.v1"
    promised_until: datetime
    promised_at: datetime
    promised_by: str | None


class InquiryAnswered(InquiryEvent):
    """They have their answer."""

    name = "inquiry.answered.v1"
    answered_at: datetime
    answered_by: str | None
    note_id: UUID | None = None


class InquiryHandedOver(InquiryEvent):
    """Another service has it now, with the time at which it was first heard.  INQY-11"""

    name = "inquiry.handed_over.v1"
    handed_to: str  # complaints
    kind: str
    channel: str
    category: str
    received_at: datetime  # by us
    handed_over_at: datetime
    handed_over_by: str | None
    order_id: str | None = None
    note_id: UUID | None = None


class InquiryOverdue(OfMilestone):
    """An answer that was owed, or promised, did not come in time.  INQY-02, INQY-05, INQY-09"""

    name = "inquiry.overdue.v1"
    topic = "careloop.reception"
    kept = True


class NoticeRequested(OfNoticeRequest):
    """A member of staff has to hear of something; follow-up tells them."""

    topic = "careloop.reception"


class ErasureCompleted(OfErasureAnswer):
    """Nothing is left here of this customer but what is counted."""

    topic = "careloop.reception"
