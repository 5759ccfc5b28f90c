"""Calendars: patterns as they are written, days, windows, zones with summer time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.worktime.calendar import Calendar, CalendarPart, Off
from shared.worktime.holidays import Knowledge

DAY = timedelta(days=1)
KNOWN = Knowledge()
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ZONES = [
    SHANGHAI,
    BERLIN,
    *map(ZoneInfo, ("America/Chicago", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu")),
]


def windows(*texts: str) -> list[dict[str, str]]:
    return [dict(zip(("since", "until"), text.split("-"), strict=True)) for text in texts]


def part(*hours: str, **more: object) -> CalendarPart:
    return CalendarPart.model_validate({"hours": windows(*hours or ("09:00-18:00",)), **more})


def calendar(it: CalendarPart, zone: ZoneInfo = SHANGHAI) -> Calendar:
    return Calendar("a calendar", it, zone, KNOWN)


def team(cycle: str, begins: date = date(2026, 3, 2), dates: dict[date, str] | None = None, **more: object) -> CalendarPart:
    """d: day, n: night, anything else: off."""
    names = {"d": "day", "n": "night"}
    roster = {"begins": begins, "cycle": [names.get(it, "off") for it in cycle], "dates": dates or {}}
    return part(shifts={"day": windows("08:00-20:00"), "night": windows("20:00-08:00")}, roster=roster, **more)


OFFICE = part()
DECORATION = part("09:00-12:00", "14:30-18:00", rest=["tuesday"], days={"saturday": windows("09:00-20:00")})
NIGHT = team("dnxx")
ROUND_THE_CLOCK = part("00:00-24:00", rest=[], holidays="none")
OVERNIGHT = part("20:00-08:00", "09:00-19:00", rest=["sunday"], holidays="DE")
CALENDARS = [calendar(it, zone) for it in (OFFICE, DECORATION, NIGHT, ROUND_THE_CLOCK, OVERNIGHT) for zone in ZONES]
MOMENTS = st.datetimes(datetime(2007, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
DATES = st.dates(date(2007, 1, 1), date(2028, 1, 1))


def there(day: str, clock: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)


# How it is written


def test_a_part_is_kept_as_it_is_written() -> None:
    for it in (OFFICE, DECORATION, NIGHT):
        assert CalendarPart.model_validate(it.model_dump(mode="json")) == it
        assert CalendarPart.model_validate_json(it.model_dump_json(exclude_defaults=True)) == it


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"hours": []}, "at least one window"),
        ({"hours": windows("9:00-18:00")}, "a time of the day"),
        ({"hours": windows("24:00-18:00")}, 'begins at "00:00"'),
        ({"hours": windows("09:00-12:00", "11:00-18:00")}, "09:00-12:00 and 11:00-18:00 overlap"),
        ({"hours": windows("20:00-09:00", "08:00-18:00")}, "20:00-09:00 runs into 08:00-18:00 of the next day"),
        ({"rest": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}, "not every day"),
        ({"rest": ["someday"]}, "'monday'"),
        ({"holidays": "XX"}, 'as in "CN", or "none"'),
        ({"days": {"sunday": windows("10:00-12:00")}}, "sunday is a day of rest"),
        ({"days": {"friday": []}}, "at least one window"),
        ({"days": {"friday": windows("20:00-10:00")}}, "20:00-10:00 runs into 09:00-18:00"),
        ({"shifts": {"off": windows("10:00-12:00")}}, '"off" is a day without a shift'),
        ({"roster": {"begins": "2026-03-02", "cycle": ["early"]}}, "there is no shift early"),
        ({"roster": {"begins": "2026-03-02", "cycle": ["off"]}}, "at least one shift"),
        ({"roster": {"begins": "2026-03-02", "cycle": []}}, "at least one shift"),
        ({"hour": windows("09:00-18:00")}, "Extra inputs"),
    ],
)
def test_what_is_no_calendar(more: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as error:
        CalendarPart.model_validate({"hours": windows("09:00-18:00"), **more})
    assert told in str(error.value)


LATE, EARLY = windows("20:00-09:00"), windows("08:00-12:00")


@pytest.mark.parametrize(
    ("cycle", "dates", "fits"),
    [
        (["early", "off", "late", "off"], {}, True),
        (["early", "late"], {}, False),
        (["early", "late", "off"], {}, True),
        (["early", "off", "late", "off"], {"2026-03-05": "early"}, False),  # the day after a late one
        (["early", "off", "late", "off"], {"2026-03-09": "late"}, False),  # the day before an early one
        (["early", "late"], {"2026-03-03": "off"}, False),  # it helps on this day alone
    ],
)
def test_shifts_do_not_run_into_each_other(cycle: list[str], dates: dict[str, str], fits: bool) -> None:
    """Where nobody works in between, they may."""
    told = {"shifts": {"late": LATE, "early": EARLY}, "roster": {"begins": "2026-03-02", "cycle": cycle, "dates": dates}}
    if fits:
        assert part(**told).roster
    else:
        with pytest.raises(ValidationError, match="20:00-09:00 of late runs into 08:00-12:00 of early"):
            part(**told)


# Days


@pytest.mark.parametrize(
    ("day", "off"),
    [
        ("2021-09-27", None), ("2021-09-28", Off("rest")), ("2021-10-02", Off("holiday", "国庆节")), ("2021-10-05", Off("holiday", "国庆节")),
        ("2021-10-09", None), ("2021-10-10", None), ("2021-10-12", Off("rest")),
    ],
)  # fmt: skip
def test_a_team_that_rests_on_tuesdays(day: str, off: Off | None) -> None:
    """ORGN-04"""
    assert calendar(DECORATION).day_off(date.fromisoformat(day)) == off
    assert calendar(DECORATION).works_on(date.fromisoformat(day)) == (off is None)


def test_several_windows_and_days_with_hours_of_their_own() -> None:
    """ORGN-04; on a swapped weekend that is a day of rest otherwise, the hours of a working day hold."""
    it = calendar(DECORATION)
    assert it.open_of(date(2021, 9, 27)) == there("2021-09-27", "09:00") and it.close_of(date(2021, 9, 27)) == there("2021-09-27", "18:00")
    assert it.worked(there("2021-09-27", "00:00"), there("2021-09-28", "00:00")) == timedelta(hours=6, minutes=30)
    assert it.worked(there("2021-09-27", "11:00"), there("2021-09-27", "15:00")) == timedelta(hours=1, minutes=30)
    assert it.close_of(date(2021, 9, 25)) == there("2021-09-25", "20:00"), "a Saturday"
    assert it.close_of(date(2021, 10, 9)) == there("2021-10-09", "20:00") and not it.is_swapped(date(2021, 10, 9)), "they work on Saturdays"
    assert calendar(OFFICE).close_of(date(2021, 10, 9)) == there("2021-10-09", "18:00") and calendar(OFFICE).is_swapped(date(2021, 10, 9))
    friday_short = calendar(part(days={"friday": windows("09:00-13:00")}))
    assert friday_short.close_of(date(2026, 3, 6)) == there("2026-03-06", "13:00") and friday_short.close_of(date(2026, 3, 5)) == there(
        "2026-03-05", "18:00"
    )


def test_a_roster_runs_for_ever_both_ways() -> None:
    it = calendar(team("dnxx", holidays="none"))
    for cycles in (0, 1, 100, -100):
        first = date(2026, 3, 2) + cycles * 4 * DAY
        assert it.close_of(first) == there(str(first), "20:00") and it.open_of(first + DAY) == there(str(first + DAY), "20:00")
        assert it.close_of(first + DAY) == there(str(first + 2 * DAY), "08:00"), "a night belongs to the day on which it began"
        assert [it.day_off(first + number * DAY) for number in range(4)] == [None, None, Off("roster"), Off("roster")]


def test_public_holidays_beat_a_roster_and_its_own_dates_beat_all() -> None:
    dates = {date(2021, 10, 1): "day", date(2021, 9, 30): "off"}
    it = calendar(team("d", begins=date(2021, 9, 1), dates=dates))
    assert it.day_off(date(2021, 10, 2)) == Off("holiday", "国庆节") and it.works_on(date(2021, 10, 1))
    assert it.day_off(date(2021, 9, 30)) == Off("roster") and it.works_on(date(2021, 10, 10)) and not it.is_swapped(date(2021, 10, 9))
    assert calendar(team("d", begins=date(2021, 9, 1), holidays="none")).works_on(date(2021, 10, 2))


def test_counting_working_days() -> None:
    """D-31"""
    it = calendar(OFFICE)
    assert [it.working_day(date(2021, 9, 30), number) for number in (1, 2, 3)] == [date(2021, 10, 8), date(2021, 10, 9), date(2021, 10, 11)]
    assert it.working_day(date(2021, 10, 3), 0) == date(2021, 10, 3) and it.working_day(date(2021, 10, 3), 1) == date(2021, 10, 8)
    assert it.next_working_day(date(2021, 10, 1)) == date(2021, 10, 8) == it.next_working_day(date(2021, 10, 8))
    assert it.next_working_day(date(2022, 12, 31)) == date(2023, 1, 3)
    for ask in (it.open_of, it.close_of):
        with pytest.raises(ValueError, match="nobody works on 2021-10-01"):
            ask(date(2021, 10, 1))


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), DATES, st.integers(1, 300))
def test_working_days_are_counted_one_by_one(it: Calendar, after: date, number: int) -> None:
    """D-31"""
    day, left = after, number
    while left:
        day += DAY
        left -= it.works_on(day)
    assert it.working_day(after, number) == day == it.next_working_day(day)
    assert it.open_of(day) < it.close_of(day) <= it.open_of(it.working_day(day, 1))


# Time


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up(it: Calendar, one: datetime, two: datetime, three: datetime) -> None:
    assert it.worked(one, three) == it.worked(one, two) + it.worked(two, three) and it.worked(one, two) == -it.worked(two, one)
    assert timedelta() <= it.worked(*sorted((one, two))) <= abs(two - one)


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), MOMENTS, st.integers(0, 10**12), st.integers(0, 10**12))
def test_time_that_is_added_is_worked(it: Calendar, at: datetime, one: int, two: int) -> None:
    a, b = timedelta(microseconds=one), timedelta(microseconds=two)
    end = it.add_working(at, a + b)
    assert it.worked(at, end) == a + b and it.add_working(it.add_working(at, a), b) == end
    if a + b:
        assert it.next_open(end - timedelta(microseconds=1)) < end, "it ends where somebody works, or where a window closes"
        assert it.worked(end - timedelta(microseconds=1), end), "and not where the next one opens"
    else:
        assert end == at


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), MOMENTS)
def test_the_next_opening(it: Calendar, at: datetime) -> None:
    opens = it.next_open(at)
    assert opens >= at and it.worked(at, opens) == timedelta() and it.worked(opens, opens + timedelta(microseconds=1))


def test_working_time_passes_forwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        calendar(OFFICE).add_working(there("2021-09-30", "17:00"), timedelta(seconds=-1))


# Zones


@pytest.mark.parametrize(
    ("zone", "day", "hours", "real"),
    [
        (BERLIN, "2026-03-29", "00:00-24:00", 23), (BERLIN, "2026-10-25", "00:00-24:00", 25), (BERLIN, "2026-03-29", "01:00-03:00", 1),
        (BERLIN, "2026-10-25", "01:00-03:00", 3), (BERLIN, "2026-03-28", "20:00-08:00", 11), (BERLIN, "2026-03-29", "02:15-09:00", 6),
        (ZoneInfo("Australia/Lord_Howe"), "2026-04-05", "00:00-24:00", 24.5), (ZoneInfo("America/Sao_Paulo"), "2018-11-04", "00:00-12:00", 11),
        (SHANGHAI, "2026-03-29", "00:00-24:00", 24), (ZoneInfo("America/Chicago"), "2026-03-08", "01:00-02:30", 1),
    ],
)  # fmt: skip
def test_a_window_is_what_the_clocks_show(zone: ZoneInfo, day: str, hours: str, real: float) -> None:
    """Clocks go forward and back; time that passes is real."""
    it = calendar(part(hours, rest=[], holidays="none"), zone)
    its = date.fromisoformat(day)
    assert it.close_of(its) - it.open_of(its) == timedelta(hours=real)
    assert it.worked(it.open_of(its), it.close_of(its)) == timedelta(hours=real)


def test_a_window_that_the_clocks_skip_is_not_there() -> None:
    night = calendar(part("02:10-02:50", rest=[], holidays="none"), BERLIN)
    assert night.day_off(date(2026, 3, 29)) == Off("clocks") and night.working_day(date(2026, 3, 28), 1) == date(2026, 3, 30)
    apia = calendar(part(rest=[], holidays="none"), ZoneInfo("Pacific/Apia"))
    assert apia.day_off(date(2011, 12, 30)) == Off("clocks"), "Samoa crossed the date line"
    assert apia.open_of(date(2011, 12, 31)) - apia.close_of(date(2011, 12, 29)) == timedelta(hours=15)


def test_a_night_across_the_end_of_a_year() -> None:
    it = calendar(part("20:00-08:00", rest=[], holidays="none"))
    eve, morning = there("2026-12-31", "20:00"), there("2027-01-01", "08:00")
    assert it.worked(eve, morning) == timedelta(hours=12) and it.add_working(eve, timedelta(hours=12)) == morning
    assert it.add_working(eve, timedelta(hours=13)) == there("2027-01-01", "21:00") and it.next_open(there("2027-01-01", "07:00")) == there(
        "2027-01-01", "07:00"
    )


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(ZONES), MOMENTS, MOMENTS)
def test_who_works_round_the_clock_works_all_the_time(zone: ZoneInfo, one: datetime, other: datetime) -> None:
    """Over every change of clocks, and over every end of a year."""
    it = calendar(ROUND_THE_CLOCK, zone)
    assert it.worked(one, other) == other - one and it.next_open(one) == one
    assert it.add_working(min(one, other), abs(other - one)) == max(one, other)


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), DATES)
def test_a_day_begins_where_its_calendar_says_so(it: Calendar, day: date) -> None:
    begins = it.midnight(day)
    assert it.date_of(begins) >= day > it.date_of(begins - timedelta(microseconds=1))
