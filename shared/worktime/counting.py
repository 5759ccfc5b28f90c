"""How deadlines are counted: the starting day is not; calendar days end at 24:00, working days at close of business, hours are exact.  D-31"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from shared.worktime.calendar import Calendar
from shared.worktime.span import Measure, Span

DAY = timedelta(days=1)


class Due(NamedTuple):
    at: datetime  # UTC
    provisional: bool  # it stands on days of which nobody knows yet whether they are worked


def due(start: datetime, span: Span, calendar: Calendar, *, right: bool = False) -> Due:
    """When a span that begins now is over. No time at all is over at once. A customer's right in calendar days that would end on a day off
    ends with the next working day; our own duty never rolls.  D-31, D-09, D-29"""
    start = start.astimezone(UTC)
    if not span.amount:
        return Due(start, False)
    match span.measure:
        case Measure.MINUTES | Measure.HOURS:
            return Due(start + span.exact, False)
        case Measure.DAYS:
            last = calendar.date_of(start) + span.amount * DAY
            if not right:
                return Due(calendar.midnight(last + DAY), False)
            rolled = calendar.next_working_day(last)
            return Due(calendar.midnight(rolled + DAY), not calendar.knows(last, rolled))
        case Measure.WORKING_DAYS:
            first = calendar.date_of(start)
            last = calendar.working_day(first, span.amount)
            return Due(calendar.close_of(last), not calendar.knows(first + DAY, last))
        case Measure.WORKING_HOURS:
            end = calendar.add_working(start, span.exact)
            return Due(end, not calendar.knows(calendar.date_of(start), last_day(end, calendar)))


def not_before(start: datetime, span: Span, calendar: Calendar) -> datetime:
    """The earliest moment: where days are counted, the beginning of the last one."""
    if not span.amount or span.measure not in (Measure.DAYS, Measure.WORKING_DAYS):
        return due(start, span, calendar).at
    first = calendar.date_of(start)
    if span.measure is Measure.DAYS:
        return calendar.midnight(first + span.amount * DAY)
    return calendar.open_of(calendar.working_day(first, span.amount))


def part_of(start: datetime, end: datetime, share: float, measure: Measure, calendar: Calendar) -> datetime:
    """When this share of the time is over: of working time where it is measured in that, otherwise of all time."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return end
    if measure.of_work:
        return min(calendar.add_working(start, calendar.worked(start, end) * share), end)
    return start + (end - start) * share


def last_day(end: datetime, calendar: Calendar) -> date:
    """What ends at midnight ends with the day before."""
    return calendar.date_of(end - timedelta(microseconds=1))
