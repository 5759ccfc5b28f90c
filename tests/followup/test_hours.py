"""When a customer may be called: in windows, by their own clocks, on days on which the unit works; pure."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.followup.domain.hours import last_window, next_window, window_at, window_of
from services.followup.domain.policy import Asking, Calls
from shared.worktime.calendar import Calendar
from shared.worktime.counting import due, not_before
from tests.followup.calling import BERLIN, CALLS, CHICAGO, DECORATION, PLAIN, SHANGHAI, TUESDAY_OFF, calendar, calls, hours, there

DAY = timedelta(days=1)
ASUNCION = ZoneInfo("America/Asuncion")  # where clocks went back at midnight until 2024
ZONES = [SHANGHAI, BERLIN, CHICAGO, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia"), ASUNCION]
CALENDARS = [
    PLAIN,
    TUESDAY_OFF,
    calendar(BERLIN, holidays="DE"),
    calendar(CHICAGO, holidays="none", rest=["monday", "thursday"]),
    calendar(ASUNCION),
]
NIGHT = calls(("20:00", "02:00"), rest=hours(("23:00", "00:30")))
EVERY_DAY = calendar(rest=[], holidays="none")
MOMENTS = st.datetimes(datetime(2021, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))


def asked(
    moment: datetime, trigger: str, of: Calls = DECORATION, on: Calendar = PLAIN, zone: ZoneInfo = SHANGHAI
) -> tuple[datetime, datetime]:
    return window_of(moment, getattr(of, trigger), of, on, zone)


def china(year: int, month: int, day: int, clock: str) -> datetime:
    hour, _, minute = clock.partition(":")
    return there(SHANGHAI, year, month, day, int(hour), int(minute))


# -- as the regulations have it


@pytest.mark.parametrize(
    ("rule", "trigger", "on", "moment", "earliest", "last"),
    [
        ("FLUP-06: the limit lies in the holidays of October", "complaint", PLAIN, (2021, 9, 29, "16:00"), (2021, 9, 29, "16:00"), (2021, 9, 30, "17:30")),
        ("FLUP-06: on a weekend", "complaint", PLAIN, (2021, 9, 15, "16:00"), (2021, 9, 15, "16:00"), (2021, 9, 18, "17:30")),  # the 18th is a swapped Saturday
        ("FLUP-06: on a weekend", "complaint", PLAIN, (2021, 9, 8, "16:00"), (2021, 9, 8, "16:00"), (2021, 9, 10, "17:30")),
        ("FLUP-06: the day itself is not counted", "complaint", PLAIN, (2021, 9, 13, "00:00"), (2021, 9, 13, "10:30"), (2021, 9, 16, "17:30")),
        ("FLUP-18: between two windows", "complaint", PLAIN, (2021, 9, 13, "11:30"), (2021, 9, 13, "15:00"), (2021, 9, 16, "17:30")),
        ("FLUP-18: after the last one", "complaint", PLAIN, (2021, 9, 13, "17:30"), (2021, 9, 14, "10:30"), (2021, 9, 16, "17:30")),
        ("FLUP-09: Tuesday off", "measurement", TUESDAY_OFF, (2021, 9, 27, "16:00"), (2021, 9, 29, "10:30"), (2021, 9, 29, "17:30")),
        ("FLUP-09: not off", "measurement", PLAIN, (2021, 9, 27, "16:00"), (2021, 9, 28, "10:30"), (2021, 9, 28, "17:30")),
        ("FLUP-09: before the holidays", "measurement", PLAIN, (2021, 9, 30, "16:00"), (2021, 10, 8, "10:30"), (2021, 10, 8, "17:30")),
        ("FLUP-12", "installation", PLAIN, (2021, 9, 13, "09:00"), (2021, 9, 15, "10:30"), (2021, 9, 16, "17:30")),
        ("FLUP-12: day 3 is a Saturday", "installation", PLAIN, (2021, 9, 8, "18:00"), (2021, 9, 10, "10:30"), (2021, 9, 10, "17:30")),
        ("FLUP-25: home + 2 h, then the next window", "visit", PLAIN, (2021, 9, 13, "08:00"), (2021, 9, 13, "10:30"), (2021, 9, 14, "17:30")),
        ("FLUP-25: inside one", "visit", PLAIN, (2021, 9, 13, "08:45"), (2021, 9, 13, "10:45"), (2021, 9, 14, "17:30")),
        ("FLUP-25: late at night", "visit", PLAIN, (2021, 9, 13, "23:00"), (2021, 9, 14, "10:30"), (2021, 9, 14, "17:30")),
    ],
)  # fmt: skip
def test_as_the_rules_say(rule: str, trigger: str, on: Calendar, moment: Any, earliest: Any, last: Any) -> None:
    assert asked(china(*moment), trigger, on=on) == (china(*earliest), china(*last)), rule


@pytest.mark.parametrize(
    ("trigger", "moment", "first", "last"),
    [
        ("complaint", (2021, 9, 30, "17:30"), (2021, 10, 8, "10:30"), (2021, 10, 8, "11:30")),
        ("complaint", (2021, 10, 3, "12:00"), (2021, 10, 8, "10:30"), (2021, 10, 8, "11:30")),
        ("installation", (2021, 9, 29, "12:00"), (2021, 10, 8, "10:30"), (2021, 10, 8, "11:30")),
        ("visit", (2021, 9, 10, "23:00"), (2021, 9, 13, "10:30"), (2021, 9, 13, "11:30")),
    ],
)
def test_where_holidays_swallow_all_the_time_the_first_window_is_the_last(trigger: str, moment: Any, first: Any, last: Any) -> None:
    """FLUP-06: nobody may be called within the limit, and a call must have some time to be made in."""
    assert asked(china(*moment), trigger) == (china(*first), china(*last))


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [
        (0, 0, (5, 8, 0)), (7, 59, (5, 8, 0)), (8, 0, (5, 8, 0)), (11, 59, (5, 11, 59)), (12, 0, (5, 14, 0)), (13, 59, (5, 14, 0)), (14, 0, (5, 14, 0)),
        (20, 59, (5, 20, 59)), (21, 0, (6, 8, 0)), (23, 59, (6, 8, 0)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", [SHANGHAI, CHICAGO])
def test_nobody_is_called_at_night_or_at_noon(zone: ZoneInfo, hour: int, minute: int, expected: tuple[int, int, int]) -> None:
    """FLUP-03"""
    assert next_window(there(zone, 2026, 1, 5, hour, minute), CALLS, EVERY_DAY, zone) == there(zone, 2026, 1, *expected)


@pytest.mark.parametrize(
    ("resolved", "earliest", "last"),
    [
        ((5, 10, 0), (5, 10, 0), (8, 21, 0)),
        ((5, 12, 30), (5, 14, 0), (8, 21, 0)),
        ((5, 23, 59), (6, 8, 0), (8, 21, 0)),
        ((6, 0, 0), (6, 8, 0), (9, 21, 0)),
        ((7, 10, 0), (7, 10, 0), (9, 21, 0)),  # the limit is a Saturday
    ],
)
def test_without_windows_the_hours_of_rest_bound_the_time(
    resolved: tuple[int, int, int], earliest: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    """FLUP-03, FLUP-06, D-31"""
    found = asked(there(BERLIN, 2026, 1, *resolved), "complaint", CALLS, calendar(BERLIN), BERLIN)
    assert found == (there(BERLIN, 2026, 1, *earliest), there(BERLIN, 2026, 1, *last))


# -- two zones


def test_windows_are_the_customers_and_days_are_the_units() -> None:
    """Friday ends and Monday begins in Shanghai at 11:00 in Chicago, in the middle of a window."""
    friday, sunday = there(CHICAGO, 2021, 9, 10, 10, 40), there(CHICAGO, 2021, 9, 12, 11, 0)
    assert next_window(friday, DECORATION, PLAIN, CHICAGO) == friday
    assert next_window(friday + timedelta(minutes=20), DECORATION, PLAIN, CHICAGO) == sunday
    assert last_window(friday + 2 * DAY, DECORATION, PLAIN, CHICAGO, since=friday) == friday + timedelta(minutes=20)
    assert asked(friday, "visit", DECORATION, PLAIN, CHICAGO) == (sunday, sunday + timedelta(minutes=30))


def test_hours_that_come_twice_or_not_at_all() -> None:
    """Clocks in Berlin go back at 3:00 on 25 October and forward at 2:00 on 29 March 2026."""
    until_half_past_two = calls(rest=hours(("21:00", "02:30")))
    again = there(BERLIN, 2026, 10, 25, 2, 0, fold=1)
    assert next_window(again, until_half_past_two, EVERY_DAY, BERLIN) == again.astimezone(UTC), (
        "it was half past two already, half an hour ago"
    )
    assert next_window(there(BERLIN, 2026, 3, 28, 22, 0), until_half_past_two, EVERY_DAY, BERLIN) == there(BERLIN, 2026, 3, 29, 3, 0), (
        "later than half past two"
    )
    evening = there(BERLIN, 2026, 3, 28, 21, 0)
    assert next_window(evening, CALLS, EVERY_DAY, BERLIN) - evening.astimezone(UTC) == timedelta(hours=10)
    swallowed = calls(("02:10", "02:50"), rest=[])
    assert next_window(there(BERLIN, 2026, 3, 29, 0, 0), swallowed, EVERY_DAY, BERLIN) == there(BERLIN, 2026, 3, 30, 2, 10)


def test_clocks_that_go_back_over_midnight_open_nothing_sooner() -> None:
    """In St. John's they went from 0:01 back to 23:01 of a Saturday, on 6 November 2010; in Asunción from 24:00 to 23:00, on 23 March 2024."""
    evening, at_ten = calls(("22:00", "23:00"), rest=[]), there(CHICAGO, 2010, 11, 6, 22, 0)  # 23:30 there, for the second time
    assert next_window(at_ten - DAY / 24, evening, calendar(ZoneInfo("America/St_Johns"), rest=[], holidays="none"), CHICAGO) == at_ten
    again = there(ASUNCION, 2024, 3, 23, 23, 30, fold=1)
    found = asked(again, "visit", calls(rest=[]), calendar(ASUNCION, rest=[], holidays="none"), ASUNCION)
    assert found == (again.astimezone(UTC) + timedelta(hours=2), there(ASUNCION, 2024, 3, 25, 0, 0))


# -- windows over midnight, days without an end, years without a day


def test_a_window_over_midnight_is_one_and_rest_divides_it() -> None:
    evening, late = there(SHANGHAI, 2026, 1, 5, 22, 0), there(SHANGHAI, 2026, 1, 6, 1, 0)
    assert window_at(evening, NIGHT, PLAIN, SHANGHAI) == window_at(late, NIGHT, PLAIN, SHANGHAI) == (date(2026, 1, 5), 0)
    assert window_at(there(SHANGHAI, 2026, 1, 6, 0, 0), NIGHT, PLAIN, SHANGHAI) is None
    assert next_window(there(SHANGHAI, 2026, 1, 5, 23, 0), NIGHT, PLAIN, SHANGHAI) == there(SHANGHAI, 2026, 1, 6, 0, 30)
    undivided = calls(("20:00", "02:00"), rest=[], visit={"after": "2 h", "within": "1 h", "rule": "ours"})
    assert asked(there(SHANGHAI, 2026, 1, 5, 19, 0), "visit", undivided) == (
        there(SHANGHAI, 2026, 1, 5, 21, 0),
        there(SHANGHAI, 2026, 1, 6, 2, 0),
    )


def test_a_day_that_does_not_end_in_rest_ends_at_midnight() -> None:
    """D-31"""
    midnight, before = there(SHANGHAI, 2026, 1, 6, 0, 0), there(SHANGHAI, 2026, 1, 5, 0, 0)
    for rest in (hours(("00:00", "08:00")), []):
        assert last_window(midnight, calls(rest=rest), PLAIN, SHANGHAI, since=before) == midnight


def test_the_last_window_lies_before_all_rests_that_touch() -> None:
    evening = calls(rest=hours(("20:00", "21:00"), ("21:00", "08:00"), ("12:00", "14:00")))
    midnight = there(SHANGHAI, 2026, 1, 6, 0, 0)
    assert last_window(midnight, evening, PLAIN, SHANGHAI, since=midnight - DAY) == there(SHANGHAI, 2026, 1, 5, 20, 0)
    assert last_window(there(SHANGHAI, 2026, 1, 5, 8, 0), evening, PLAIN, SHANGHAI, since=there(SHANGHAI, 2026, 1, 5, 7, 0)) is None


class Never:
    """A calendar on which nobody works, and how often it was asked."""

    def __init__(self) -> None:
        self.zone, self.asked = SHANGHAI, 0
        self.date_of, self.midnight = PLAIN.date_of, PLAIN.midnight

    def works_on(self, day: date) -> bool:
        self.asked += 1
        return False


def test_a_year_without_a_day_of_work_is_looked_through_once() -> None:
    moment, never = there(SHANGHAI, 2026, 1, 5, 10, 0), Never()
    assert next_window(moment, DECORATION, never, SHANGHAI) == moment  # type: ignore[arg-type]
    assert last_window(moment + 9999 * DAY, DECORATION, never, SHANGHAI, since=moment) is None  # type: ignore[arg-type]
    assert never.asked <= 2 * 2 * 367


# -- for any moment, zone, calendar and kind of call

TRIGGERS = ["complaint", "visit", "measurement", "installation", "repair", "order", "lost_order"]


def may_be_called(at: datetime, of: Calls, on: Calendar, zone: ZoneInfo) -> bool:
    """By the words of the rules: asked of every minute, it knows nothing of openings."""
    clock = at.astimezone(zone).time()
    return (
        on.works_on(at.astimezone(on.zone).date())
        and not any(it.covers(clock) for it in of.rest)
        and (not of.windows or any(it.since <= f"{clock:%H:%M}" < it.until for it in of.windows))
    )


@settings(deadline=None, derandomize=True, max_examples=300)
@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(CALENDARS), st.sampled_from([CALLS, DECORATION]), st.sampled_from(TRIGGERS))
def test_both_ends_lie_in_windows_on_working_days_and_in_order(
    moment: datetime, zone: ZoneInfo, on: Calendar, of: Calls, trigger: str
) -> None:
    """FLUP-03, FLUP-06, FLUP-18, D-31"""
    asking: Asking = getattr(of, trigger)
    earliest, last = asked(moment, trigger, of, on, zone)
    begin, limit = not_before(moment, asking.after, on), due(moment, asking.within, on).at
    assert begin <= earliest < last and may_be_called(earliest, of, on, zone) and may_be_called(last - timedelta.resolution, of, on, zone)
    assert last <= limit or not any(
        may_be_called(begin + n * timedelta(minutes=5), of, on, zone) for n in range((limit - begin) // timedelta(minutes=5))
    )


@settings(deadline=None, derandomize=True, max_examples=100)
@given(MOMENTS, st.integers(0, 3000), st.sampled_from(ZONES), st.sampled_from(CALENDARS), st.sampled_from([CALLS, DECORATION]))
def test_there_is_no_sooner_first_and_no_later_last(moment: datetime, minutes: int, zone: ZoneInfo, on: Calendar, of: Calls) -> None:
    """Against a walk of five minutes a step; all windows and midnights lie on such steps."""
    step = timedelta(minutes=5)
    moment -= timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    first, by = next_window(moment, of, on, zone), moment + minutes // 5 * step
    assert not any(may_be_called(moment + n * step, of, on, zone) for n in range((first - moment) // step))
    last = last_window(by, of, on, zone, since=moment)
    if last is None or last <= moment:
        assert not any(may_be_called(moment + n * step, of, on, zone) for n in range((by - moment) // step))
    else:
        assert not any(may_be_called(last + n * step, of, on, zone) for n in range((by - last) // step))


@settings(deadline=None, derandomize=True)
@given(MOMENTS, st.timedeltas(timedelta(0), 9 * DAY), st.sampled_from(ZONES), st.sampled_from(TRIGGERS))
def test_what_happened_later_is_asked_no_sooner(moment: datetime, later: timedelta, zone: ZoneInfo, trigger: str) -> None:
    first, second = (asked(it, trigger, DECORATION, PLAIN, zone) for it in (moment, moment + later))
    assert first[0] <= second[0] and first[1] <= second[1]


# -- what a profile may say


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        *(
            ({"rest": hours(*rest), "windows": windows}, "no time of the day")
            for rest, windows in product(
                [[("08:00", "08:00")], [("08:00", "20:00"), ("20:00", "08:00")], [("00:00", "12:00"), ("11:00", "18:00"), ("17:00", "00:00")]],
                [[], hours(("10:30", "11:30"))],
            )
        ),
        ({"rest": hours(("10:00", "12:00")), "windows": hours(("10:30", "11:30"))}, "no time of the day"),
        ({"windows": hours(("10:30", "11:30"), ("11:00", "12:00"))}, "overlap"),
        ({"windows": hours(("22:00", "03:00"), ("02:00", "04:00")), "rest": []}, "overlap"),
        ({"visit": {"within": "0 cd", "rule": "ours"}}, "no time in which"),
        ({"visit": {"within": "1 cd", "rule": "ours", "at_risk": 1.0}}, "less than 1"),
        ({"visit": {"within": "1 week", "rule": "ours"}}, "whole number"),
        ({"visit": {"within": "1 cd"}}, "required"),
        ({"visit": {"within": "1 cd", "rule": "ours", "owner": "nobody"}}, "specialist"),
        ({"party": {"within": "1 cd", "rule": "ours"}}, "not permitted"),
    ],
)  # fmt: skip
def test_a_profile_that_can_not_be_kept_is_refused(facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        calls(**facts)


def test_windows_of_a_profile_may_touch_and_go_over_midnight() -> None:
    assert window_at(there(SHANGHAI, 2026, 1, 5, 11, 0), calls(("09:00", "11:00"), ("11:00", "12:00")), PLAIN, SHANGHAI) == (
        date(2026, 1, 5),
        1,
    )
    whole = calls(("22:00", "24:00"), rest=[])
    assert next_window(there(SHANGHAI, 2026, 1, 5, 23, 59), whole, PLAIN, SHANGHAI).time() == time(15, 59)
