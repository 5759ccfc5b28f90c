"""What is known of public holidays: libraries, notices, and where knowledge ends. Nothing here depends on what day it is."""

import csv
import gzip
import os
import subprocess
import sys
from datetime import date, timedelta
from importlib.metadata import version
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
    off = off or f'{{ since = {year}-05-01, until = {year}-05-03, name = "劳动节" }}'
    return f'country = "{country}"\nyear = {year}\nsource = "https://example.org"\noff = [{off}]\nwork = [{work}]\n'


def told(folder: Path) -> list[str]:
    """What is wrong with the notices there."""
    with pytest.raises(NoticeMistake) as error:
        Knowledge.read(folder)
    assert str(error.value) == "\n".join(f"{it.file.name}: {it.said}" for it in error.value)
    return str(error.value).splitlines()


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


def test_a_year_follows_on_what_is_known(tmp_path: Path) -> None:
    """A gap is told, and is filled by its notice. A notice of a year that a library knows corrects it."""
    assert told(notice(tmp_path, a_notice(NEXT + 2))) == [
        f"next.toml: year is {NEXT + 2}: nothing is known of {NEXT} and {NEXT + 1}, so this notice changes nothing yet:"
        f" add those of {NEXT} and {NEXT + 1}"
    ]
    assert told(notice(tmp_path, a_notice(NEXT), "first.toml")) == [
        f"next.toml: year is {NEXT + 2}: nothing is known of {NEXT + 1}, so this notice changes nothing yet: add that of {NEXT + 1}"
    ]
    assert len(told(notice(tmp_path, a_notice(NEXT + 1) + "of = 1", "between.toml"))) == 1, "it is there, if not right"
    assert len(told(notice(tmp_path, "country =", "between.toml"))) == 1, "it may be this one"
    assert Knowledge.read(notice(tmp_path, a_notice(NEXT + 1), "between.toml")).known_until("CN") == date(NEXT + 2, 12, 28)
    assert f"nothing is known of {NEXT + 3} to 2998, so" in told(notice(tmp_path, a_notice(2999), "far.toml"))[0]
    notice(tmp_path / "DE", a_notice(2999, country="DE"))
    notice(tmp_path / "DE", a_notice(2021), "old.toml")
    assert len(Knowledge.read(tmp_path / "DE").notices) == 2, "a rule of law has no end, and what is known may be corrected"


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


DATE = "a date without quotes, as in 2027-01-31, belongs here"
OFF = 'a notice names the days that are off, as in [{ since = 2027-01-01, until = 2027-01-03, name = "元旦" }]'
COUNTRY = 'a country by its two letters, as in "CN", belongs here'
YEAR = "a whole number without quotes, as in 2027, belongs here"
SOURCE = "where it was announced, in quotes, belongs here"
START = 'country = "CN"\nyear = 2026\nsource = "-"\n'


def holiday(since: str, until: str, name: str = '"x"') -> str:
    return f"{{ since = {since}, until = {until}, name = {name} }}"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        # keys
        ('country = "CN"', [f"year is missing: {YEAR}", f"source is missing: {SOURCE}", f"off is missing: {OFF}"]),
        (START, [f"off is missing: {OFF}"]),
        (START + "off = []", [f"off is []: {OFF}"]),
        (START + "off = [{ since = 2026-01-01, until = 2026-01-03 }]", ["off[0].name is missing: the name of the holiday, in quotes, belongs here"]),
        (a_notice(2026) + "of = []", ['of is []: there is no such key; did you mean "off"?']),
        (a_notice(2026) + "zzz = 1", ["zzz is 1: there is no such key; there are country, year, source, off, work"]),
        (START + 'off = [{ since = 2026-01-01, until = 2026-01-03, name = "a", nam = "b" }]', ['off[0].nam is "b": there is no such key; did you mean "name"?']),
        # types
        (a_notice(2026).replace("2026\n", '"2026"\n'), [f'year is "2026": {YEAR}']),
        (a_notice(2026).replace("2026\n", "2026.0\n"), [f"year is 2026.0: {YEAR}"]),
        (a_notice(2026).replace("2026\n", "true\n"), [f"year is true: {YEAR}"]),
        (a_notice(2026, off=holiday('"2026-01-01"', "2026-01-03T00:00:00", "3")), [f'off[0].since is "2026-01-01": {DATE}', f"off[0].until is 2026-01-03 00:00:00: {DATE}", "off[0].name is 3: the name of the holiday, in quotes, belongs here"]),
        (START + "off = { since = 2026-01-01, until = 2026-01-03 }", [f"off is a table: {OFF}"]),
        (a_notice(2026, off="2026-01-01"), ['off[0] is 2026-01-01: a holiday, as in { since = 2027-01-01, until = 2027-01-03, name = "元旦" }, belongs here']),
        (a_notice(2026, work='"2026-01-04", 20260105'), [f'work[0] is "2026-01-04": {DATE}', f"work[1] is 20260105: {DATE}"]),
        (START + 'off = ["x"]\nwork = 3', ['off[0] is "x": a holiday, as in { since = 2027-01-01, until = 2027-01-03, name = "元旦" }, belongs here', "work is 3: a list of days of rest that are worked, as in [2027-02-20], belongs here"]),
        # values
        (a_notice(2026, country="china"), [f'country is "china": {COUNTRY}']),
        (a_notice(2026, country="ZZ"), ['country is "ZZ": no library of holidays knows this country']),
        (a_notice(2026).replace("2026\n", "26\n"), [f"year is 26: {YEAR}"]),
        (a_notice(2026).replace("https://example.org", ""), [f'source is "": {SOURCE}']),
        # days
        (a_notice(2026, off=holiday("2026-01-03", "2026-01-01")), ["off[0].until is 2026-01-01: that is before it begins, on 2026-01-03"]),
        (a_notice(2026, off=holiday("2026-01-01", "2026-02-01")), ["off[0].until is 2026-02-01: a holiday of 32 days is a slip of the hand; it has 31 at most"]),
        (a_notice(2026, work="2027-01-04, 2025-11-30"), ["work[0] is 2027-01-04: a day of 2026, or of December 2025, belongs here", "work[1] is 2025-11-30: a day of 2026, or of December 2025, belongs here"]),
        (a_notice(2026, off=holiday("2026-12-31", "2027-01-01")), ["off[0].until is 2027-01-01: a day of 2026, or of December 2025, belongs here"]),
        (a_notice(2026, work="2026-01-02", off=holiday("2026-01-01", "2026-01-03")), ["work[0] is 2026-01-02: off[0] has this day off"]),
        (a_notice(2026, work="2026-01-04, 2026-01-04"), ["work[1] is 2026-01-04: work[0] is the same day"]),
        (a_notice(2026, off=holiday("2026-01-01", "2026-01-03") + "," + holiday("2026-01-02", "2026-01-05")), ["off[1]: 2026-01-02 is off already by off[0]"]),
        # at once
        (
            'country = "china"\nyear = 2026\noff = [{ since = 2026-01-01, until = 2026-03-03, name = "x" }]\nwork = [2029-01-01, 1]',
            [
                f'country is "china": {COUNTRY}', f"source is missing: {SOURCE}", f"work[1] is 1: {DATE}",
                "off[0].until is 2026-03-03: a holiday of 62 days is a slip of the hand; it has 31 at most",
                "work[0] is 2029-01-01: a day of 2026, or of December 2025, belongs here",
            ],
        ),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_notice_are_told_at_once(tmp_path: Path, text: str, wrong: list[str]) -> None:
    """One sentence a mistake: key, value, and what belongs there."""
    assert told(notice(tmp_path, text)) == [f"next.toml: {it}" for it in wrong]


@pytest.mark.parametrize("text", ["country = ", "year = 2027-02-30", "year = " + "1" * 5000, "off = " + "[" * 5000])
def test_what_is_no_toml_is_told_too(tmp_path: Path, text: str) -> None:
    assert told(notice(tmp_path, text))[0].startswith("next.toml: the file: it can't be read (")


def test_a_month_may_be_off(tmp_path: Path) -> None:
    assert Knowledge.read(notice(tmp_path, a_notice(2026, off=holiday("2026-01-01", "2026-01-31")))).notices


def test_two_notices_may_not_disagree(tmp_path: Path) -> None:
    """A year of a country has one notice; the December before may be in two, but no day of it."""
    notice(tmp_path, a_notice(2025, work="2025-12-28"), "a.toml")
    notice(tmp_path, a_notice(2026, off=holiday("2025-12-28", "2025-12-28")), "b.toml")
    notice(tmp_path, a_notice(2026, off=holiday("2025-12-28", "2025-12-28")), "c.toml")
    notice(tmp_path, a_notice(2026).replace("2026\n", "26\n"), "d.toml")
    notice(tmp_path, a_notice(2026, country="DE"), "e.toml")
    assert told(tmp_path) == [
        "b.toml: 2025-12-28: a.toml has this day of CN already",
        "c.toml: year is 2026: b.toml is the notice of CN for 2026 already",
        f"d.toml: year is 26: {YEAR}",
    ]


# The fingerprint


def prints(folder: Path) -> tuple[str, str]:
    knowledge = Knowledge.read(folder)
    return knowledge.fingerprint("CN"), knowledge.fingerprint("DE")


def test_equal_knowledge_has_an_equal_fingerprint(tmp_path: Path) -> None:
    """Whatever its files are called and however they are ordered; a day more, less or other is another one. Other countries are left alone."""
    one, other = holiday(f"{NEXT}-01-01", f"{NEXT}-01-03"), holiday(f"{NEXT}-10-01", f"{NEXT}-10-07")
    notice(tmp_path / "1", a_notice(NEXT, off=f"{one}, {other}", work=f"{NEXT}-02-20"), "b.toml")
    notice(tmp_path / "1", a_notice(NEXT + 1), "a.toml")
    notice(tmp_path / "2", "# ours\n" + a_notice(NEXT, off=f"{other}, {one}", work=f"{NEXT}-02-20"), "1.toml")
    notice(tmp_path / "2", a_notice(NEXT + 1), "2.toml")
    kept, germany = prints(tmp_path / "1")
    assert prints(tmp_path / "2") == (kept, germany) and 8 <= len(kept) <= 64 and kept != germany
    assert Knowledge().fingerprint("DE") == germany and Knowledge().fingerprint("none") == ""
    changes = [
        a_notice(NEXT, off=f"{one}, {other}", work=f"{NEXT}-02-21"),
        a_notice(NEXT, off=f"{one}, {other}"),
        a_notice(NEXT, off=one, work=f"{NEXT}-02-20"),
        a_notice(NEXT, off=f"{one}, {other.replace('x', 'y')}", work=f"{NEXT}-02-20"),
        a_notice(NEXT, off=f"{one}, {other}, {holiday(f'{NEXT}-02-20', f'{NEXT}-02-20')}"),
    ]
    seen = {kept, Knowledge().fingerprint("CN")}
    for number, text in enumerate(changes, 3):
        changed, untouched = prints(notice(tmp_path / "1", text, "b.toml"))
        assert changed not in seen and untouched == germany, number
        seen.add(changed)
    (tmp_path / "1" / "a.toml").unlink()
    assert prints(tmp_path / "1")[0] not in seen, "how far it is known"
    notice(tmp_path / "2", a_notice(2026, country="DE"), "3.toml")
    assert prints(tmp_path / "2")[0] == kept and prints(tmp_path / "2")[1] != germany


def test_a_fingerprint_tells_how_far_holidays_are_known(tmp_path: Path) -> None:
    """The same days, by the notice of this year or of the next."""
    december = holiday(f"{NEXT - 1}-12-30", f"{NEXT - 1}-12-30")
    this, following = (prints(notice(tmp_path / str(year), a_notice(year, off=december)))[0] for year in (NEXT - 1, NEXT))
    assert this != following


def test_a_new_library_has_a_new_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holidays of China are not touched by the library of other countries."""
    before = [Knowledge().fingerprint(country) for country in ("CN", "DE")]
    monkeypatch.setattr("shared.worktime.holidays.version", lambda name: "9" if name == "holidays" else version(name))
    after = [Knowledge().fingerprint(country) for country in ("CN", "DE")]
    assert after[0] == before[0] and after[1] != before[1]
    monkeypatch.setattr("shared.worktime.holidays.version", lambda _: "9")
    assert Knowledge().fingerprint("CN") != before[0]


def test_a_fingerprint_is_the_same_in_every_process_and_reads_no_library() -> None:
    program = (
        "import sys; from shared.worktime.holidays import Knowledge; it = Knowledge(); print(it.fingerprint('CN'), it.fingerprint('DE'),"
        " {'holidays', 'chinese_calendar'} & {*sys.modules})"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        assert run.stdout == f"{Knowledge().fingerprint('CN')} {Knowledge().fingerprint('DE')} set()\n"


def test_no_library_is_read_before_it_is_needed() -> None:
    """A worker starts without them."""
    program = "import sys, shared.worktime.counting, shared.worktime.explaining; print({'holidays', 'chinese_calendar'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
