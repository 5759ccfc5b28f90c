"""The numbers of the business that follow-up's rules need. They come from the trade profile of the unit; none stands in code."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from shared import profiles

Milestone = Literal["scheduled", "started", "in_progress", "inspected", "completed"]


class Quiet(BaseModel):
    """From when until when, in the customer's own time, nothing is sent by a channel; it may go over midnight."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    since: time
    until: time

    def over_at(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours end that `at` lies in; None if it lies in none.  FLUP-03"""
        local = at.astimezone(zone)
        now = local.time()
        within = self.since <= now < self.until if self.since < self.until else now >= self.since or now < self.until
        if not within:
            return None
        day = local.date() if now < self.until else local.date() + timedelta(days=1)
        return datetime.combine(day, self.until, zone).astimezone(at.tzinfo)


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


Trade = profiles.Trade[Policy]
