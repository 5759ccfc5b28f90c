"""The units of the company, each with a service's part of its trade profile and with its calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import orjson

from shared.profiles.part import Part
from shared.units import Unit, Units
from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.holidays import Knowledge

P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Profile(Generic[P]):
    """A trade profile as one service sees it: what it extends is merged in."""

    name: str
    version: int
    by: str  # who decided it
    why: str
    digest: str  # `digest_of` the content
    policy: P
    calendar: CalendarPart
    content: Mapping[str, Any]  # the service's table and the calendar, as they are written


def digest_of(content: Mapping[str, Any]) -> str:
    """It tells whether a number was changed without a new version."""
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Trade(Generic[P]):
    units: Units
    profiles: Mapping[str, Profile[P]]
    knowledge: Knowledge
    calendars: Mapping[str, CalendarPart] = field(default_factory=dict)  # of teams, by name
    compiled: dict[tuple[str, str], Calendar] = field(default_factory=dict, repr=False, compare=False)

    @property
    def countries(self) -> set[str]:
        """Whose holidays count anywhere."""
        return {it.holidays for it in (*self.calendars.values(), *(profile.calendar for profile in self.profiles.values()))}

    def unit(self, name: str) -> Unit:
        return self.units[name]

    def profile(self, unit: str) -> Profile[P]:
        return self.profiles[self.units[unit].profile]

    def policy(self, unit: str) -> P:
        return self.profile(unit).policy

    def calendar(self, unit: str, named: str | None = None) -> Calendar:
        """The named one, else the unit's own, else its profile's; always on the unit's clocks."""
        it = self.units[unit]
        team = named or it.calendar
        key = (f"calendars.{team}" if team else f"profiles.{it.profile}", it.zone)
        if key not in self.compiled:
            part = self.calendars[team] if team else self.profiles[it.profile].calendar
            self.compiled[key] = Calendar(team or it.profile, part, ZoneInfo(it.zone), self.knowledge)
        return self.compiled[key]
