"""How deadlines are counted."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.counting import due, not_before, part_of
from shared.worktime.holidays import Knowledge
from shared.worktime.notices import Notice
from shared.worktime.span import Measure, Span
from tests.shared.test_worktime_calendar import BERLIN, CALENDARS, DECORATION, KNOWN, OFFICE, calendar, part, there

AMOUNTS = st.builds(Span, st.integers(0, 120), st.sampled_from(Measure))
MOMENTS = st.datetimes(datetime(2007, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
MICROSECOND, DAY = timedelta(microseconds=1), timedelta(days=1)
LAST = KNOWN.known_until("CN")
assert LAST


def end(it: CalendarPart, day: str, clock: str, span: str, *, right: bool = False) -> datetime:
    return due(there(day, clock), Span.parse(span), calendar(it), right=right).at


def worked_before(day: date, it: Calendar) -> date:
    return next(before for number in range(1, 30) if it.works_on(before := day - number * DAY))


@pytest.mark.parametrize(
    ("day", "clock", "span", "ends"),
    [
        (
            "2021-09-30",
            "10:00",
            "3 wd",
            ("2021-10-11", "18:00"),
        ),  # a letter of complaint before the national holiday; Saturday 9 October is worked
        ("2021-09-30", "17:00", "1 wd", ("2021-10-08", "18:00")),  # INQY-02: a mail
        ("2021-10-01", "12:00", "1 wd", ("2021-10-08", "18:00")),
        ("2021-09-27", "08:00", "1 wd", ("2021-09-28", "18:00")),  # however early it comes, its day is not counted
        ("2021-09-27", "00:00", "1 wd", ("2021-09-28", "18:00")),
        ("2021-09-27", "23:59", "1 wd", ("2021-09-28", "18:00")),
        ("2021-12-31", "10:00", "3 wd", ("2022-01-06", "18:00")),  # the year changes, and 3 January is off
        ("2021-09-30", "17:00", "2 wh", ("2021-10-08", "10:00")),  # D-02
        ("2021-09-30", "16:00", "2 wh", ("2021-09-30", "18:00")),  # it ends where the day closes, not where the next opens
        ("2021-09-30", "18:00", "2 wh", ("2021-10-08", "11:00")),  # outside hours from the next opening
        ("2021-09-30", "03:00", "2 wh", ("2021-09-30", "11:00")),
        ("2021-09-30", "17:30", "24 h", ("2021-10-01", "17:30")),  # INQY-09, CMPL-19, D-29: on any clock
        ("2021-09-30", "23:50", "15 min", ("2021-10-01", "00:05")),
        ("2021-09-24", "10:00", "10 cd", ("2021-10-05", "00:00")),  # D-09: our own duty does not roll out of the holiday
        ("2021-09-24", "00:00", "3 cd", ("2021-09-28", "00:00")),  # CMPL-18
        ("2021-09-24", "23:59", "15 cd", ("2021-10-10", "00:00")),  # CMPL-L09
        ("2021-09-24", "10:00", "0 wd", ("2021-09-24", "10:00")),
        ("2021-10-01", "10:00", "0 cd", ("2021-10-01", "10:00")),
        ("2021-10-01", "10:00", "0 wh", ("2021-10-01", "10:00")),
    ],
)
def test_how_deadlines_are_counted(day: str, clock: str, span: str, ends: tuple[str, str]) -> None:
    """D-31, D-02, D-09, D-29, INQY-02, INQY-09, CMPL-17, CMPL-18, CMPL-19, CMPL-L09"""
    assert end(OFFICE, day, clock, span) == there(*ends)


def test_a_right_rolls_and_a_duty_does_not() -> None:
    """D-31, CMPL-L01: the report came on 24 September; ten days later is in the holiday, so the appeal may come until 24:00 of the 8th."""
    assert end(OFFICE, "2021-09-24", "10:00", "10 cd", right=True) == there("2021-10-09", "00:00")
    assert end(OFFICE, "2021-09-24", "10:00", "10 cd") == there("2021-10-05", "00:00")
    assert end(OFFICE, "2021-09-10", "10:00", "10 cd", right=True) == there("2021-09-23", "00:00"), (
        "Monday the 20th was off, so was the 21st"
    )
    assert end(OFFICE, "2021-09-17", "10:00", "10 cd", right=True) == there("2021-09-28", "00:00"), "Monday the 27th is worked"


@pytest.mark.parametrize(
    ("day", "clock", "span", "ends"),
    [
        ("2021-09-27", "15:00", "1 wd", ("2021-09-29", "18:00")),  # FLUP-09: measured on Monday, Tuesday off
        ("2021-09-27", "11:00", "2 wh", ("2021-09-27", "15:30")),  # over the pause at noon
        ("2021-09-27", "12:30", "210 min", ("2021-09-27", "16:00")),
        ("2021-09-27", "12:30", "3 wh", ("2021-09-27", "17:30")),
        ("2021-09-27", "14:30", "4 wh", ("2021-09-29", "09:30")),
        ("2021-09-27", "14:30", "6 wh", ("2021-09-29", "11:30")),
        ("2021-09-27", "09:00", "3 wh", ("2021-09-27", "12:00")),
    ],
)
def test_a_split_day_and_a_team_that_rests_on_tuesdays(day: str, clock: str, span: str, ends: tuple[str, str]) -> None:
    """ORGN-04, FLUP-09, D-31"""
    assert end(DECORATION, day, clock, span) == there(*ends)


def test_from_the_second_day_to_the_end_of_the_third() -> None:
    """FLUP-12: the sheet is back on day 0."""
    back, it = there("2021-09-13", "16:00"), calendar(OFFICE)
    assert not_before(back, Span.parse("2 cd"), it) == there("2021-09-15", "00:00")
    assert due(back, Span.parse("3 cd"), it).at == there("2021-09-17", "00:00"), "24:00 of the 16th"
    assert due(back, Span.parse("2 wd"), it).at == there("2021-09-15", "18:00")


def test_not_before() -> None:
    """FLUP-09, FLUP-25"""
    at, it = there("2021-09-30", "17:00"), calendar(OFFICE)
    assert not_before(at, Span.parse("1 wd"), it) == there("2021-10-08", "09:00")
    assert [not_before(at, Span.parse(f"0 {measure}"), it) for measure in Measure] == [at] * 5
    for text in ("2 h", "90 min", "2 wh"):
        assert not_before(at, Span.parse(text), it) == due(at, Span.parse(text), it).at


def test_how_much_of_the_time_is_over() -> None:
    """Of working time where it is measured in that: a holiday brings no deadline nearer."""
    it, start = calendar(OFFICE), there("2021-09-30", "17:00")
    assert part_of(start, there("2021-10-08", "18:00"), 0.8, Measure.WORKING_DAYS, it) == there("2021-10-08", "16:00")
    assert part_of(start, there("2021-10-08", "10:00"), 0.5, Measure.WORKING_HOURS, it) == there("2021-09-30", "18:00")
    assert part_of(start, there("2021-10-01", "17:00"), 0.75, Measure.HOURS, it) == there("2021-10-01", "11:00")
    assert part_of(start, there("2021-10-05", "00:00"), 0.5, Measure.DAYS, it) == there("2021-10-02", "20:30")
    assert part_of(start, start, 0.5, Measure.WORKING_DAYS, it) == start


def test_hours_are_real_where_clocks_change() -> None:
    """D-29, D-31: Berlin, 29 March 2026."""
    it = calendar(part(holidays="DE"), BERLIN)
    at = there("2026-03-28", "12:00", BERLIN)
    assert due(at, Span.parse("24 h"), it).at == there("2026-03-29", "13:00", BERLIN).astimezone(UTC)
    assert due(at, Span.parse("1 cd"), it).at == there("2026-03-30", "00:00", BERLIN).astimezone(UTC)
    assert due(at, Span.parse("1 wd"), it).at == there("2026-03-30", "18:00", BERLIN).astimezone(UTC)


# Beyond what is announced


@pytest.mark.parametrize(
    ("span", "right", "provisional"),
    [
        ("1 wd", False, False), ("60 wd", False, True), ("8 wh", False, False), ("500 wh", False, True), ("60 cd", False, False),
        ("60 cd", True, True), ("2 cd", True, False), ("9000 h", False, False), ("90000 min", False, False), ("0 wd", False, False),
    ],
)  # fmt: skip
def test_beyond_the_last_notice_it_is_provisional(span: str, right: bool, provisional: bool) -> None:
    """D-31: nothing is refused, and nothing is guessed in silence. Calendar days of ours need no holidays."""
    working = worked_before(LAST - 6 * DAY, calendar(OFFICE))
    at = there(str(working), "09:00")
    while not calendar(OFFICE).works_on((at + 2 * DAY).date()):
        at -= DAY
    found = due(at, Span.parse(span), calendar(OFFICE), right=right)
    assert found.provisional is provisional and found.at >= at


def test_the_last_days_of_the_last_year_are_not_sure() -> None:
    """D-31: the next notice can set them."""
    it = calendar(OFFICE)
    sure = worked_before(LAST + DAY, it)
    before = worked_before(sure, it)
    assert due(there(str(before), "10:00"), Span.parse("1 wd"), it) == (there(str(sure), "18:00"), False)
    assert due(there(str(sure), "10:00"), Span.parse("1 wd"), it).provisional
    assert due(there(str(sure), "10:00"), Span.parse("8 wh"), it) == (there(str(sure), "18:00"), False)
    assert due(there(str(sure), "10:00"), Span.parse("9 wh"), it).provisional
    assert due(there("2003-12-01", "10:00"), Span.parse("1 wd"), it).provisional, "before the first year"


def test_who_keeps_no_holidays_is_always_sure() -> None:
    at = there(str(LAST), "10:00")
    for it in (part(holidays="none"), part(holidays="DE")):
        assert not due(at, Span.parse("500 wd"), calendar(it)).provisional
        assert not due(at, Span.parse("500 cd"), calendar(it), right=True).provisional


def test_a_notice_settles_it(tmp_path: Path) -> None:
    """D-31: computed anew when the notice comes."""
    year = LAST.year + 1
    text = f'country = "CN"\nyear = {year}\nsource = "-"\noff = [{{ since = {year}-01-01, until = {year}-01-31, name = "长假" }}]'
    (tmp_path / "next.toml").write_text(text, encoding="utf-8")
    at, span = there(f"{year - 1}-12-31", "10:00"), Span.parse("1 wd")
    before, after = (
        due(at, span, Calendar("office", OFFICE, calendar(OFFICE).zone, knowledge)) for knowledge in (Knowledge(), Knowledge.read(tmp_path))
    )
    assert before.provisional and before.at < there(f"{year}-01-10", "00:00")
    assert not after.provisional and after.at >= there(f"{year}-02-01", "18:00")


# Whatever the calendar


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), AMOUNTS, MOMENTS, MOMENTS, st.booleans())
def test_a_later_start_is_never_due_earlier(it: Calendar, span: Span, one: datetime, other: datetime, right: bool) -> None:
    """D-31"""
    one, other = sorted((one, other))
    assert due(one, span, it, right=right).at <= due(other, span, it, right=right).at
    assert not_before(one, span, it) <= not_before(other, span, it)


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), AMOUNTS, MOMENTS, st.booleans())
def test_a_longer_span_is_never_due_earlier(it: Calendar, span: Span, at: datetime, right: bool) -> None:
    """D-31"""
    longer = Span(span.amount + 1, span.measure)
    assert at <= due(at, span, it).at < due(at, longer, it).at
    assert due(at, span, it, right=right).at <= due(at, longer, it, right=right).at
    assert due(at, span, it).at <= due(at, span, it, right=True).at, "a right is never shorter than a duty"
    assert at <= not_before(at, span, it) <= due(at, span, it).at


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), st.integers(1, 120), st.sampled_from([Measure.WORKING_DAYS, Measure.WORKING_HOURS]), MOMENTS)
def test_working_spans_end_in_working_time(it: Calendar, amount: int, measure: Measure, at: datetime) -> None:
    """D-31: in a window or where one closes, never outside."""
    ends = due(at, Span(amount, measure), it).at
    assert it.worked(ends - MICROSECOND, ends) == MICROSECOND
    if measure is Measure.WORKING_DAYS:
        opens = not_before(at, Span(amount, measure), it)
        assert it.worked(opens, opens + MICROSECOND) == MICROSECOND
    else:
        assert it.worked(at, ends) == timedelta(hours=amount)


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), st.integers(1, 400), MOMENTS)
def test_calendar_days_end_at_midnight_on_the_wall(it: Calendar, amount: int, at: datetime) -> None:
    """D-31, D-09"""
    ends, rolled = due(at, Span(amount, Measure.DAYS), it).at, due(at, Span(amount, Measure.DAYS), it, right=True).at
    last = it.date_of(at) + amount * DAY
    assert ends == it.midnight(last + DAY) and it.date_of(ends) > last
    assert it.works_on(it.date_of(rolled - MICROSECOND)) or it.works_on(it.date_of(rolled - MICROSECOND - DAY / 2))


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), AMOUNTS, MOMENTS, st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_comes_no_earlier(it: Calendar, span: Span, at: datetime, one: float, other: float) -> None:
    ends = due(at, span, it).at
    less, more = (part_of(at, ends, share, span.measure, it) for share in sorted((one, other)))
    assert at <= less <= more <= ends
    if span.amount:
        assert part_of(at, ends, 1.0, span.measure, it) == ends


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(CALENDARS), AMOUNTS, st.dates(LAST - 200 * DAY, LAST))
def test_what_is_not_provisional_stands_on_what_is_known(it: Calendar, span: Span, day: date) -> None:
    """D-31: no notice of the years to come can change it."""
    year = LAST.year
    off = [
        {"since": date(year, 12, 29), "until": date(year, 12, 31), "name": "x"},
        {"since": date(year + 1, 1, 1), "until": date(year + 1, 12, 31), "name": "y"},
    ]
    later = Knowledge((Notice.model_validate({"country": "CN", "year": year + 1, "source": "-", "off": off}),))
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    for right in (False, True):
        found = due(at, span, it, right=right)
        if not found.provisional:
            assert due(at, span, Calendar(it.name, it.part, it.zone, later), right=right).at == found.at
