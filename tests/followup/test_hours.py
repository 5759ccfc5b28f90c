"""When a customer may be called, in their own time; pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.followup.domain.hours import last_window, next_window, window_of
from services.followup.domain.policy import Asking, Calls, Quiet
from tests.followup.conftest import TRADE

CALLS = TRADE.policy("headquarters").calls
SHANGHAI, BERLIN, CHICAGO = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/Chicago")
ZONES = st.sampled_from([SHANGHAI, BERLIN, CHICAGO, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")])
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def there(zone: ZoneInfo, *when: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = when
    return datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold)


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
    assert next_window(there(zone, 2026, 1, 5, hour, minute), CALLS.rest, zone) == there(zone, 2026, 1, *expected)


@pytest.mark.parametrize(
    ("resolved", "earliest", "due"),
    [
        ((5, 10, 0), (5, 10, 0), (8, 21, 0)),
        ((5, 12, 30), (5, 14, 0), (8, 21, 0)),
        ((5, 23, 59), (6, 8, 0), (8, 21, 0)),
        ((6, 0, 0), (6, 8, 0), (9, 21, 0)),
    ],
)
def test_within_three_days_of_which_the_first_is_not_counted(
    resolved: tuple[int, int, int], earliest: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    """FLUP-06, D-31"""
    found = window_of(there(BERLIN, 2026, 1, *resolved), CALLS.complaint, CALLS.rest, BERLIN)
    assert found == (there(BERLIN, 2026, 1, *earliest), there(BERLIN, 2026, 1, *due))


@pytest.mark.parametrize(
    ("home", "earliest"), [((5, 9, 0), (5, 11, 0)), ((5, 10, 30), (5, 14, 0)), ((5, 20, 0), (6, 8, 0)), ((5, 22, 30), (6, 8, 0))]
)
def test_a_guest_is_called_two_hours_after_they_are_home(home: tuple[int, int, int], earliest: tuple[int, int, int]) -> None:
    """FLUP-25"""
    found = window_of(there(SHANGHAI, 2026, 1, *home), CALLS.visit, CALLS.rest, SHANGHAI)
    assert found == (there(SHANGHAI, 2026, 1, *earliest), there(SHANGHAI, 2026, 1, 6, 21, 0))


def test_a_day_that_does_not_end_in_rest_ends_at_midnight() -> None:
    """D-31"""
    morning = (Quiet(since=time(0), until=time(8)),)
    midnight = there(SHANGHAI, 2026, 1, 6, 0, 0)
    assert last_window(midnight, morning, SHANGHAI) == midnight
    assert last_window(midnight, (), SHANGHAI) == midnight


def test_the_last_window_lies_before_all_rests_that_touch() -> None:
    evening = (Quiet(since=time(20), until=time(21)), *CALLS.rest)
    assert last_window(there(SHANGHAI, 2026, 1, 6, 0, 0), evening, SHANGHAI) == there(SHANGHAI, 2026, 1, 5, 20, 0)


def test_hours_that_come_twice_or_not_at_all() -> None:
    """Clocks in Berlin go back at 3:00 on 25 October and forward at 2:00 on 29 March 2026."""
    until_half_past_two = (Quiet(since=time(21), until=time(2, 30)),)
    again = there(BERLIN, 2026, 10, 25, 2, 0, fold=1)
    assert next_window(again, until_half_past_two, BERLIN) == again.astimezone(UTC), "it was half past two already, half an hour ago"
    assert next_window(there(BERLIN, 2026, 3, 28, 22, 0), until_half_past_two, BERLIN) == there(BERLIN, 2026, 3, 29, 3, 30)
    night = next_window(there(BERLIN, 2026, 3, 28, 21, 0), CALLS.rest, BERLIN) - there(BERLIN, 2026, 3, 28, 21, 0).astimezone(UTC)
    assert night == timedelta(hours=10)


@settings(deadline=None, derandomize=True)
@given(MOMENTS, ZONES, st.sampled_from([CALLS.complaint, CALLS.visit]))
def test_both_ends_lie_in_windows_and_in_order(moment: datetime, zone: ZoneInfo, asking: Asking) -> None:
    """FLUP-03, FLUP-06, FLUP-25, D-31"""
    earliest, due = window_of(moment, asking, CALLS.rest, zone)
    first, last = earliest.astimezone(zone), due.astimezone(zone)
    assert moment + asking.after <= earliest < due
    assert time(8) <= first.time() < time(12) or time(14) <= first.time() < time(21)
    assert last.time() == time(21) and (last.date() - moment.astimezone(zone).date()).days in (asking.within_days, asking.within_days - 1)
    assert earliest - moment - asking.after <= timedelta(hours=36)


@pytest.mark.parametrize(
    "rest", [[("08:00", "08:00")], [("08:00", "20:00"), ("20:00", "08:00")], [("00:00", "12:00"), ("11:00", "18:00"), ("17:00", "00:00")]]
)
def test_a_profile_leaves_a_window(rest: list[tuple[str, str]]) -> None:
    told = CALLS.model_dump() | {"rest": [{"since": since, "until": until} for since, until in rest]}
    with pytest.raises(ValidationError, match="no time of the day"):
        Calls.model_validate(told)
