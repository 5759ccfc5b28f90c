"""Why a deadline is when it is: the arithmetic in steps that a machine can read, and one sentence for people.  D-31"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.worktime.calendar import Calendar, Reason
from shared.worktime.counting import due, last_day
from shared.worktime.span import Measure, Span
from shared.worktime.wording import Language, Words, words_of

DAY = timedelta(days=1)


class Code(StrEnum):
    START = "start"
    NOT_COUNTED = "not_counted"  # the starting day, or the time up to the next opening
    OFF = "off"
    COUNTED = "counted"
    WORKED = "worked"
    ROLLED = "rolled"
    ENDS = "ends"
    PROVISIONAL = "provisional"


class Step(BaseModel):
    """What is told depends on the code. Days are both included, moments in UTC."""

    model_config = ConfigDict(frozen=True)
    code: Code
    at: datetime | None = None
    since: date | None = None
    until: date | None = None
    reason: Reason | None = None  # why the days are off
    name: str | None = None  # of the public holiday
    count: int | None = None  # of days, hours or minutes
    measure: Measure | None = None  # of the count
    rests: int | None = None  # days of rest in between, not counted
    swapped: tuple[date, ...] = ()  # days of rest that are worked for a holiday (调休)
    time: timedelta | None = None  # worked


def steps(start: datetime, span: Span, calendar: Calendar, *, right: bool = False) -> list[Step]:
    """The arithmetic of `due`. The moment of the last step is what `due` returns."""
    start = start.astimezone(UTC)
    found = due(start, span, calendar, right=right)
    told = [Step(code=Code.START, at=start)]
    if span.amount:
        match span.measure:
            case Measure.MINUTES | Measure.HOURS:
                told.append(Step(code=Code.COUNTED, count=span.amount, measure=span.measure))
            case Measure.DAYS:
                told.extend(of_days(start, span.amount, last_day(found.at, calendar), calendar))
            case Measure.WORKING_DAYS:
                first = calendar.date_of(start)
                told.append(Step(code=Code.NOT_COUNTED, since=first, until=first))
                told.extend(runs(first + DAY, calendar.working_day(first, span.amount), calendar))
            case Measure.WORKING_HOURS:
                told.extend(of_working_hours(start, found.at, calendar))
    told.append(Step(code=Code.ENDS, at=found.at))
    if found.provisional:
        until = calendar.known_until
        told.append(Step(code=Code.PROVISIONAL, at=found.at, until=until if until and until < last_day(found.at, calendar) else None))
    return told


def of_days(start: datetime, amount: int, ends: date, calendar: Calendar) -> Iterator[Step]:
    first = calendar.date_of(start)
    last = first + amount * DAY
    yield Step(code=Code.NOT_COUNTED, since=first, until=first)
    yield Step(code=Code.COUNTED, since=first + DAY, until=last, count=amount, measure=Measure.DAYS)
    if ends != last:
        yield from runs(last, ends - DAY, calendar)
        yield Step(code=Code.ROLLED, since=last, until=ends)


def of_working_hours(start: datetime, end: datetime, calendar: Calendar) -> Iterator[Step]:
    opens = calendar.next_open(start)
    if opens > start:
        yield Step(code=Code.NOT_COUNTED, at=opens)
    for it in runs(calendar.date_of(opens), last_day(end, calendar), calendar):
        assert it.since and it.until
        between = max(start, calendar.midnight(it.since)), min(end, calendar.midnight(it.until + DAY))
        if time := calendar.worked(*between):
            yield it.model_copy(update={"code": Code.WORKED, "time": time, "reason": None, "name": None})
        else:
            yield it


def runs(first: date, last: date, calendar: Calendar) -> Iterator[Step]:
    """All days between, in few steps: those of a holiday together, and those between holidays, whose ordinary days of rest are only numbered."""
    days: list[date] = []
    kind: tuple[Reason, str | None] | None = None
    for number in range((last - first).days + 1):
        off = calendar.day_off(day := first + number * DAY)
        its_kind = (off.reason, off.name) if off and off.reason in (Reason.HOLIDAY, Reason.CLOCKS) else None
        if days and its_kind != kind:
            yield run(days, kind, calendar)
            days = []
        kind = its_kind
        days.append(day)
    if days:
        yield run(days, kind, calendar)


def run(days: Sequence[date], kind: tuple[Reason, str | None] | None, calendar: Calendar) -> Step:
    if kind:
        return Step(code=Code.OFF, since=days[0], until=days[-1], reason=kind[0], name=kind[1])
    worked = [day for day in days if calendar.works_on(day)]
    if not worked:
        reason = Reason.ROSTER if calendar.part.roster else Reason.REST
        return Step(code=Code.OFF, since=days[0], until=days[-1], reason=reason)
    swapped = tuple(day for day in worked if calendar.is_swapped(day))
    return Step(
        code=Code.COUNTED, since=days[0], until=days[-1], count=len(worked), measure=Measure.WORKING_DAYS, rests=len(days) - len(worked), swapped=swapped
    )  # fmt: skip


def sentence(steps: Sequence[Step], language: Language, calendar: Calendar) -> str:
    """For a reader, in the calendar's own time."""
    words = words_of(language)
    return words.joined([clause(step, words, calendar) for step in steps])


def clause(step: Step, words: Words, calendar: Calendar) -> str:
    at = words.moment(step.at, calendar.zone) if step.at else ""
    days = words.days(step.since, step.until) if step.since and step.until else ""
    rests = words.resting(step.rests, roster=calendar.part.roster is not None)
    match step.code:
        case Code.START:
            return words.start.format(at=at)
        case Code.NOT_COUNTED:
            return words.opens.format(at=at) if step.at else words.not_counted.format(days=days)
        case Code.OFF:
            assert step.reason
            return words.off[step.reason].format(days=days, name=words.name(step.name or ""))
        case Code.COUNTED:
            assert step.measure
            said = words.counted[step.measure].format(days=days, rests=rests, count=step.count, s="" if step.count == 1 else "s")
            return said + words.swaps(step.swapped)
        case Code.WORKED:
            assert step.time is not None
            return words.worked.format(days=days, rests=rests, time=words.time(step.time)) + words.swaps(step.swapped)
        case Code.ROLLED:
            assert step.since and step.until
            return words.rolled.format(ends=words.days(step.since, step.since), rolled=words.days(step.until, step.until))
        case Code.ENDS:
            return words.ends.format(at=words.end(step.at, calendar.zone) if step.at else "")
        case Code.PROVISIONAL:
            return words.provisional.format(days=words.days(step.until, step.until)) if step.until else words.uncertain
