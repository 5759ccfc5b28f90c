"""A visit: somebody is announced, comes and leaves; or does not come. The day's end closes what nobody closed.

The guest's name and number are here for the desk; they are blanked when the customer is erased.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, text
from sqlmodel import Field

from services.reception.domain import Memory
from services.reception.domain.steps import Steps, must_allow
from shared.contracts.reception import VisitApplied, VisitArrived, VisitCancelled, VisitDeparted, VisitNoShow
from shared.entities import Timestamp, codes
from shared.errors import Invalid
from shared.outcome import Outcome
from shared.units import Unit


class State(StrEnum):
    APPLIED = "applied"
    ARRIVED = "arrived"
    DEPARTED = "departed"
    CALLED_BACK = "called_back"  # they were asked how it was  FLUP-25
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


STEPS: Steps = {State.APPLIED: ("arrival", "cancellation"), State.ARRIVED: ("departure",)}
version = Column("version", Integer, nullable=False)


class HomeBeforeNow(Invalid):
    """Nobody who leaves now was home before."""

    fix = "Send a time from now on, or leave it out."


class Visit(Memory, table=True):
    __table_args__ = (
        Index("visit_day_ends_at", "day_ends_at", postgresql_where=text("day_ends_at IS NOT NULL")),
        Index("visit_named_id", "named_id"),
        Index("visit_newest", "applied_at", "id"),
        Index("visit_state", "state", "applied_at", "id"),
        Index("visit_customer", "customer_id", "applied_at", "id"),
        Index("visit_unit", "unit", "applied_at", "id"),
        Index("visit_applicant", "applicant", "applied_at", "id"),
        Index("visit_company", "company", "applied_at", "id"),
        Index("visit_source", "source", "applied_at", "id"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)
    state: State = Field(default=State.APPLIED, sa_type=codes(State))
    source: str
    company: str
    guests: int
    guest_name: str | None
    guest_phone: str | None
    arrives_at: datetime = Field(sa_type=Timestamp)
    note_id: UUID | None = None  # the purpose
    applicant: str  # staff id
    named_id: UUID
    customer_id: UUID
    unit: str
    applied_at: datetime = Field(sa_type=Timestamp)
    arrived_at: datetime | None = Field(default=None, sa_type=Timestamp)
    departed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    noticed: bool | None = None  # did somebody see them leave?
    expected_home_at: datetime | None = Field(default=None, sa_type=Timestamp)
    cancelled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    day_ends_at: datetime | None = Field(default=None, sa_type=Timestamp)  # then it is closed; null: nothing is awaited any more
    correlation: str | None = None  # what it came of, carried along to all that is announced of it
    trace: str | None = None
    version: int = Field(default=1, sa_column=version)

    def apply(self, unit: Unit) -> Outcome:
        """Somebody asks for a reception. The day that ends is the one on which they should come; told later, today.  RECP-01"""
        self.day_ends_at = end_of_day(max(self.arrives_at, self.applied_at), unit)
        return [self, VisitApplied(
            **self.names(), applied_at=self.applied_at, applicant=self.applicant, guests=self.guests, arrives_at=self.arrives_at,
        )]  # fmt: skip

    def arrive(self, unit: Unit, *, at: datetime) -> Outcome:
        """They are here; and today they will leave."""
        must_allow(STEPS, self.state, "arrival")
        self.state, self.arrived_at, self.day_ends_at = State.ARRIVED, at, end_of_day(at, unit)
        return [VisitArrived(**self.names(), arrived_at=at)]

    def depart(self, expected_home_at: datetime | None, *, at: datetime) -> Outcome:
        """They leave, and will be asked once they are home.  FLUP-25"""
        must_allow(STEPS, self.state, "departure")
        if expected_home_at and expected_home_at < at:
            raise HomeBeforeNow("They leave now, so they can't be home before now.", field="/expected_home_at")
        return self.leave(expected_home_at, noticed=True, at=at)

    def cancel(self, *, at: datetime) -> Outcome:
        """They will not come."""
        must_allow(STEPS, self.state, "cancellation")
        self.state, self.cancelled_at, self.day_ends_at = State.CANCELLED, at, None
        return [VisitCancelled(**self.names(), cancelled_at=at)]

    def end_the_day(self) -> Outcome:
        """Whoever has not come did not come; whoever has come is gone by now, though nobody saw it.  A14"""
        ended_at = self.day_ends_at
        if ended_at is None:
            return []
        if self.state is State.ARRIVED:
            return self.leave(None, noticed=False, at=ended_at)
        self.state, self.day_ends_at = State.NO_SHOW, None
        return [VisitNoShow(**self.names(), expected_at=self.arrives_at)]

    def leave(self, expected_home_at: datetime | None, *, noticed: bool, at: datetime) -> Outcome:
        self.state, self.departed_at, self.noticed, self.expected_home_at = State.DEPARTED, at, noticed, expected_home_at
        self.day_ends_at = None
        return [VisitDeparted(**self.names(), departed_at=at, expected_home_at=expected_home_at, noticed=noticed)]

    def call_back(self) -> None:
        """They were asked how it was."""
        if self.state is State.DEPARTED:
            self.state = State.CALLED_BACK

    def forget_the_guest(self) -> None:
        self.company, self.guest_name, self.guest_phone = "", None, None

    @property
    def guest(self) -> dict[str, str | None]:
        return {"name": self.guest_name, "phone": self.guest_phone}

    def names(self) -> dict[str, Any]:
        return {"visit_id": self.id, "customer_id": self.customer_id, "unit": self.unit}


def end_of_day(moment: datetime, unit: Unit) -> datetime:
    """24:00 where the unit is."""
    return unit.end_of(moment.astimezone(unit.clock).date())
