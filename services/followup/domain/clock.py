"""By when a customer is asked: the clock of a call. Its limit ends with the last window in which they may be called; a moment that they agreed to
takes its place.  FLUP-06, FLUP-18
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from services.followup.domain import Memory, telling
from services.followup.domain.call import ASKED_ABOUT, Call
from services.followup.domain.hours import Window, closing, next_window, window_of
from services.followup.domain.policy import Asking, Calls
from shared.clocks import clock
from shared.clocks.terms import OWN, PROMISED, Facts, Reckoned, Terms
from shared.contracts import Event
from shared.contracts.followup import CallOverdue
from shared.profiles import Limit, Milestone
from shared.worktime.calendar import Calendar
from shared.worktime.counting import Due, due
from shared.worktime.holidays import Knowledge

CALL = "call"
AGAIN = "again"  # not reached at the moment that was agreed: from when they may be called again


@dataclass(frozen=True, slots=True)
class CallTerms(Terms):
    """The windows of the profile and the customer's zone as they were when the call was planned."""

    calls: Calls
    asking: Asking
    zone: ZoneInfo

    ends_in_a_window: ClassVar[bool] = True

    @classmethod
    def for_asking(cls, asking: Asking, calls: Calls, calendar: Calendar, zone: ZoneInfo) -> "CallTerms":
        limit = Limit(within=asking.within, rule=asking.rule)
        return cls(Milestone(owner=asking.owner, at_risk=asking.at_risk, limits=(limit,)), {OWN: calendar}, calls, asking, zone)

    def dump(self) -> dict[str, Any]:
        windows = self.calls.model_dump(mode="json", exclude={*ASKED_ABOUT.values()})
        asking = self.asking.model_dump(mode="json", exclude_defaults=True)
        return Terms.dump(self) | {"calls": windows, "asking": asking, "zone": self.zone.key}

    def reckon(self, facts: Facts) -> Sequence[Reckoned]:
        (limit,), start, calendar = self.milestone.limits, facts.moments["received"], self.calendars[OWN]
        if agreed := facts.moments.get(PROMISED):
            return [Reckoned(Limit(promised=True, rule="FLUP-19"), agreed, due(agreed, self.calls.agreed_within, calendar))]
        last = self.window(facts).due_at
        if again := facts.moments.get(AGAIN):
            last = max(last, closing(next_window(again, self.calls, calendar, self.zone), self.calls, calendar, self.zone))
        until = calendar.known_until
        beyond = until is not None and calendar.date_of(last) > until
        return [Reckoned(limit, start, Due(last.astimezone(UTC), beyond or due(start, self.asking.within, calendar).provisional))]

    def window(self, facts: Facts) -> Window:
        """When to ask, as nobody has agreed to anything yet."""
        return window_of(facts.moments["received"], self.asking, self.calls, self.calendars[OWN], self.zone)


class Watch(clock.Clock, Memory, table=True):
    """A clock. Kinds are locked in the order of their names: this one comes after what it watches, so whoever has that in hand sees all its clocks."""

    __table_args__ = clock.indexes()

    missed_as = CallOverdue

    def announced(self, contract: type[Event] | None, at: datetime, **more: Any) -> list[Any]:
        """And who at work is to hear of it: a notice to them, for follow-up sends it itself."""
        return [*super().announced(contract, at, **more), *telling.of_milestone(self, contract, at)]

    def since(self, limit: Limit) -> str:
        return "promised" if limit.promised else "happened"

    def runs_by(self, knowledge: Knowledge) -> CallTerms:
        return self.terms_in(self.terms, knowledge)

    def take_along(self, thing: Call, terms: CallTerms) -> None:
        thing.moved_to(terms.window(Facts.load(self.facts)), self.due_at)

    @classmethod
    def terms_in(cls, kept: Mapping[str, Any], knowledge: Knowledge) -> CallTerms:
        return read(orjson.dumps(kept), knowledge)


@lru_cache(maxsize=1024)
def read(kept: bytes, knowledge: Knowledge) -> CallTerms:
    told: Mapping[str, Any] = orjson.loads(kept)
    terms = Terms.load({name: told[name] for name in ("milestone", "calendars")}, knowledge)
    calls, asking = Calls.model_validate(told["calls"]), Asking.model_validate(told["asking"])
    return CallTerms(terms.milestone, terms.calendars, calls, asking, ZoneInfo(told["zone"]))


def id_of(call_id: UUID) -> UUID:
    return clock.clock_id(f"call:{call_id}", CALL, 1)
