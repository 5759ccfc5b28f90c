"""A clock of one thing: started, warned, paused and resumed, then met, missed or cancelled; each once, whoever comes first.

A step and the job that looks after the time may come in any order: whoever comes first lets the time pass (`tick`) up to the moment that
counts, so that what was missed is missed as of its due moment, also after hours in which nobody looked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.clocks.terms import Facts, Reckoned, Terms, after_pause, after_pauses
from shared.contracts import Event
from shared.entities import Entity, Timestamp, codes, watched
from shared.ids import made_of
from shared.profiles import Limit, Profile
from shared.worktime.holidays import Knowledge


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"
    UNWATCHED = "unwatched"  # it had passed before we first heard of the thing


OPEN = frozenset((State.RUNNING, State.PAUSED))
IS_OPEN = "state IN ('running', 'paused')"
IS_LATE = "state = 'missed' AND done_at IS NULL AND NOT moot"


def indexes() -> tuple[Index, ...]:
    """Of each service's own table."""
    return (
        Index("clock_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("clock_about", "about"),
        Index("clock_named", "named_id"),
        Index("clock_known", "holidays", "known", "id", postgresql_where=text(IS_OPEN)),
        Index("clock_due", "due_at", "id"),
        Index("clock_open", "due_at", "id", postgresql_where=text(IS_OPEN)),
        Index("clock_state", "state", "due_at", "id"),
        Index("clock_owner", "owner", "due_at", "id"),
        Index("clock_unit", "unit", "due_at", "id"),
        Index("clock_unsure", "provisional", "due_at", "id", postgresql_where=text("provisional")),
        Index("clock_asked", "id", postgresql_where=text(f"({IS_LATE}) <> asked")),
    )


class Owed(Protocol):
    """A complaint, a call, an inquiry: whatever something is owed about."""

    named_id: UUID
    customer_id: UUID
    unit: str
    correlation: str | None
    trace: str | None


@dataclass(frozen=True, slots=True)
class Thing:
    """What a clock is about, as far as it needs to know."""

    about: str
    named_id: UUID
    customer_id: UUID
    unit: str
    correlation: str | None = None
    trace: str | None = None

    @classmethod
    def of(cls, about: str, it: Owed) -> Self:
        return cls(about, it.named_id, it.customer_id, it.unit, it.correlation, it.trace)


class Clock(Entity):
    """What is owed is named by `about`, `milestone` and `round`."""

    __tablename__ = "clock"
    id: UUID = Field(primary_key=True)  # made of them
    about: str  # complaint:<id>, inquiry:<id>, call:<id>
    milestone: str
    round: int
    named_id: UUID
    customer_id: UUID
    unit: str
    owner: str  # the role that owes it
    state: State = Field(sa_type=codes(State))
    profile: str
    profile_version: int
    profile_digest: str
    terms: dict[str, Any] = Field(sa_type=JSONB)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    reckoned: list[dict[str, Any]] = Field(sa_type=JSONB)  # the limits that apply, the strictest first
    started_at: datetime = Field(sa_type=Timestamp)
    due_at: datetime = Field(sa_type=Timestamp)
    at_risk_at: datetime | None = Field(default=None, sa_type=Timestamp)
    warned_at: datetime | None = Field(default=None, sa_type=Timestamp)
    provisional: bool = False
    holidays: str  # the country whose holidays count ...
    known: str  # ... and what was known of them when it was reckoned: `Knowledge.fingerprint`
    pauses: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)  # the ledger, the oldest first
    moves: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)  # when a notice of holidays moved it
    pause_until: datetime | None = Field(default=None, sa_type=Timestamp)
    next_at: datetime | None = Field(default=None, sa_type=Timestamp)  # when time has something to do
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)  # also late
    moot: bool = False  # it was missed, and is not owed any more
    asked: bool = False  # somebody is to see to it that it is done late: a job keeps this in line (`shared/todo/overdue.py`)
    correlation: str | None = None
    trace: str | None = None
    version: int = 1

    missed_as: ClassVar[type[Event] | None] = None  # how a service announces it; None: it does not
    at_risk_as: ClassVar[type[Event] | None] = None
    paused_as: ClassVar[type[Event] | None] = None
    resumed_as: ClassVar[type[Event] | None] = None

    @classmethod
    def start(
        cls, thing: Thing, milestone: str, facts: Facts, terms: Terms, profile: Profile[Any], at: datetime, *, first_heard: bool = True,
        reckoned: Sequence[Reckoned] = (),
    ) -> Self | None:  # fmt: skip
        """None where no limit applies (yet). What had passed before we first heard of the thing is not watched; what turns out to have passed later,
        because a stricter limit applies now, is missed when time is next let pass."""
        reckoned = reckoned or terms.reckon(facts)
        if not reckoned:
            return None
        clock = cls(  # type: ignore[call-arg]  # when it is due is set below
            id=clock_id(thing.about, milestone, facts.round), about=thing.about, milestone=milestone, round=facts.round, named_id=thing.named_id,
            customer_id=thing.customer_id, unit=thing.unit, owner=terms.milestone.owner, state=State.RUNNING, profile=profile.name,
            profile_version=profile.version, profile_digest=profile.digest, terms=terms.dump(), facts=facts.dump(), reckoned=[],
            correlation=thing.correlation, trace=thing.trace,
        )  # fmt: skip
        watched(clock, yes=False)
        clock.set(terms, reckoned)
        if first_heard and clock.due_at <= at:
            clock.end(State.UNWATCHED, at)
        watched(clock)
        return clock

    def runs_by(self, knowledge: Knowledge) -> Terms:
        """The terms of its start, with what is known of holidays today."""
        return self.terms_in(self.terms, knowledge)

    @classmethod
    def terms_in(cls, kept: Mapping[str, Any], knowledge: Knowledge) -> Terms:
        """Terms as a clock of this kind keeps them."""
        return Terms.load(kept, knowledge)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_late(self) -> bool:
        """It was missed, and is still owed."""
        return self.state is State.MISSED and self.done_at is None and not self.moot

    @property
    def is_alarming(self) -> bool:
        """Somebody was told that it is late, or about to be, and it is not done yet."""
        return self.is_late or (self.is_open and self.warned_at is not None)

    @property
    def strictest(self) -> Reckoned:
        return Reckoned.load(self.reckoned[0])

    def since(self, limit: Limit) -> str:
        """From what this limit counts."""
        if limit.promised:
            return "promised"
        return "reopened" if limit.since == "received" and self.round > 1 else limit.since

    # -- its time

    def set(self, terms: Terms, reckoned: Sequence[Reckoned] = ()) -> None:
        """By the strictest of the limits that apply (`reckoned`, where that is known), each moved by the pauses that are over; the ledger is restated.
        Where none applies any more, those hold that did."""
        found = terms.moved(reckoned or terms.reckon(Facts.load(self.facts)) or [Reckoned.load(it) for it in self.reckoned], self.pauses)
        first = found[0][1]
        self.reckoned, self.started_at = [it.dump() for _, it in found], first.start
        calendar = terms.of_limit(first.limit)
        self.provisional = first.due.provisional
        self.holidays, self.known = calendar.part.holidays, calendar.knowledge.fingerprint(calendar.part.holidays)
        self.due_at, warned, ledger = first.due.at, terms.at_risk(first), []
        for pause in self.pauses:
            before, self.due_at = self.due_at, after_pause(self.due_at, pause, calendar, first.start)
            ledger.append({**pause, "due_before": before.isoformat(), "due_after": self.due_at.isoformat() if pause["ended"] else None})
        self.pauses, self.at_risk_at = ledger, warned and after_pauses(warned, self.pauses, calendar, first.start)
        self.look_again()

    def look_again(self) -> None:
        if self.state is State.PAUSED:
            self.next_at = self.pause_until
        elif self.state is State.RUNNING:
            warn = self.at_risk_at if self.warned_at is None else None
            self.next_at = min(warn, self.due_at) if warn else self.due_at
        else:
            self.next_at = None

    def reconsider(self, facts: Facts, terms: Terms, at: datetime) -> list[Event]:
        """What is known of the thing has changed: perhaps another limit is the strictest now."""
        if not self.is_open or (known := facts.dump()) == self.facts:
            return []
        self.facts = known
        self.set(terms, terms.reckon(facts))
        return self.tick(terms, at)

    def reckon_anew(self, terms: Terms, at: datetime) -> bool:
        """Something else is known of holidays: does it move? Whatever the limits came to is reckoned again; a clock that moved remembers from where."""
        before = self.due_at
        self.set(terms)
        if self.due_at != before:
            self.moves = [
                *self.moves,
                {"at": at.isoformat(), "from": before.isoformat(), "to": self.due_at.isoformat(), "because": "holidays"},
            ]
        return self.due_at != before

    def take_along(self, thing: Any, terms: Any) -> None:
        """What this is about, where it repeats when it is due: that has moved."""

    def tick(self, terms: Terms, at: datetime) -> list[Event]:
        """Let time pass up to this moment: a pause ends at its limit, somebody is warned, and what is due and not done is missed."""
        told = self.run_on(terms, at)
        if self.state is not State.RUNNING:
            return told
        if self.due_at < at:
            self.end(State.MISSED, self.due_at)
            told += self.announced(self.missed_as, at)
        elif self.warned_at is None and self.at_risk_at is not None and self.at_risk_at <= at:
            self.warned_at = at
            told += self.announced(self.at_risk_as, at)
        self.look_again()
        return told

    # -- its ends

    def meet(self, terms: Terms, at: datetime) -> list[Event]:
        """It was done: in time, or late. At the due moment itself is in time."""
        told = self.catch_up(terms, at)
        over = self.over(at) if self.is_alarming else []
        if self.is_open:
            self.end(State.MET, at)
        if self.done_at is None and self.state in (State.MET, State.MISSED, State.UNWATCHED):
            self.done_at = at
        return told + over

    def cancel(self, terms: Terms, at: datetime) -> list[Event]:
        """It is not owed any more."""
        told = self.catch_up(terms, at)
        over = self.over(at) if self.is_alarming else []
        if self.is_open:
            self.end(State.CANCELLED, at)
        elif self.is_late:
            self.moot = True
        return told + over

    def catch_up(self, terms: Terms, at: datetime) -> list[Event]:
        """What time would have done before this moment, had somebody looked; nobody is warned any more of what is about to end."""
        told = self.run_on(terms, at)
        return told + (self.tick(terms, at) if self.due_at < at else [])

    def end(self, state: State, at: datetime) -> None:
        if self.state is State.PAUSED:
            self.pauses = [*self.pauses[:-1], self.pauses[-1] | {"stopped": at.isoformat()}]
        self.state, self.ended_at, self.next_at, self.pause_until = state, at, None, None
        self.provisional = False

    # -- its pauses

    def pause(self, terms: Terms, reason: str, until: datetime, *, by: str, approved_by: str | None, at: datetime) -> list[Event]:
        """It stands still, not beyond the limit; whoever needs longer pauses again."""
        told = self.tick(terms, at)
        if self.state is not State.RUNNING:
            return told
        entry = {
            "reason": reason, "by": by, "approved_by": approved_by, "began": at.isoformat(), "until": until.isoformat(), "ended": None, "ended_by": None,
            "worked_seconds": None, "due_before": self.due_at.isoformat(), "due_after": None,
        }  # fmt: skip
        self.pauses, self.state, self.pause_until = [*self.pauses, entry], State.PAUSED, until
        self.look_again()
        return told + self.announced(self.paused_as, at, reason=reason, until=until, paused_by=by, approved_by=approved_by, paused_at=at)

    def take_over(self, terms: Terms, pauses: Iterable[Mapping[str, Any]]) -> None:
        """Of a clock that begins later and counts from before: pauses of the same thing that are over moved it too."""
        self.pauses = [dict(pause) for pause in pauses]
        self.set(terms)

    def resume(self, terms: Terms, *, by: str | None, at: datetime) -> list[Event]:
        """It runs on; `by` None: its limit was reached."""
        if self.state is not State.PAUSED:
            return []
        worked = terms.of_limit(self.strictest.limit).worked(datetime.fromisoformat(self.pauses[-1]["began"]), at)
        entry = self.pauses[-1] | {"ended": at.isoformat(), "ended_by": by, "worked_seconds": int(worked / timedelta(seconds=1))}
        self.pauses, self.state, self.pause_until = [*self.pauses[:-1], entry], State.RUNNING, None
        self.set(terms)
        return self.announced(self.resumed_as, at, resumed_by=by, resumed_at=at, paused_seconds=self.pauses[-1]["worked_seconds"])

    def run_on(self, terms: Terms, at: datetime) -> list[Event]:
        """Where the limit of its pause was reached by this moment."""
        if self.state is State.PAUSED and self.pause_until is not None and self.pause_until <= at:
            return self.resume(terms, by=None, at=self.pause_until)
        return []

    # -- what is said of it

    def announced(self, contract: type[Event] | None, at: datetime, **more: Any) -> list[Event]:
        """`at`: when somebody looked; what was due may be long past by then."""
        return [contract(**self.names(), **more)] if contract else []

    def over(self, at: datetime) -> list[Event]:
        """Whoever was alarmed, or is about to be told, need not be any more: each service says so in its own words."""
        return []

    def names(self) -> dict[str, Any]:
        """What every event about it says."""
        return {
            "clock_id": self.id, "about": self.about, "milestone": self.milestone, "round": self.round, "customer_id": self.customer_id,
            "unit": self.unit, "owner": self.owner, "severity": self.facts.get("severity"), "due_at": self.due_at.astimezone(UTC),
            "rule": self.reckoned[0]["limit"]["rule"], "profile": self.profile, "profile_version": self.profile_version, "provisional": self.provisional,
        }  # fmt: skip


def clock_id(about: str, milestone: str, round: int) -> UUID:
    return made_of("clock", about, milestone, round)
