"""When a customer may be called: inside the windows of the profile, on days on which the unit works, and never while they rest.  FLUP-03, FLUP-06, FLUP-18"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.followup.domain.policy import Asking, Calls, Stretch
from shared.worktime.calendar import Calendar, on_the_wall
from shared.worktime.counting import due, not_before

DAY = timedelta(days=1)
FARTHEST = 366  # days that are looked through: a unit that does not work for a year has a calendar that somebody must mend

Named = tuple[date, int]  # one of the profile's windows: the day on which it began, and its place among them


class Window(NamedTuple):
    """Somebody calls, not before the one moment and no later than the other."""

    earliest_at: datetime
    due_at: datetime


class Opening(NamedTuple):
    """From when until when the customer may be called."""

    start: datetime
    end: datetime
    window: Named | None  # None: the profile has no windows


def window_of(moment: datetime, asking: Asking, calls: Calls, calendar: Calendar, zone: ZoneInfo) -> Window:
    """When to ask about what happened at this moment. Our own duty never rolls later: where the limit falls where no window is, it ends with
    the last window before.  FLUP-06, FLUP-09, FLUP-12, FLUP-25, D-31"""
    earliest = next_window(not_before(moment, asking.after, calendar), calls, calendar, zone)
    last = last_window(due(moment, asking.within, calendar).at, calls, calendar, zone, since=earliest)
    if last is None or last <= earliest:
        # Holidays swallowed all the time there was: nobody may be called within the limit. A call with no time to make it in would be missed
        # before anybody could make it, so the first window that there is, is also the last.
        last = closing(earliest, calls, calendar, zone)
    return Window(earliest, last)


def next_window(at: datetime, calls: Calls, calendar: Calendar, zone: ZoneInfo, *, but: Collection[Named] = ()) -> datetime:
    """The first moment from here on at which the customer may be called, in no window of `but`; `at` itself where a year has none."""
    at = at.astimezone(UTC)
    today = at.astimezone(zone).date()
    for days in range(FARTHEST):
        on_this_day = openings(today + days * DAY, calls.stretches, calendar, zone)
        if found := [max(it.start, at) for it in on_this_day if it.end > at and it.window not in but]:
            return min(found)
    return at


def last_window(by: datetime, calls: Calls, calendar: Calendar, zone: ZoneInfo, *, since: datetime) -> datetime | None:
    """`by`, or where the last window before it closes; None where there is none on the days from `since` on."""
    by = by.astimezone(UTC)
    day, first = by.astimezone(zone).date(), max(since, by - FARTHEST * DAY).astimezone(zone).date()
    while day >= first:
        if found := [min(it.end, by) for it in openings(day, calls.stretches, calendar, zone) if it.start < by]:
            return max(found)
        day -= DAY
    return None


def closing(at: datetime, calls: Calls, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Where the window of this moment closes, which may be after midnight; the next day ends it at the latest."""
    today = at.astimezone(zone).date()
    for day in (today, today + DAY):
        for it in openings(day, calls.stretches, calendar, zone):
            if it.start <= at < it.end:
                at = it.end
    return at


def window_at(moment: datetime, calls: Calls, calendar: Calendar, zone: ZoneInfo) -> Named | None:
    """In which of the profile's windows this moment lies; None: in no window."""
    within = openings(moment.astimezone(zone).date(), calls.stretches, calendar, zone)
    return next((it.window for it in within if it.start <= moment < it.end), None)


@lru_cache(maxsize=4096)  # what happens in one week is asked about on the same few days
def openings(day: date, stretches: tuple[Stretch, ...], calendar: Calendar, zone: ZoneInfo) -> tuple[Opening, ...]:
    """Those of one day of the customer's, the earlier first. In UTC: two times of one zone would be compared by what their clocks show."""
    found = []
    for it in stretches:
        window = None if it.window is None else (day - it.began * DAY, it.window)
        parts = worked(on_the_wall(day, it.since, zone), on_the_wall(day, it.until, zone), calendar)
        found += [Opening(start, end, window) for start, end in parts]
    return tuple(found)


def worked(start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """What of it lies on days on which the unit works. The customer's day may be two of the unit's."""
    day = calendar.date_of(start)
    while start < end:
        over = min(calendar.midnight(day + DAY), end)
        if start < over and calendar.works_on(day):
            yield start, over
        start, day = max(start, over), day + DAY  # not back, where clocks that go back at midnight show a day again
