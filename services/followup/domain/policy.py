"""The numbers of the business that follow-up's rules need. They come from the trade profile of the unit; none stands in code."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared import profiles

Milestone = Literal["scheduled", "started", "in_progress", "inspected", "completed"]


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

    def covers(self, now: time) -> bool:
        return self.since <= now < self.until if self.since < self.until else now >= self.since or now < self.until


class Asking(BaseModel):
    """When a customer is asked about one kind of thing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    after: Annotated[timedelta, Field(ge=timedelta(0))]  # not sooner than this after it happened
    within_days: Annotated[int, Field(ge=1)]  # the day on which it happened is not counted  D-31


class Calls(BaseModel):
    """How customers are called: when they rest, and how often they are tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rest: tuple[Quiet, ...]  # FLUP-03
    attempts: Annotated[int, Field(ge=1)]  # FLUP-31
    apart: timedelta  # an attempt sooner after one that counted does not count
    give_up_after: timedelta  # the last of them
    complaint: Asking  # FLUP-06
    visit: Asking  # FLUP-25

    @field_validator("rest")
    @classmethod
    def leaves_a_window(cls, rest: tuple[Quiet, ...]) -> tuple[Quiet, ...]:
        if rest and all(any(other.covers(it.until) for other in rest) for it in rest):
            raise ValueError("it leaves no time of the day at which a customer may be called")
        return rest


class Policy(BaseModel):
    """Follow-up's part of a trade profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: int
    age: timedelta  # older news changes what we know, and nobody is messaged
    told: frozenset[str]  # kinds of notices
    milestones: tuple[Milestone, ...]  # of production that are told  ORDR-05
    completion_moved_by: timedelta  # more than this is told
    quiet: Mapping[str, Quiet]  # by channel; a channel that is missing is never quiet
    channels: tuple[str, ...]  # in this order where the customer prefers none
    languages: tuple[str, ...]  # the first is the unit's own
    calls: Calls


Trade = profiles.Trade[Policy]
