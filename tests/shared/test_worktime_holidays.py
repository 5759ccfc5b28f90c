"""What is known of public holidays: libraries, notices, and where knowledge ends. Nothing here depends on what day it is."""

import csv
import gzip
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.holidays import Knowledge, NoticeMistake, is_known

FILE = Path(os.environ.get("CARELOOP_DATA") or Path(__file__).parents[3] / "shared" / "data") / "cn-calendar.csv.gz"
DAY = timedelta(days=1)
LAST = Knowledge().known_until("CN")  # grows with the library
assert LAST
NEXT = LAST.year + 1  # the first year that nobody has announced to us


def notice(folder: Path, text: str, name: str = "next.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def a_notice(year: int, *, off: str = "", work: str = "", country: str = "CN") -> str:
    return f'country = "{country}"\nyear = {year}\nsource = "https://example.org"\noff = [{off}]\nwork = [{work}]\n'


def office(knowledge: Knowledge, holidays: str = "CN") -> Calendar:
    part = CalendarPart.model_validate({"hours": [{"since": "09:00", "until": "18:00"}], "holidays": holidays})
    return Calendar("office", part, ZoneInfo("Asia/Shanghai"), knowledge)


@pytest.mark.skipif(not FILE.exists(), reason="real data is on some machines only, and is no part of the product")
def test_all_days_of_sixteen_years_are_as_announced() -> None:
    """D-31: public holidays and swapped weekends (调休), against lists of another origin."""
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        told = {date.fromisoformat(row["date"]): row["status_holiday_cn"] for row in csv.DictReader(lines)}
    calendar = office(Knowledge())
    assert len(told) == 5844
    assert {day: "work" if calendar.works_on(day) else "off" for day in told} == told
    swapped = {day for day in told if told[day] == "work" and day.weekday() > 4}
    assert {day for day in told if calendar.is_swapped(day)} == swapped and len(swapped) == 104


@pytest.mark.parametrize(
    ("day", "works", "swapped"),
    [
        (date(2021, 9, 30), True, False), (date(2021, 10, 1), False, False), (date(2021, 10, 7), False, False), (date(2021, 10, 8), True, False),
        (date(2021, 10, 9), True, True), (date(2021, 10, 10), False, False), (date(2007, 12, 29), True, True), (date(2007, 12, 31), False, False),
        (date(2018, 12, 29), True, True), (date(2026, 10, 10), True, True), (date(2026, 10, 8), True, False),
    ],
)  # fmt: skip
def test_holidays_and_swapped_weekends(day: date, works: bool, swapped: bool) -> None:
    """D-31"""
    calendar = office(Knowledge())
    assert (calendar.works_on(day), calendar.is_swapped(day)) == (works, swapped)


def test_a_holiday_has_its_name() -> None:
    calendar = office(Knowledge())
    assert calendar.day_off(date(2021, 10, 1)) == ("holiday", "国庆节") and calendar.day_off(date(2021, 10, 10)) == ("rest", None)
    assert calendar.day_off(date(2021, 10, 9)) is None
    assert office(Knowledge(), "DE").day_off(date(2026, 12, 25)) == ("holiday", "Erster Weihnachtstag")


def test_nothing_after_28_december_is_sure() -> None:
    """D-31: what nobody has announced is not known, and is no mistake."""
    assert (LAST.month, LAST.day) == (12, 28) and LAST.year >= 2026
    calendar = office(Knowledge())
    assert calendar.known_until == LAST
    assert calendar.knows(date(2021, 1, 1), LAST) and not calendar.knows(LAST, LAST + DAY)
    monday = next(day for day in (date(NEXT, 3, 1) + DAY * number for number in range(7)) if day.weekday() == 0)
    assert [calendar.works_on(monday + DAY * number) for number in range(7)] == [True] * 5 + [False] * 2, "the week alone"
    assert not calendar.knows(date(2003, 12, 31), date(2004, 1, 1)), "and before the first year"


def test_a_notice_makes_a_year_known(tmp_path: Path) -> None:
    """D-31: an operator adds next year's notice without a release."""
    saturday = next(day for day in (date(NEXT, 1, 4) + DAY * number for number in range(7)) if day.weekday() == 5)
    text = a_notice(NEXT, off=f'{{ since = {NEXT - 1}-12-30, until = {NEXT}-01-03, name = "元旦" }}', work=f"{NEXT - 1}-12-29, {saturday}")
    knowledge = Knowledge.read(notice(tmp_path, text))
    calendar = office(knowledge)
    assert knowledge.known_until("CN") == date(NEXT, 12, 28)
    assert calendar.knows(LAST, date(NEXT, 12, 28)) and not calendar.knows(LAST, date(NEXT, 12, 29))
    assert calendar.day_off(date(NEXT - 1, 12, 31)) == ("holiday", "元旦") == calendar.day_off(date(NEXT, 1, 1))
    assert calendar.works_on(date(NEXT - 1, 12, 29)) and calendar.is_swapped(saturday)


def test_a_year_between_stays_unknown(tmp_path: Path) -> None:
    assert Knowledge.read(notice(tmp_path, a_notice(NEXT + 1))).known_until("CN") == LAST
    assert Knowledge.read(notice(tmp_path, a_notice(NEXT), "between.toml")).known_until("CN") == date(NEXT + 1, 12, 28)


def test_a_notice_beats_the_library_on_the_days_it_names(tmp_path: Path) -> None:
    """The Spring Festival of 2020 was made longer when it had begun."""
    text = a_notice(2021, off='{ since = 2021-10-08, until = 2021-10-09, name = "长假" }', work="2021-10-07")
    knowledge = Knowledge.read(notice(tmp_path, text))
    calendar, year = office(knowledge), knowledge.year("CN", 2021)
    assert not year.work & year.off.keys() and date(2021, 10, 7) in year.work
    assert calendar.day_off(date(2021, 10, 9)) == ("holiday", "长假") == calendar.day_off(date(2021, 10, 8))
    assert calendar.works_on(date(2021, 10, 7)) and not calendar.works_on(date(2021, 10, 6))
    assert office(Knowledge()).works_on(date(2021, 10, 8))


def test_other_countries(tmp_path: Path) -> None:
    """Where holidays are a rule of law there is no end; where they are announced or estimated there is one."""
    knowledge = Knowledge.read(
        notice(tmp_path, a_notice(2026, country="DE", off='{ since = 2026-06-01, until = 2026-06-01, name = "Fest" }'))
    )
    assert [knowledge.known_until(country) for country in ("DE", "US", "FR", "none")] == [None] * 4
    assert all(knowledge.known_until(country) for country in ("HU", "AE", "MY", "LK"))
    assert office(knowledge, "DE").day_off(date(2026, 6, 1)) == ("holiday", "Fest") and office(knowledge, "CN").works_on(date(2026, 6, 1))
    assert office(knowledge, "US").day_off(date(2021, 12, 31)) == ("holiday", "New Year's Day (observed)"), "a holiday of the year after"
    assert office(knowledge, "HU").is_swapped(date(2024, 8, 3))
    assert office(knowledge, "none").works_on(date(2026, 10, 1))


@pytest.mark.parametrize(
    ("country", "known"), [("CN", True), ("DE", True), ("ZZ", False), ("de", False), ("DEU", False), ("", False), ("none", False)]
)
def test_which_countries_there_are(country: str, known: bool) -> None:
    assert is_known(country) is known


def test_no_folder_and_no_notices(tmp_path: Path) -> None:
    assert Knowledge.read(None).notices == Knowledge.read(tmp_path).notices == Knowledge.read(tmp_path / "none").notices == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("country = ", ["the file: it can't be read"]),
        ('country = "CN"', ["year: is missing", "source: is missing"]),
        (a_notice(2027, country="China"), ["country: a country by its two letters"]),
        (a_notice(2027, off='{ since = "soon", until = 2027-01-03 }'), ["off[0].since: a date, as in", "off[0].name: is missing"]),
        (a_notice(2027, off='{ since = 2027-01-03, until = 2027-01-01, name = "元旦" }'), ["off[0]: it ends on 2027-01-01, before it begins"]),
        (a_notice(2027, work="2028-01-04"), ["the notice: 2028-01-04 is not in 2027"]),
        (a_notice(2027, work="2027-01-02", off='{ since = 2027-01-01, until = 2027-01-03, name = "元旦" }'), ["2027-01-02 is both off and worked"]),
        (a_notice(2027, off='{ since = 2027-01-01, until = 2027-01-03, name = "a" }, { since = 2027-01-03, until = 2027-01-03, name = "b" }'), ["2027-01-03 is named twice"]),
        (a_notice(2027) + "of = []", ["of: there is no such key"]),
        (a_notice(27), ["year: a year, as in 2027"]),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_notice_are_told_at_once(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(NoticeMistake) as error:
        Knowledge.read(notice(tmp_path, text))
    assert (error.value.file, len(list(error.value))) == (tmp_path / "next.toml", len(told))
    assert all(part in f"{it.where}: {it.message}" for it, part in zip(error.value, told, strict=True)), str(error.value)


def test_two_notices_may_not_disagree(tmp_path: Path) -> None:
    notice(tmp_path, a_notice(2027, work="2027-01-02"), "a.toml")
    notice(tmp_path, a_notice(2027, off='{ since = 2027-01-02, until = 2027-01-02, name = "元旦" }'), "b.toml")
    notice(tmp_path, a_notice(27), "c.toml")
    with pytest.raises(NoticeMistake) as error:
        Knowledge.read(tmp_path)
    assert [it.file.name for it in error.value] == ["b.toml", "c.toml"] and "a.toml has this day of CN already" in error.value.message


def test_no_library_is_read_before_it_is_needed() -> None:
    """A worker starts without them."""
    program = "import sys, shared.worktime.counting, shared.worktime.explaining; print({'holidays', 'chinese_calendar'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
