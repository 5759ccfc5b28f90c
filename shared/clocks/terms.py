"""What a clock runs by: the milestone and the calendars as they stood when it was started. Nothing that is changed later moves it.

Of all limits that apply the strictest holds; the others are remembered, so that the answer to "why then?" can name them.  A15
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from shared.profiles import Trade
from shared.profiles.limits import Limit, Milestone
from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.counting import Due, due, part_of
from shared.worktime.holidays import Knowledge
from shared.worktime.span import Measure

InForce = Callable[[Trade[Any], str, str, "Facts"], "Terms | None"]
"""(trade, unit, milestone, facts): what such a clock would run by; None: nothing would be owed."""
OWN = ""  # the name of the unit's own calendar
PROMISED = "promised"


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a thing decides which limits apply, and from when they count. Moments in UTC."""

    moments: Mapping[str, datetime]  # received, judged, ...; `promised` is the moment told to the customer, not one to count from
    round: int = 1
    severity: str | None = None
    channel: str | None = None
    category: str | None = None
    follows: str | None = None  # the kind of thing that it came of: visit, survey, ...
    zone: str | None = None  # in which the customer lives, where that matters

    def dump(self) -> dict[str, Any]:
        """As a clock keeps them: jsonb."""
        said = {name: getattr(self, name) for name in ("round", "severity", "channel", "category", "follows", "zone")}
        moments = {name: moment.astimezone(UTC).isoformat() for name, moment in self.moments.items()}
        return {name: value for name, value in said.items() if value is not None} | {"moments": moments}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "Facts":
        said = dict(kept)
        moments = {name: datetime.fromisoformat(moment) for name, moment in said.pop("moments").items()}
        return cls(moments, **said)

    def fit(self, limit: Limit) -> bool:
        when = limit.when
        return (
            self.round >= when.from_round
            and (not when.severity or self.severity in when.severity)
            and (not when.channel or self.channel in when.channel)
            and (not when.category or self.category in when.category)
            and (not when.follows or self.follows in when.follows)
        )


class Reckoned(NamedTuple):
    """One limit that applies, and what it comes to."""

    limit: Limit
    start: datetime
    due: Due

    def dump(self) -> dict[str, Any]:
        return {
            "limit": self.limit.model_dump(mode="json", exclude_defaults=True), "start": self.start.isoformat(), "due": self.due.at.isoformat(),
            "provisional": self.due.provisional,
        }  # fmt: skip

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "Reckoned":
        limit, moment = Limit.model_validate(kept["limit"]), Due(datetime.fromisoformat(kept["due"]), kept["provisional"])
        return cls(limit, datetime.fromisoformat(kept["start"]), moment)


@dataclass(frozen=True, slots=True)
class Terms:
    milestone: Milestone
    calendars: Mapping[str, Calendar] = field(hash=False)
    dumped: list[dict[str, Any]] = field(default_factory=list, init=False, repr=False, compare=False)  # once it was asked for

    ends_in_a_window: ClassVar[bool] = False  # of hours in which a customer may be called

    @classmethod
    def of(cls, trade: Trade[Any], unit: str, milestone: Milestone) -> "Terms":
        """In force now for this unit."""
        named = {limit.calendar for limit in milestone.limits if limit.calendar}
        return cls(milestone, {OWN: trade.calendar(unit), **{name: trade.calendar(unit, name) for name in named}})

    def dump(self) -> dict[str, Any]:
        """As a clock keeps them: jsonb. The zone is the unit's."""
        if self.dumped:
            return self.dumped[0]
        calendars = {
            name: {"name": it.name, "zone": it.zone.key, "part": it.part.model_dump(mode="json", exclude_defaults=True)}
            for name, it in self.calendars.items()
        }
        self.dumped.append({"milestone": self.milestone.model_dump(mode="json", exclude_defaults=True), "calendars": calendars})
        return self.dumped[0]

    @classmethod
    def load(cls, kept: Mapping[str, Any], knowledge: Knowledge) -> "Terms":
        """As they were kept, with what is known of holidays today."""
        return read(orjson.dumps(kept), knowledge)

    def reckon(self, facts: Facts) -> Sequence[Reckoned]:
        """All limits that apply to these facts, the strictest first."""
        found = [it for limit in self.milestone.limits if facts.fit(limit) and (it := self.reckoned(limit, facts))]
        return sorted(found, key=lambda it: it.due.at)

    def reckoned(self, limit: Limit, facts: Facts) -> Reckoned | None:
        """None where its beginning has not come yet, or nothing was promised."""
        if limit.promised:
            moment = facts.moments.get(PROMISED)
            since = facts.moments.get("acknowledged", facts.moments["received"])  # it was told with the acknowledgement
            return Reckoned(limit, since, Due(moment, False)) if moment else None
        start = facts.moments.get(limit.since)
        if start is None:
            return None
        assert limit.within
        return Reckoned(limit, start, due(start, limit.within, self.of_limit(limit), right=limit.right))

    def moved(self, reckoned: Iterable[Reckoned], pauses: Sequence[Mapping[str, Any]]) -> Sequence[tuple[datetime, Reckoned]]:
        """Each with where the pauses that are over moved it; the strictest first."""
        found = [(after_pauses(it.due.at, pauses, self.of_limit(it.limit), it.start), it) for it in reckoned]
        return sorted(found, key=lambda moved: moved[0])

    def of_limit(self, limit: Limit) -> Calendar:
        return self.calendars[limit.calendar or OWN]

    def at_risk(self, it: Reckoned) -> datetime | None:
        """When most of the time is over; None: nobody is warned, or there is no time in between."""
        share = self.milestone.at_risk
        if share is None:
            return None
        measure = it.limit.within.measure if it.limit.within else Measure.HOURS
        warned = part_of(it.start, it.due.at, share, measure, self.of_limit(it.limit))
        return warned if warned < it.due.at else None


def after_pause(moment: datetime, pause: Mapping[str, Any], calendar: Calendar, since: datetime) -> datetime:
    """A pause that is over moves what lay ahead when it began, and counted then already, by its *working* time. Where nobody worked meanwhile, what
    was left when it began is left when it ends."""
    if not pause["ended"]:
        return moment
    began, ended = datetime.fromisoformat(pause["began"]), datetime.fromisoformat(pause["ended"])
    if began < since or moment <= began:
        return moment
    moved = calendar.add_working(moment, calendar.worked(began, ended))
    return moved if moved > ended else ended + (moment - began)


def after_pauses(moment: datetime, pauses: Iterable[Mapping[str, Any]], calendar: Calendar, since: datetime) -> datetime:
    for pause in pauses:
        moment = after_pause(moment, pause, calendar, since)
    return moment


@lru_cache(maxsize=1024)  # a few profiles and their versions; knowledge is one object a process
def read(kept: bytes, knowledge: Knowledge) -> Terms:
    told = orjson.loads(kept)
    calendars = {
        name: Calendar(it["name"], CalendarPart.model_validate(it["part"]), ZoneInfo(it["zone"]), knowledge)
        for name, it in told["calendars"].items()
    }
    return Terms(Milestone.model_validate(told["milestone"]), calendars)


def by_milestones(trade: Trade[Any], unit: str, milestone: str, facts: Facts) -> Terms | None:
    """Of a service whose part of the profile has `milestones`."""
    return Terms.of(trade, unit, getattr(trade.policy(unit).milestones, milestone))
