"""A complaint or suggestion: what is known of it, where it stands, and which steps that allows."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Field

from services.complaints.domain import Memory
from services.complaints.domain.course import COURSE, State, Step, place_of
from services.complaints.domain.policy import Role
from shared.contracts import Money
from shared.entities import Timestamp, codes
from shared.errors import Conflict


class Severity(StrEnum):
    """CMPL-20"""

    MINOR = "minor"
    ORDINARY = "ordinary"
    MAJOR = "major"


class Authority(StrEnum):
    """By whose leave a result stands.  CMPL-31"""

    OWN = "own"
    SUPERVISOR = "supervisor"


class ClosedAs(StrEnum):
    ACCEPTED = "accepted"
    UNREACHABLE = "unreachable"  # never to be read as satisfied  FLUP-31


class NotNow(Conflict):
    """The complaint does not stand where this step begins, or its time is over."""


OPEN = "state NOT IN ('closed', 'withdrawn')"
version = Column("version", Integer, nullable=False)


class Complaint(Memory, table=True):
    __table_args__ = (
        Index("complaint_newest", "received_at", "id"),
        Index("complaint_state", "state", "received_at", "id"),
        Index("complaint_severity", "severity", "received_at", "id"),
        Index("complaint_number", "number", "received_at", "id"),
        Index("complaint_customer", "customer_id", "received_at", "id"),
        Index("complaint_unit", "unit", "received_at", "id"),
        Index("complaint_order", "order_id", "received_at", "id"),
        Index("complaint_category", "category", "received_at", "id"),
        Index("complaint_channel", "channel", "received_at", "id"),
        Index("complaint_source", "source", "received_at", "id"),
        Index("complaint_inquiry", "inquiry_id", "received_at", "id"),
        Index("complaint_follows", "follows", "received_at", "id"),
        Index("complaint_product", "product", "received_at", "id"),
        Index("complaint_department", "department", "received_at", "id"),
        Index("complaint_cause", "cause", "received_at", "id"),
        Index("complaint_reference", "reference", "received_at", "id"),
        Index("complaint_import", "import_id", "received_at", "id"),
        Index("complaint_named", "named_id"),
        Index("complaint_open", "severity", "state", postgresql_where=text(OPEN)),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)
    number: str  # for people
    state: State = Field(default=State.RECEIVED, sa_type=codes(State))
    round: int = 1
    severity: Severity | None = Field(default=None, sa_type=codes(Severity))
    upheld: bool | None = None
    named_id: UUID  # the customer, as we first heard of them ...
    customer_id: UUID  # ... and as we know them
    customer_known: bool
    unit: str
    order_id: str | None = None
    category: str
    product: str | None = None  # as our own lists call it
    department: str | None = None  # who has to answer for it, as we know by now
    cause: str | None = None  # a code
    channel: str
    source: str
    inquiry_id: UUID | None = None  # it was handed over from there
    follows: str | None = None  # what it came of: survey:<id>, visit:<id>, complaint:<id>, ...
    received_at: datetime = Field(sa_type=Timestamp)  # by whoever heard it first
    acknowledged_at: datetime | None = Field(default=None, sa_type=Timestamp)
    judged_at: datetime | None = Field(default=None, sa_type=Timestamp)
    round_began_at: datetime | None = Field(default=None, sa_type=Timestamp)  # when it was reopened last
    feedback_by: datetime | None = Field(default=None, sa_type=Timestamp)  # when the customer was told to expect an answer
    resolved_at: datetime | None = Field(default=None, sa_type=Timestamp)  # this and the next four: the result that stands
    reopenable_until: datetime | None = Field(default=None, sa_type=Timestamp)
    authority: Authority | None = Field(default=None, sa_type=codes(Authority))
    compensation_amount: Decimal | None = Field(default=None, sa_type=Numeric(18, 4))
    compensation_currency: str | None = None
    escalated_to: Role | None = Field(default=None, sa_type=codes(Role))  # while it is
    closed_as: ClosedAs | None = Field(default=None, sa_type=codes(ClosedAs))
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)  # or withdrawn
    reference: str | None = None  # how the system that it was imported from calls it
    import_id: UUID | None = None  # it is one of the past: nobody was told of it
    untouched: bool = False  # it stands as it was imported
    undated: bool = False  # when it came to its end nobody wrote down; `resolved_at` is the last moment that somebody did
    answers: list[str] = Field(default_factory=list, sa_type=JSONB)  # surveys about it that were heard: said again, they say nothing new
    correlation: str | None = None  # what it came of, carried along to all that is announced of it
    trace: str | None = None
    version: int = Field(default=1, sa_column=version)

    @property
    def about(self) -> str:
        """As notes, calls and tasks name it."""
        return f"complaint:{self.id}"

    @property
    def compensation(self) -> Money | None:
        if self.compensation_amount is None or self.compensation_currency is None:
            return None
        return Money(amount=self.compensation_amount, currency=self.compensation_currency)

    def names(self) -> dict[str, Any]:
        """What every event about it says."""
        return {
            "complaint_id": self.id, "number": self.number, "round": self.round, "customer_id": self.customer_id, "unit": self.unit,
        }  # fmt: skip

    def answered_for(self, department: str | None, cause: str | None) -> None:
        """Whoever finds out says so; what was found before stays until somebody knows better."""
        self.department, self.cause = department or self.department, cause or self.cause

    # -- its course

    def allows(self, step: Step, at: datetime) -> bool:
        here = place_of(self.state, self.upheld) in COURSE[step].begins
        return here and (step is not Step.REOPENING or self.is_reopenable(at))

    def allowed(self, at: datetime) -> tuple[str, ...]:
        """What people can do with it now."""
        return tuple(step.value for step in COURSE if step is not Step.GIVING_UP and self.allows(step, at))

    def is_reopenable(self, at: datetime) -> bool:
        """CMPL-14"""
        return self.reopenable_until is not None and at <= self.reopenable_until

    def check(self, step: Step, at: datetime) -> None:
        if self.allows(step, at):
            return
        place = place_of(self.state, self.upheld)
        if place in COURSE[step].begins and self.resolved_at and self.reopenable_until:
            days = (self.reopenable_until - self.resolved_at).days
            raise NotNow(
                f"It was resolved more than {days} days ago and can't be reopened; take in a new complaint.", allowed=self.allowed(at)
            )
        raise NotNow(f"It is {place}, and there is no {step} from there.", allowed=self.allowed(at))

    def move(self, step: Step, at: datetime) -> None:
        """To where the step leads, if it may be taken now."""
        self.check(step, at)
        self.state, self.escalated_to = COURSE[step].ends, None
        self.untouched = False
        flag_modified(self, "state")  # a step is a new version also where it ends as it began
