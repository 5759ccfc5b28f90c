"""A question at the desk, or a call that nobody took: it is answered, promised by when, or handed over with the time at which it was first heard."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer
from sqlmodel import Field

from services.reception.domain import Memory, telling
from services.reception.domain.steps import Steps, must_allow
from shared.contracts.reception import InquiryAnswered, InquiryHandedOver, InquiryPromised, InquiryReceived
from shared.entities import Timestamp, codes
from shared.errors import Invalid
from shared.ids import made_of
from shared.outcome import Outcome


class Kind(StrEnum):
    CONSULTATION = "consultation"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    INDUSTRY_WARNING = "industry_warning"  # what goes wrong elsewhere in the trade
    CALLBACK = "callback"  # they called and nobody answered


class State(StrEnum):
    RECEIVED = "received"
    PROMISED = "promised"
    ANSWERED = "answered"
    HANDED_OVER = "handed_over"


OPEN = ("promise", "answer", "handover")
STEPS: Steps = {State.RECEIVED: OPEN, State.PROMISED: OPEN}
version = Column("version", Integer, nullable=False)


class PromisedForThePast(Invalid):
    """A promise is about a time to come."""

    fix = "Send a time that is still to come."


def inquiry_of_call(call_id: str, started_at: datetime) -> UUID:
    """A call that nobody took is one inquiry, however often it is told. A telephone system may count anew, and two may count alike."""
    return made_of("inquiry", call_id, started_at.astimezone(UTC).isoformat())


class Inquiry(Memory, table=True):
    __table_args__ = (
        Index("inquiry_named_id", "named_id"),
        Index("inquiry_newest", "received_at", "id"),
        Index("inquiry_state", "state", "received_at", "id"),
        Index("inquiry_kind", "kind", "received_at", "id"),
        Index("inquiry_channel", "channel", "received_at", "id"),
        Index("inquiry_customer", "customer_id", "received_at", "id"),
        Index("inquiry_unit", "unit", "received_at", "id"),
        Index("inquiry_source", "source", "received_at", "id"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)
    state: State = Field(default=State.RECEIVED, sa_type=codes(State))
    kind: Kind = Field(sa_type=codes(Kind))
    source: str
    channel: str
    named_id: UUID
    customer_id: UUID
    unit: str
    call_id: str | None = None
    order_id: str | None = None
    note_id: UUID | None = None  # the question
    answer_id: UUID | None = None  # the answer, a note too
    received_at: datetime = Field(sa_type=Timestamp)
    promised_until: datetime | None = Field(default=None, sa_type=Timestamp)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    answered_by: str | None = None
    handed_to: str | None = None
    category: str | None = None  # under which it was handed over
    handed_over_at: datetime | None = Field(default=None, sa_type=Timestamp)
    handed_over_by: str | None = None
    correlation: str | None = None  # what it came of, carried along to all that is announced of it
    trace: str | None = None
    version: int = Field(default=1, sa_column=version)

    @property
    def about(self) -> str:
        """As notes and clocks name it."""
        return f"inquiry:{self.id}"

    def receive(self) -> Outcome:
        """It is heard; from here on somebody owes an answer.  INQY-04, INQY-10"""
        return [self, InquiryReceived(
            **self.names(), kind=self.kind.value, channel=self.channel, received_at=self.received_at, note_id=self.note_id, call_id=self.call_id,
        )]  # fmt: skip

    def promise(self, until: datetime, *, by: str, at: datetime) -> Outcome:
        """It can't be answered at once, and they are told by when it will be.  INQY-05"""
        must_allow(STEPS, self.state, "promise")
        if until <= at:
            raise PromisedForThePast("An answer can only be promised for a time to come.", field="/until")
        self.state, self.promised_until = State.PROMISED, until
        return [InquiryPromised(**self.names(), promised_until=until, promised_at=at, promised_by=by)]

    def answer(self, note_id: UUID | None, *, by: str, at: datetime) -> Outcome:
        """They have their answer."""
        must_allow(STEPS, self.state, "answer")
        self.state, self.answer_id, self.answered_at, self.answered_by = State.ANSWERED, note_id, at, by
        return [InquiryAnswered(**self.names(), answered_at=at, answered_by=by, note_id=note_id)]

    def hand_over(self, to: str, category: str, order_id: str | None, *, by: str, at: datetime) -> Outcome:
        """Another service has it, and its clock began when we heard of it.  INQY-11"""
        must_allow(STEPS, self.state, "handover")
        self.state, self.handed_to, self.category, self.handed_over_at, self.handed_over_by = State.HANDED_OVER, to, category, at, by
        self.order_id = order_id or self.order_id
        handed_over = InquiryHandedOver(
            **self.names(), handed_to=to, kind=self.kind.value, channel=self.channel, category=category, received_at=self.received_at,
            handed_over_at=at, handed_over_by=by, order_id=self.order_id, note_id=self.note_id,
        )  # fmt: skip
        return [handed_over, telling.of_hand_over(self.about, self.customer_id, self.unit)]

    def names(self) -> dict[str, Any]:
        return {"inquiry_id": self.id, "customer_id": self.customer_id, "unit": self.unit}
