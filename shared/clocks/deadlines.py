"""Deadlines as the API tells them: what is owed by when, and why then; step by step, and as a sentence in Chinese and in English."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import Field

from shared.clocks.clock import Clock, State
from shared.clocks.explaining import Sentences, steps_to, told
from shared.clocks.terms import Reckoned, Terms
from shared.http import View
from shared.profiles import Trade
from shared.worktime.explaining import Step


class ProfileView(View):
    """The trade profile in force when the clock was started; it keeps it."""

    name: str
    version: int
    digest: str


class CalendarView(View):
    """The working time that was counted by."""

    name: str
    zone: str
    hours: list[str] = Field(examples=[["09:00-12:00", "14:30-18:00"]])
    rest: list[str]
    days: Mapping[str, Any] = Field(description="days of the week with hours of their own")
    shifts: Mapping[str, Any] = Field(description="of a roster: where there is one, it counts in the place of `hours` and `rest`")
    roster: Mapping[str, Any] | None
    holidays: str = Field(description="the country whose public holidays and swapped weekends count, or `none`")
    known_until: date | None = Field(description="the last day for which holidays are announced; null: for ever")


class LimitView(View):
    """A limit that applies. `holds`: it is the strictest."""

    rule: str = Field(description="the rules that the number comes from; `ours`: a suggestion, no regulation")
    within: str | None = Field(description="null: the moment promised to the customer", examples=["3 wd"])
    since: str
    starts_at: datetime
    due_at: datetime
    holds: bool


class PauseView(View):
    """A pause. Resuming moved the deadline by `worked_seconds` of working time."""

    reason: str
    began: datetime
    until: datetime
    by: str
    approved_by: str | None
    ended: datetime | None
    ended_by: str | None = Field(description="null where its limit ended it")
    stopped: datetime | None = Field(None, description="the thing was done, or not owed any more, before the pause ended")
    worked_seconds: int | None
    due_before: datetime
    due_after: datetime | None


class MoveView(View):
    """A deadline that was provisional, reckoned anew when holidays were announced."""

    at: datetime
    since: datetime = Field(validation_alias="from", serialization_alias="from")
    to: datetime
    because: str


class DeadlineView(View):
    """One clock. `arithmetic`: how the strictest limit came to its moment, before pauses; `provisional`: it stands on days whose holidays nobody
    has announced yet."""

    milestone: str
    round: int
    state: State
    owner: str
    started_at: datetime
    due_at: datetime
    at_risk_at: datetime | None
    warned_at: datetime | None
    provisional: bool
    ended_at: datetime | None
    done_at: datetime | None = Field(description="when it was done, also late")
    profile: ProfileView
    calendar: CalendarView
    limits: list[LimitView]
    arithmetic: list[dict[str, Any]]
    pauses: list[PauseView]
    moves: list[MoveView]
    why: Sentences


class Deadlines(View):
    """All clocks of a thing."""

    items: list[DeadlineView]


def explained(clocks: Sequence[Clock], trade: Trade[Any]) -> Mapping[str, Any]:
    """The newest round first, then by when they are due."""
    return {"items": [explain(it, trade) for it in sorted(clocks, key=lambda it: (-it.round, it.due_at, it.milestone))]}


def explain(clock: Clock, trade: Trade[Any]) -> dict[str, Any]:
    terms, first = clock.runs_by(trade.knowledge), clock.strictest
    calendar, steps = terms.of_limit(first.limit), steps_to(first, terms)
    part = calendar.part
    columns = DeadlineView.model_fields.keys() & type(clock).model_fields.keys()
    return {name: getattr(clock, name) for name in columns} | {
        "profile": {"name": clock.profile, "version": clock.profile_version, "digest": clock.profile_digest},
        "calendar": {
            "name": calendar.name, "zone": calendar.zone.key, "hours": [str(it) for it in part.hours], "rest": list(part.rest),
            "holidays": part.holidays, "known_until": calendar.known_until, **part.model_dump(mode="json", include={"days", "shifts", "roster"}),
        },
        "limits": [limit_view(Reckoned.load(it), clock, place == 0) for place, it in enumerate(clock.reckoned)],
        "arithmetic": arithmetic(first, steps, terms),
        "why": told(clock, steps, terms),
    }  # fmt: skip


def arithmetic(it: Reckoned, steps: Sequence[Step], terms: Terms) -> Sequence[Mapping[str, Any]]:
    """Where the customer may not be called at the end, the window before is the last step."""
    told = [step.model_dump(mode="json", exclude_defaults=True) for step in steps]
    if steps and it.due.at != steps[-1].at:
        told.append({"code": "window" if terms.ends_in_a_window else "known_then", "at": it.due.at})
    return told


def limit_view(it: Reckoned, clock: Clock, holds: bool) -> dict[str, Any]:
    within = str(it.limit.within) if it.limit.within else None
    return {
        "rule": it.limit.rule,
        "within": within,
        "since": clock.since(it.limit),
        "starts_at": it.start,
        "due_at": it.due.at,
        "holds": holds,
    }
