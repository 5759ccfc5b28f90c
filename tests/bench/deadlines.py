"""How many deadlines a second: working time as `shared/worktime` counts it, and as it is usually written, day by day. All must agree before they run.

Mixed spans of all five measures, starts over two years, three calendars in three zones, on one core.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from typing import NamedTuple
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays

from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.counting import due
from shared.worktime.holidays import Knowledge
from shared.worktime.span import Measure, Span
from tests.bench.figures import Goal, Result, Round
from tests.bench.stage import Stage

DEADLINES = 40_000
YEARS = range(2023, 2027)
BEGIN, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 730
MOST = {Measure.MINUTES: 600, Measure.HOURS: 72, Measure.DAYS: 30, Measure.WORKING_HOURS: 40, Measure.WORKING_DAYS: 15}
SHIFTS = {
    "CN": ("Asia/Shanghai", ["09:00-18:00"]),
    "DE": ("Europe/Berlin", ["09:00-12:00", "14:30-18:00"]),
    "US": ("America/Chicago", ["08:30-17:00"]),
}
DAY = timedelta(days=1)


class Asked(NamedTuple):
    start: datetime
    span: Span
    country: str


Count = Callable[[Asked], datetime]
NextDay = Callable[[date, int, str], date]


async def run(stage: Stage, rounds: int) -> Result:
    """It needs nothing of the stage."""
    goals = [
        Goal("deadlines/s", "careloop", least=30_000, worst=True),
        Goal("deadlines/s", "careloop", beside="day by day"),
        Goal("deadlines/s", "careloop", beside="holidays"),
    ]
    result = Result("deadlines", "deadlines on one core, by calendars in three zones", goals)
    asked = questions()
    contenders = {"careloop": ours(), "day by day": usual(by_the_week), "holidays": usual(by_holidays)}
    answers = {name: [count(it) for it in asked] for name, count in contenders.items()}
    assert all(it == answers["careloop"] for it in answers.values()), "they do not count alike"
    for _ in range(rounds):
        for name, count in contenders.items():
            result.add(name, lap(count, asked, {"first ms": first(asked)} if name == "careloop" else {}))
    result.said.append(f"{len(asked):,} deadlines a round, on which all agree. The first of a calendar compiles its years.")
    return result


def questions() -> Sequence[Asked]:
    """The same in every run."""
    dice = random.Random(1)
    made = []
    for _ in range(DEADLINES):
        measure = dice.choice([*Measure])
        start = BEGIN + timedelta(seconds=dice.randrange(DAYS * 24 * 3600))
        made.append(Asked(start, Span(dice.randint(1, MOST[measure]), measure), dice.choice([*SHIFTS])))
    return made


def lap(count: Count, asked: Sequence[Asked], more: Round) -> Round:
    figures = {"deadlines/s": len(asked) / seconds(count, asked)}
    for measure in (Measure.DAYS, Measure.WORKING_HOURS, Measure.WORKING_DAYS):
        some = [it for it in asked if it.span.measure is measure]
        figures[f"us a {measure}"] = 1e6 * seconds(count, some) / len(some)
    return {**figures, **more}


def seconds(count: Count, asked: Sequence[Asked]) -> float:
    began = perf_counter()
    for it in asked:
        count(it)
    return perf_counter() - began


def first(asked: Sequence[Asked]) -> float:
    """Milliseconds for the first working hours of three new calendars, each of which compiles a year or two; what libraries know is known."""
    some = [next(it for it in asked if it.country == country and it.span.measure is Measure.WORKING_HOURS) for country in SHIFTS]
    return 1e3 * seconds(ours(), some)


# As we do it

KNOWLEDGE = Knowledge()


def ours() -> Count:
    calendars = {}
    for country, (zone, shifts) in SHIFTS.items():
        hours = [dict(zip(("since", "until"), shift.split("-"), strict=True)) for shift in shifts]
        part = CalendarPart.model_validate({"hours": hours, "holidays": country})
        calendars[country] = Calendar(country, part, ZoneInfo(zone), KNOWLEDGE)
    return lambda it: due(it.start, it.span, calendars[it.country]).at


# As it is usually written: a loop over days, with the libraries that know holidays

LISTS = {country: holidays.country_holidays(country, years=YEARS) for country in SHIFTS}
TIMES = {country: [tuple(map(time.fromisoformat, shift.split("-"))) for shift in shifts] for country, (_, shifts) in SHIFTS.items()}
ZONES = {country: ZoneInfo(zone) for country, (zone, _) in SHIFTS.items()}


def is_worked(day: date, country: str) -> bool:
    if country == "CN":
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5 and day not in LISTS[country]


def by_the_week(day: date, number: int, country: str) -> date:
    while number:
        day += DAY
        if is_worked(day, country):
            number -= 1
    return day


def by_holidays(day: date, number: int, country: str) -> date:
    """The library's own way."""
    found: date = LISTS[country].get_nth_working_day(day, number)
    return found


def usual(nth: NextDay) -> Count:
    def count(it: Asked) -> datetime:
        zone, amount = ZONES[it.country], it.span.amount
        there = it.start.astimezone(zone)
        match it.span.measure:
            case Measure.MINUTES:
                return it.start + timedelta(minutes=amount)
            case Measure.HOURS:
                return it.start + timedelta(hours=amount)
            case Measure.DAYS:
                return datetime.combine(there.date() + (amount + 1) * DAY, time(), zone).astimezone(UTC)
            case Measure.WORKING_DAYS:
                return datetime.combine(nth(there.date(), amount, it.country), TIMES[it.country][-1][1], zone).astimezone(UTC)
            case Measure.WORKING_HOURS:
                return hours(it, there.date(), zone)

    def hours(it: Asked, day: date, zone: ZoneInfo) -> datetime:
        left = timedelta(hours=it.span.amount)
        day = nth(day - DAY, 1, it.country)
        while True:
            for since, until in TIMES[it.country]:
                begins = max(datetime.combine(day, since, zone).astimezone(UTC), it.start)
                ends = datetime.combine(day, until, zone).astimezone(UTC)
                if begins >= ends:
                    continue
                if left <= ends - begins:
                    return begins + left
                left -= ends - begins
            day = nth(day, 1, it.country)

    return count
