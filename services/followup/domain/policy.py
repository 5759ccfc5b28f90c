"""The numbers of the business that follow-up's rules need. They come from the trade profile of the unit; none stands in code."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared import profiles
from shared.profiles import Part, Rule
from shared.profiles.chores import Chore, Owner
from shared.worktime.calendar import Hours
from shared.worktime.span import Measure, Span

Told = Literal["shipped", "delayed", "excepted", "progressed", "delivered"]
Channel = Literal["email", "sms"]
Way = Literal["chat", "mail"]
Milestone = Literal["scheduled", "started", "in_progress", "inspected", "completed"]
MIDNIGHT, DAY, AT_ONCE = timedelta(0), timedelta(days=1), Span(0, Measure.MINUTES)


class Quiet(BaseModel):
    """From when until when, in the customer's own time, nobody is disturbed by a channel; it may go over midnight."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    since: time
    until: time

    def over_at(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours end that `at` lies in; None if it lies in none.  FLUP-03"""
        local = at.astimezone(zone)
        now = local.time()
        if not self.covers(now):
            return None
        day = local.date() if now < self.until else local.date() + timedelta(days=1)
        return datetime.combine(day, self.until, zone).astimezone(at.tzinfo)

    @property
    def begins(self) -> timedelta:
        """After midnight, on the wall."""
        return since_midnight(self.since)

    @property
    def ends(self) -> timedelta:
        """More than a day where it goes over midnight."""
        return since_midnight(self.until) + (MIDNIGHT if self.since < self.until else DAY)

    def covers(self, now: time) -> bool:
        return self.since <= now < self.until if self.since < self.until else now >= self.since or now < self.until


def since_midnight(clock: time) -> timedelta:
    return datetime.combine(date.min, clock) - datetime.min


class Asking(Part):
    """When a customer is asked about one kind of thing, and who asks. The day on which it happened is not counted."""

    after: Span = AT_ONCE  # not sooner than this after it happened
    within: Span  # D-31
    rule: Rule  # where the number comes from
    owner: Owner = "specialist"
    at_risk: Annotated[float, Field(gt=0, lt=1)] | None = None  # the part of its time after which the owner is warned; None: never

    @field_validator("within")
    @classmethod
    def leaves_time(cls, within: Span) -> Span:
        if within.amount == 0:
            raise ValueError("it leaves no time in which the customer could be asked")
        return within


class Stretch(NamedTuple):
    """A part of each day of the customer's in which they may be called, as clocks on the wall show it."""

    since: timedelta
    until: timedelta
    window: int | None  # the place of its window in the profile; None: the profile has none
    began: int  # days ago: a window may go over midnight


class Calls(Part):
    """How customers are called: in which windows, when they rest, how often they are tried, and about what. What is not named asks nobody."""

    windows: tuple[Hours, ...] = ()  # FLUP-18, in the customer's own time; none: whenever they do not rest
    rest: tuple[Quiet, ...]  # FLUP-03
    attempts: Annotated[int, Field(ge=1)]  # FLUP-31
    apart: Span  # an attempt sooner after one that counted does not count
    agreed_within: Span  # a moment that was agreed is kept if the customer is asked so soon after it  FLUP-19
    give_up_after: Span  # the last of them
    complaint: Asking | None = None  # FLUP-06
    visit: Asking | None = None  # FLUP-25
    measurement: Asking | None = None  # FLUP-09
    installation: Asking | None = None  # FLUP-12
    repair: Asking | None = None
    order: Asking | None = None  # FLUP-13
    lost_order: Asking | None = None  # FLUP-10

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """The windows of a day without the hours of rest, the earlier first."""
        found = [
            Stretch(*part, number, began)
            for number, it in enumerate(self.windows)
            for began, part in enumerate(on_a_day(it.begins, it.ends))
        ]
        if not self.windows:
            found = [Stretch(MIDNIGHT, DAY, None, 0)]
        for it in self.rest:
            for since, until in on_a_day(it.begins, it.ends):
                found = [left for it in found for left in without(it, since, until)]
        return tuple(sorted(found, key=lambda it: it.since))

    @field_validator("apart", "agreed_within")
    @classmethod
    def is_some_time(cls, span: Span) -> Span:
        if span.amount == 0:
            raise ValueError(f"{span} is no time at all: a span of at least 1 belongs here")
        return span

    @model_validator(mode="after")
    def leave_a_window(self) -> Self:
        if not self.stretches:
            raise ValueError("windows and rest leave no time of the day at which a customer may be called")
        if any(it.until > other.since for it, other in pairwise(self.stretches)):
            raise ValueError("two of the windows overlap")
        return self


def on_a_day(begins: timedelta, ends: timedelta) -> list[tuple[timedelta, timedelta]]:
    """Hours that run over midnight are the end of one day and the beginning of the next."""
    return [(begins, ends)] if ends <= DAY else [(begins, DAY), (MIDNIGHT, ends - DAY)]


def without(it: Stretch, since: timedelta, until: timedelta) -> list[Stretch]:
    """What is left of a stretch before and after these hours."""
    parts = (it._replace(until=min(it.until, since)), it._replace(since=max(it.since, until)))
    return [part for part in parts if part.since < part.until]


class Untold(Chore):
    """A customer whom a message does not reach is told by somebody."""

    after: Annotated[timedelta, Field(gt=timedelta(0))]  # so long it is waited for a contact


class Staff(Part):
    """How people at work are told what is theirs: by which ways, and what is not urgent together, at full spans of the day or at fixed times."""

    channels: tuple[Way, ...]  # all of them that somebody has
    urgent_any_time: bool  # also while the unit does not work
    digest: Span | None = None  # no time at all: at once
    digest_at: tuple[time, ...] = ()

    @field_validator("digest")
    @classmethod
    def divides_a_day(cls, span: Span | None) -> Span | None:
        if span and (span.measure not in (Measure.MINUTES, Measure.HOURS) or (span.amount and DAY % span.exact)):
            raise ValueError('it is minutes or hours of which a day is a multiple, as in "30 min" or "2 h"')
        return span

    @field_validator("digest_at")
    @classmethod
    def in_order(cls, times: tuple[time, ...]) -> tuple[time, ...]:
        return tuple(sorted(times))

    @model_validator(mode="after")
    def says_when(self) -> Self:
        if bool(self.digest) is bool(self.digest_at):
            raise ValueError("either digest or digest_at says when what is not urgent leaves")
        return self


class Policy(Part):
    """Follow-up's part of a trade profile."""

    age: Annotated[timedelta, Field(gt=timedelta(0))]  # older news changes what we know, and nobody is messaged
    told: frozenset[Told]  # kinds of notices
    milestones: tuple[Milestone, ...]  # of production that are told  ORDR-05
    completion_moved_by: timedelta  # more than this is told
    quiet: Mapping[str, Quiet]  # by channel; a channel that is missing is never quiet
    channels: tuple[Channel, ...]  # in this order where the customer prefers none
    languages: tuple[str, ...]  # the first is the unit's own
    calls: Calls
    staff: Staff
    carrier: Chore  # ORDR-07
    untold: Untold

    @field_validator("quiet")
    @classmethod
    def names_channels(cls, quiet: Mapping[str, Quiet]) -> Mapping[str, Quiet]:
        if unknown := sorted(quiet.keys() - set(get_args(Channel))):
            raise ValueError(f"there is no channel {unknown[0]}; they are {', '.join(get_args(Channel))}")
        return quiet


Trade = profiles.Trade[Policy]
