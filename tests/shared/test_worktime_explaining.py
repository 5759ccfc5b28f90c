"""Why a deadline is when it is: steps for machines, a sentence for people."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.counting import due
from shared.worktime.explaining import Code, Step, sentence, steps
from shared.worktime.span import Measure, Span
from tests.shared.test_worktime_calendar import CALENDARS, DECORATION, KNOWN, OFFICE, calendar, team, there

DAY = timedelta(days=1)
LAST = KNOWN.known_until("CN")
assert LAST


def told(it: CalendarPart, day: str, clock: str, span: str, *, right: bool = False) -> list[Step]:
    return steps(there(day, clock), Span.parse(span), calendar(it), right=right)


def test_three_working_days_over_a_holiday() -> None:
    """D-31"""
    assert [step.model_dump(exclude_defaults=True) for step in told(OFFICE, "2021-09-30", "10:00", "3 wd")] == [
        {"code": "start", "at": there("2021-09-30", "10:00")},
        {"code": "not_counted", "since": date(2021, 9, 30), "until": date(2021, 9, 30)},
        {"code": "off", "since": date(2021, 10, 1), "until": date(2021, 10, 7), "reason": "holiday", "name": "国庆节"},
        {
            "code": "counted", "since": date(2021, 10, 8), "until": date(2021, 10, 11), "count": 3, "measure": "wd", "rests": 1,
            "swapped": (date(2021, 10, 9),),
        },
        {"code": "ends", "at": there("2021-10-11", "18:00")},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("it", "day", "clock", "span", "right", "zh", "en"),
    [
        (
            OFFICE, "2021-09-30", "10:00", "3 wd", False,
            "自2021年9月30日（周四）10:00起算；起始日2021年9月30日不计入；2021年10月1日至7日国庆节放假，不计入；2021年10月8日至11日，其中休息日1天，计3个工作日（2021年10月9日为调休上班日）；于2021年10月11日（周一）18:00到期。",
            "From Thursday 30 September 2021 10:00; the starting day, 30 September 2021, is not counted; 1 to 7 October 2021: National Day, not counted; 8 to 11 October 2021, of which 1 is a day of rest: 3 working days (9 October 2021 worked instead of a day of rest); it ends on Monday 11 October 2021 18:00.",
        ),
        (
            OFFICE, "2021-09-24", "10:00", "10 cd", True,
            "自2021年9月24日（周五）10:00起算；起始日2021年9月24日不计入；2021年9月25日至10月4日计10个日历日；2021年10月4日至7日国庆节放假，不计入；期限末日2021年10月4日不是工作日，顺延至2021年10月8日；于2021年10月8日（周五）24:00到期。",
            "From Friday 24 September 2021 10:00; the starting day, 24 September 2021, is not counted; 25 September to 4 October 2021: 10 calendar days; 4 to 7 October 2021: National Day, not counted; the last day, 4 October 2021, is no working day, so it rolls to 8 October 2021; it ends on Friday 8 October 2021 24:00.",
        ),
        (
            OFFICE, "2021-09-30", "17:00", "2 wh", False,
            "自2021年9月30日（周四）17:00起算；2021年9月30日计工作时间1小时；2021年10月1日至7日国庆节放假，不计入；2021年10月8日计工作时间1小时；于2021年10月8日（周五）10:00到期。",
            "From Thursday 30 September 2021 17:00; 30 September 2021: 1 h of working time; 1 to 7 October 2021: National Day, not counted; 8 October 2021: 1 h of working time; it ends on Friday 8 October 2021 10:00.",
        ),
        (
            DECORATION, "2021-09-27", "19:00", "4 wh", False,
            "自2021年9月27日（周一）19:00起算；当时为非工作时间，自2021年9月29日（周三）09:00开始计时；2021年9月29日计工作时间4小时；于2021年9月29日（周三）15:30到期。",
            "From Monday 27 September 2021 19:00; outside working hours, so counted from Wednesday 29 September 2021 09:00; 29 September 2021: 4 h of working time; it ends on Wednesday 29 September 2021 15:30.",
        ),
        (
            OFFICE, "2021-09-16", "10:00", "1 cd", False,
            "自2021年9月16日（周四）10:00起算；起始日2021年9月16日不计入；2021年9月17日计1个日历日；于2021年9月17日（周五）24:00到期。",
            "From Thursday 16 September 2021 10:00; the starting day, 16 September 2021, is not counted; 17 September 2021: 1 calendar day; it ends on Friday 17 September 2021 24:00.",
        ),
        (
            DECORATION, "2021-09-27", "10:00", "8 wh", False,
            "自2021年9月27日（周一）10:00起算；2021年9月27日至29日，其中休息日1天，计工作时间8小时；于2021年9月29日（周三）11:30到期。",
            "From Monday 27 September 2021 10:00; 27 to 29 September 2021, of which 1 is a day of rest: 8 h of working time; it ends on Wednesday 29 September 2021 11:30.",
        ),
        (
            OFFICE, "2021-12-31", "17:30", "24 h", False,
            "自2021年12月31日（周五）17:30起算；连续计24小时；于2022年1月1日（周六）17:30到期。",
            "From Friday 31 December 2021 17:30; 24 hours without a break; it ends on Saturday 1 January 2022 17:30.",
        ),
        (
            team("dxx", begins=date(2021, 9, 27)), "2021-09-27", "10:00", "1 wd", False,
            "自2021年9月27日（周一）10:00起算；起始日2021年9月27日不计入；2021年9月28日至30日，其中轮休2天，计1个工作日；于2021年9月30日（周四）20:00到期。",
            "From Monday 27 September 2021 10:00; the starting day, 27 September 2021, is not counted; 28 to 30 September 2021, of which 2 are days off: 1 working day; it ends on Thursday 30 September 2021 20:00.",
        ),
    ],
)  # fmt: skip
def test_a_sentence_for_a_reader(it: CalendarPart, day: str, clock: str, span: str, right: bool, zh: str, en: str) -> None:
    """D-31, ORGN-04, CMPL-L01"""
    found = told(it, day, clock, span, right=right)
    assert sentence(found, "zh", calendar(it)) == zh
    assert sentence(found, "en", calendar(it)) == en


def test_a_sentence_says_that_it_is_provisional() -> None:
    """D-31"""
    found = told(OFFICE, str(LAST), "10:00", "60 wd")
    assert found[-1].code is Code.PROVISIONAL and found[-1].until == LAST
    assert sentence(found, "zh", calendar(OFFICE)).endswith(f"{LAST.year}年12月28日之后的放假安排尚未公布，此期限为暂定。")
    assert sentence(found, "en", calendar(OFFICE)).endswith(
        f"the holidays after 28 December {LAST.year} are not announced yet, so this is provisional."
    )


def test_before_the_first_year_nothing_is_said_of_the_last() -> None:
    found = told(OFFICE, "2003-12-01", "10:00", "3 wd")
    assert sentence(found, "en", calendar(OFFICE)).endswith("not all holidays are known, so this is provisional.")
    assert sentence(found, "zh", calendar(OFFICE)).endswith("放假安排尚不确定，此期限为暂定。")


def test_long_spans_stay_short() -> None:
    """Ninety working days cross two holidays or three."""
    assert len(told(OFFICE, "2021-03-01", "10:00", "90 wd")) < 12
    assert len(told(DECORATION, "2021-03-01", "10:00", "700 wh")) < 12


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from(CALENDARS), st.builds(Span, st.integers(0, 120), st.sampled_from(Measure)),
    st.datetimes(datetime(2007, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)), st.booleans(),
)  # fmt: skip
def test_the_steps_are_the_arithmetic(it: Calendar, span: Span, at: datetime, right: bool) -> None:
    """D-31: the last moment is the deadline, every day between is told once, and what is counted adds up."""
    found, ends = steps(at, span, it, right=right), due(at, span, it, right=right)
    assert (found[0].code, found[0].at, found[-1].at) == (Code.START, at, ends.at)
    assert (found[-1].code is Code.PROVISIONAL) == ends.provisional
    assert Step.model_validate_json(found[-1].model_dump_json()) == found[-1]
    if span.measure is Measure.WORKING_DAYS and span.amount:
        ranges = [(step.since, step.until) for step in found if step.since and step.until]
        assert all(until + DAY == since for (_, until), (since, _) in pairwise(ranges)) and ranges[0][0] == it.date_of(at)
        assert sum(step.count or 0 for step in found) == span.amount
    if span.measure is Measure.WORKING_HOURS:
        assert sum((step.time or timedelta() for step in found), timedelta()) == timedelta(hours=span.amount)
    for language in ("zh", "en"):
        said = sentence(found, language, it)  # type: ignore[arg-type]
        assert "None" not in said and "{" not in said and len(said) > 20
