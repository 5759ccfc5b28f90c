"""A call: somebody asks a customer how content they are, once about each round of a thing.

A row stands for every round of which we heard something. It is called off also before we know that there was something to ask, so that what
comes late plans nothing: events of one thing end in the same calls in any order of arrival.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from services.followup.domain.hours import Window
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.policy import Asking, Calls
from shared.contracts import Event
from shared.contracts.followup import CallCalledOff, Satisfaction
from shared.entities import Timestamp, codes
from shared.ids import made_of
from shared.staff import Colleague
from shared.todo import assigning
from shared.units import Units


class State(StrEnum):
    PLANNED = "planned"
    ASSIGNED = "assigned"
    DUE = "due"
    ATTEMPTED = "attempted"
    CALLBACK_AGREED = "callback_agreed"
    UNREACHABLE = "unreachable"
    DONE = "done"
    CALLED_OFF = "called_off"


class Reason(StrEnum):
    """Why the customer is asked."""

    COMPLAINT_RESOLVED = "complaint_resolved"
    VISIT_DEPARTED = "visit_departed"
    MEASUREMENT_COMPLETED = "measurement_completed"
    INSTALLATION_COMPLETED = "installation_completed"
    REPAIR_COMPLETED = "repair_completed"
    ORDER_CLOSED = "order_closed"
    ORDER_LOST = "order_lost"

    def asking(self, calls: Calls) -> Asking | None:
        """What the profile says about it; None: it asks nobody."""
        asking: Asking | None = getattr(calls, ASKED_ABOUT[self])
        return asking


ASKED_ABOUT = {
    Reason.COMPLAINT_RESOLVED: "complaint",
    Reason.VISIT_DEPARTED: "visit",
    Reason.MEASUREMENT_COMPLETED: "measurement",
    Reason.INSTALLATION_COMPLETED: "installation",
    Reason.REPAIR_COMPLETED: "repair",
    Reason.ORDER_CLOSED: "order",
    Reason.ORDER_LOST: "lost_order",
}  # where the profile says it


class Why(StrEnum):
    """Why the customer is not asked any more."""

    ACCEPTED = "accepted"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    ATTEMPTS = "attempts"
    REFUSED = "refused"
    ERASED = "erased"  # nothing is kept of the customer


WAITING = frozenset((State.PLANNED, State.ASSIGNED, State.DUE, State.ATTEMPTED, State.CALLBACK_AGREED))
UNTRIED = frozenset((State.PLANNED, State.ASSIGNED))
WAITS = "state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed')"
OFF = (
    Why.ERASED,
    Why.ACCEPTED,
    Why.CLOSED,
    Why.REOPENED,
    Why.WITHDRAWN,
)  # as they follow each other in a complaint's life: the first one is the reason
HELD = f"assigned_to IS NOT NULL AND {WAITS}"
MAKE, ASSIGN = "calls.make", "calls.assign"
ONCE = 1  # the round of what is asked about once
version = Column("version", Integer, nullable=False)


def call_id(about: str, round: int, reference: str | None = None) -> UUID:
    """`reference`: the customer, where others number what it is about; two of their systems may have one number."""
    return made_of("call", about, round, reference) if reference else made_of("call", about, round)


@dataclass(frozen=True, slots=True)
class Matter:
    """What a customer is asked about, as an event tells it."""

    about: str  # complaint:<id>, visit:<id>, measurement:<id>, installation:<id>, repair:<id>, order:<id>, opportunity:<id>
    round: int
    reason: Reason
    who: KnownCustomer
    unit: str
    source: str
    correlation: str | None
    trace: str | None
    reference: str | None = None  # of the customer, where others number what it is about


class Call(Memory, table=True):
    __table_args__ = (
        UniqueConstraint("about", "round", "named_id", name="call_about"),
        Index("call_due", "due_at", postgresql_where=text(WAITS)),
        Index("call_give_up", "give_up_at", postgresql_where=text("give_up_at IS NOT NULL")),
        Index("call_named", "named_id"),
        Index("call_round", "round", "planned_at", "id"),
        Index("call_state", "state", "planned_at", "id"),
        Index("call_reason", "reason", "planned_at", "id"),
        Index("call_customer", "customer_id", "planned_at", "id"),
        Index("call_unit", "unit", "planned_at", "id"),
        Index("call_assigned", "assigned_to", "planned_at", "id"),
        Index("call_held", "assigned_to", "id", postgresql_where=text(HELD)),
        Index("call_satisfaction", "satisfaction", "planned_at", "id"),
        Index("call_source", "source", "planned_at", "id"),
        Index("call_planned", "planned_at", "id"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # made of what it is about and its round
    about: str
    round: int
    reason: Reason = Field(sa_type=codes(Reason))
    named_id: UUID  # of the customer, as the event said it ...
    customer_id: UUID  # ... and whom that means
    unit: str
    source: str
    state: State = Field(sa_type=codes(State))
    why: Why | None = Field(default=None, sa_type=codes(Why))
    earliest_at: datetime | None = Field(
        default=None, sa_type=Timestamp
    )  # None: called off before we heard that there was something to ask
    due_at: datetime | None = Field(default=None, sa_type=Timestamp)
    attempts: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    callback_at: datetime | None = Field(default=None, sa_type=Timestamp)  # agreed in the last attempt
    assigned_to: str | None = None
    satisfaction: Satisfaction | None = Field(default=None, sa_type=codes(Satisfaction))
    score: int | None = None
    aspects: list[str] = Field(default_factory=list, sa_type=JSONB)
    completed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    completed_by: str | None = None
    give_up_at: datetime | None = Field(default=None, sa_type=Timestamp)
    planned_at: datetime = Field(sa_type=Timestamp)  # when we first heard of it
    correlation: str | None = None  # what it came of, carried along to all that is announced of it
    trace: str | None = None
    version: int = Field(default=1, sa_column=version)

    @property
    def waits(self) -> bool:
        return self.state in WAITING

    @property
    def allowed(self) -> tuple[str, ...]:
        """What may be done with it now."""
        if not self.waits:
            return ()
        return ("attempts", "outcome", "assignment", *(["release"] if self.assigned_to else []))

    @classmethod
    def about_it(cls, matter: Matter, state: State, at: datetime) -> "Call":
        call: Call = cls(
            id=call_id(matter.about, matter.round, matter.reference), about=matter.about, round=matter.round, reason=matter.reason, named_id=matter.who.id,
            customer_id=matter.who.customer_id, unit=matter.unit, source=matter.source, state=state, planned_at=at,
            correlation=matter.correlation, trace=matter.trace,
        )  # fmt: skip
        return call

    def began_with(self, matter: Matter) -> None:
        """Whose it is and of what it came: what began it has the word, also where we hear of it late."""
        self.named_id, self.customer_id, self.unit, self.source = matter.who.id, matter.who.customer_id, matter.unit, matter.source
        self.correlation, self.trace = matter.correlation, matter.trace

    def ask_within(self, window: Window) -> None:
        self.earliest_at, self.due_at = window

    def moved_to(self, window: Window, due_at: datetime) -> None:
        """By a notice of holidays. Once somebody has tried, only the end moves."""
        if not self.waits or self.earliest_at is None:
            return
        if self.state in UNTRIED:
            self.earliest_at, self.due_at = window
        else:
            self.due_at = max(due_at, self.earliest_at)

    def end(self, state: State, why: Why | None = None) -> None:
        self.state, self.why, self.give_up_at = state, why, None

    # -- who asks

    def assign(
        self, to: str, person: Colleague | None, *, sees: Callable[[str], bool], units: Units, roles: Collection[str], by: str, at: datetime
    ) -> None:
        """Somebody has it from now on. Whoever else reaches the customer may still say so. `person`: what the directory knows of `to`."""
        assigning.must_be_allowed(to, self.assigned_to, by=by, roles=roles, permission=ASSIGN)
        assigning.must_fit(
            person,
            unit=self.unit,
            needs="whoever makes calls",
            able=assigning.able(person, MAKE),
            himself=to == by,
            sees=sees,
            units=units,
            at=at,
        )
        self.assigned_to = to
        if self.state is State.PLANNED:
            self.state = State.ASSIGNED

    def release(self, *, roles: Collection[str], by: str) -> None:
        """Whoever has it gives it back, or somebody who assigns work takes it away."""
        assigning.must_hold(self.assigned_to, by=by, roles=roles, permission=ASSIGN, allowed=self.allowed)
        self.be_free()

    def be_free(self) -> None:
        """Anybody may ask again. What was tried stays tried."""
        self.assigned_to = None
        if self.state is State.ASSIGNED:
            self.state = State.PLANNED

    def give_back(self, person: Colleague | None, *, units: Units, at: datetime) -> bool:
        """Whoever has it is not there any more, or not in time."""
        able = assigning.able(person, MAKE)
        if not self.waits or not assigning.goes_back(person, unit=self.unit, able=able, due_at=self.due_at, units=units, at=at):
            return False
        self.be_free()
        return True

    def call_off(self, why: Why) -> list[Event]:
        if self.waits:
            self.end(State.CALLED_OFF, why)
            return [CallCalledOff(**self.names(), reason=why.value)]
        if self.state is State.CALLED_OFF and self.why and OFF.index(why) < OFF.index(self.why):
            self.why = why
        return []

    def names(self) -> dict[str, Any]:
        return {"call_id": self.id, "about": self.about, "round": self.round, "customer_id": self.customer_id, "unit": self.unit}
