"""A calendar, ready to be asked: which days are worked, when they open and close, and how much working time lies between two moments.

It is compiled a year at a time, when the year is first needed. A window is what the clocks on the wall show; time that passes is real. A window that
the clocks skip in spring is not there.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.worktime.holidays import Knowledge
from shared.worktime.pattern import WEEKDAYS, CalendarPart, Hours, Roster

__all__ = ["Calendar", "CalendarPart", "Hours", "Off", "Reason", "Roster"]

DAY = timedelta(days=1)
NONE = timedelta()


class Reason(StrEnum):
    """Why nobody works on a day."""

    REST = "rest"
    HOLIDAY = "holiday"
    ROSTER = "roster"
    CLOCKS = "clocks"  # they skip its hours


class Off(NamedTuple):
    reason: Reason
    name: str | None = None  # of the public holiday


class Days(NamedTuple):
    """The working days of a year."""

    days: list[date]
    opens: list[datetime]
    closes: list[datetime]


class Windows(NamedTuple):
    """The working time of a year, in UTC, and how much of it is over at the end of each window."""

    starts: list[datetime]
    ends: list[datetime]
    over: list[timedelta]

    @property
    def whole(self) -> timedelta:
        return self.over[-1] if self.over else NONE

    def before(self, at: datetime) -> timedelta:
        """The working time of the year up to this moment."""
        number = bisect_right(self.starts, at) - 1
        if number < 0:
            return NONE
        left = self.ends[number] - at
        return self.over[number] - left if left > NONE else self.over[number]


class Calendar:
    def __init__(self, name: str, part: CalendarPart, zone: ZoneInfo, knowledge: Knowledge) -> None:
        self.name, self.part, self.zone, self.knowledge = name, part, zone, knowledge
        self._days: dict[int, Days] = {}
        self._windows: dict[int, Windows] = {}
        self._midnights: dict[date, datetime] = {}
        self._known: tuple[date, date] | None = None

    # What is known

    @property
    def known_until(self) -> date | None:
        """The last day of which is sure whether it is worked. None: there is no end."""
        return self.knowledge.known_until(self.part.holidays)

    def knows(self, first: date, last: date) -> bool:
        """Whether it is sure of these days and of all between."""
        if self._known is None:
            self._known = self.knowledge.known_since(self.part.holidays) or date.min, self.known_until or date.max
        return self._known[0] <= first and last <= self._known[1]

    # Days

    def date_of(self, at: datetime) -> date:
        """What the calendar on the wall shows."""
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """When this day begins."""
        if day not in self._midnights:
            self._midnights[day] = on_the_wall(day, NONE, self.zone)
        return self._midnights[day]

    def works_on(self, day: date) -> bool:
        return self._number(day) is not None

    def day_off(self, day: date) -> Off | None:
        """Why nobody works on this day; None: it is a working day."""
        _, off = self._pattern(day)
        return off or (None if self.works_on(day) else Off(Reason.CLOCKS))

    def is_swapped(self, day: date) -> bool:
        """A day of rest that is worked for a holiday (调休)."""
        return not self.part.roster and self._rests(day) and self.works_on(day)

    def open_of(self, day: date) -> datetime:
        return self._days_of(day.year).opens[self._numbered(day)]

    def close_of(self, day: date) -> datetime:
        return self._days_of(day.year).closes[self._numbered(day)]

    def working_day(self, after: date, number: int) -> date:
        """The n-th working day after this day; for none the day itself."""
        if not number:
            return after
        days = self._days_of(year := after.year).days
        number += bisect_right(days, after)
        while number > len(days):
            number -= len(days)
            days = self._days_of(year := year + 1).days
        return days[number - 1]

    def next_working_day(self, on_or_after: date) -> date:
        return self.working_day(on_or_after - DAY, 1)

    # Time

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; less than nothing where the end comes first."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        between = self._windows_of(end.year).before(end) - self._windows_of(start.year).before(start)
        for year in range(start.year, end.year):
            between += self._windows_of(year).whole
        for year in range(end.year, start.year):
            between -= self._windows_of(year).whole
        return between

    def add_working(self, at: datetime, amount: timedelta) -> datetime:
        """When so much working time has passed: at the end of a window, not where the next begins. No time at all is over at once."""
        at = at.astimezone(UTC)
        if amount < NONE:
            raise ValueError("working time passes forwards")
        if not amount:
            return at
        windows = self._windows_of(year := at.year)
        amount += windows.before(at)
        while amount > windows.whole:
            amount -= windows.whole
            windows = self._windows_of(year := year + 1)
        number = bisect_left(windows.over, amount)
        return windows.ends[number] - (windows.over[number] - amount)

    def next_open(self, at: datetime) -> datetime:
        """This moment where somebody works, otherwise the next one at which somebody begins."""
        at = at.astimezone(UTC)
        windows = self._windows_of(year := at.year)
        number = bisect_right(windows.ends, at)
        while number == len(windows.ends):
            windows, number = self._windows_of(year := year + 1), 0
        return max(at, windows.starts[number])

    # A year of it

    def _pattern(self, day: date) -> tuple[tuple[Hours, ...], Off | None]:
        """The hours of a day, or why there are none."""
        part, weekday = self.part, WEEKDAYS[day.weekday()]
        if part.roster and day in part.roster.dates:
            hours = part.shift(part.roster.dates[day])
            return hours, None if hours else Off(Reason.ROSTER)
        public = self.knowledge.year(part.holidays, day.year)
        if (name := public.off.get(day)) is not None:
            return (), Off(Reason.HOLIDAY, name)
        if part.roster:
            hours = part.shift(part.roster.on(day))
            return hours, None if hours else Off(Reason.ROSTER)
        if weekday in part.rest:
            return (part.hours, None) if day in public.work else ((), Off(Reason.REST))
        return part.days.get(weekday, part.hours), None

    def _rests(self, day: date) -> bool:
        return WEEKDAYS[day.weekday()] in self.part.rest

    def _pieces(self, day: date) -> list[tuple[datetime, datetime]]:
        hours, _ = self._pattern(day)
        pieces = [(on_the_wall(day, it.begins, self.zone), on_the_wall(day, it.ends, self.zone)) for it in hours]
        return [(start, end) for start, end in pieces if start < end]

    def _days_of(self, year: int) -> Days:
        if year not in self._days:
            found = Days([], [], [])
            for number in range((date(year, 12, 31) - (first := date(year, 1, 1))).days + 1):
                if pieces := self._pieces(day := first + DAY * number):
                    found.days.append(day)
                    found.opens.append(pieces[0][0])
                    found.closes.append(pieces[-1][1])
            self._days[year] = found
        return self._days[year]

    def _windows_of(self, year: int) -> Windows:
        """Of a year in UTC: what runs over its ends is cut there. A day's hours reach two days further at the most."""
        if year not in self._windows:
            begins, ends = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
            days = (begins.date() + DAY * number for number in range(-3, (ends - begins).days + 2))
            cut = [(max(start, begins), min(end, ends)) for day in days for start, end in self._pieces(day)]
            cut = [(start, end) for start, end in cut if start < end]
            over = list(accumulate(end - start for start, end in cut))
            self._windows[year] = Windows([start for start, _ in cut], [end for _, end in cut], over)
        return self._windows[year]

    def _number(self, day: date) -> int | None:
        days = self._days_of(day.year).days
        number = bisect_left(days, day)
        return number if number < len(days) and days[number] == day else None

    def _numbered(self, day: date) -> int:
        if (number := self._number(day)) is None:
            raise ValueError(f"nobody works on {day}")
        return number


def on_the_wall(day: date, after_midnight: timedelta, zone: ZoneInfo) -> datetime:
    """The first moment at which the clocks show this time, or, where they skip it, the moment at which they do."""
    shown = datetime.combine(day, time()) + after_midnight
    at = shown.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == shown:
        return at
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)  # clocks did not skip yet
    offset = before.astimezone(zone).utcoffset()
    while (middle := before + (at - before) // 2) != before:
        before, at = (middle, at) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return at
