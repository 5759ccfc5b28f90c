"""When a customer may be called: outside the hours in which they rest, in their own time.  FLUP-03"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.followup.domain.policy import Asking, Quiet

DAY = timedelta(days=1)


class Window(NamedTuple):
    """Somebody calls, not before the one moment and no later than the other."""

    earliest_at: datetime
    due_at: datetime


def window_of(moment: datetime, asking: Asking, rest: Sequence[Quiet], zone: ZoneInfo) -> Window:
    """When to ask about what happened at this moment. Its day is not counted, and our duty never rolls later: where the days end in
    hours of rest, it ends with the last window before.  FLUP-06, FLUP-25, D-31"""
    last = moment.astimezone(zone).date() + timedelta(days=asking.within_days)
    midnight = datetime.combine(last + DAY, time(), zone)
    return Window(next_window(moment + asking.after, rest, zone), last_window(midnight, rest, zone))


def next_window(at: datetime, rest: Sequence[Quiet], zone: ZoneInfo) -> datetime:
    """The first moment from here on at which the customer does not rest."""
    at = at.astimezone(UTC)
    while (end := next((end for start, end in spans(at, rest, zone) if start <= at < end), None)) is not None:
        at = end
    return at


def last_window(by: datetime, rest: Sequence[Quiet], zone: ZoneInfo) -> datetime:
    """`by`, or where the last window before it closes."""
    by = by.astimezone(UTC)
    while (start := next((start for start, end in spans(by, rest, zone) if start < by <= end), None)) is not None:
        by = start
    return by


def spans(at: datetime, rest: Sequence[Quiet], zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The hours of rest around a moment. In UTC: two times of one zone would be compared by what their clocks show."""
    today = at.astimezone(zone).date()
    for day in (today - DAY, today):
        for it in rest:
            over = day if it.since < it.until else day + DAY
            yield datetime.combine(day, it.since, zone).astimezone(UTC), datetime.combine(over, it.until, zone).astimezone(UTC)
