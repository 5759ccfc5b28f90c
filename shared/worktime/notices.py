"""An operator's notices of public holidays: one TOML file a notice, checked at start, all mistakes told at once.

country = "CN"
year = 2027
source = "https://www.gov.cn/..."                 # where it was announced
off = [{ since = 2027-01-01, until = 2027-01-03, name = "元旦" }]
work = [2027-02-20]                               # days of rest that are worked instead
"""

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from shared.worktime.mistakes import OFF, NoticeMistake, misplaced

DAY = timedelta(days=1)
LONGEST = 31  # days; a longer holiday is a slip of the hand
Text = Annotated[str, Field(min_length=1)]


class Holiday(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    since: Annotated[date, Strict()]
    until: Annotated[date, Strict()]
    name: Text

    def days(self) -> Iterator[date]:
        yield from between(self.since, self.until)


class Notice(BaseModel):
    """Types only; what its days say to each other is told by `slips`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    year: Annotated[int, Strict(), Field(ge=1900, le=2999)]
    source: Text
    off: tuple[Holiday, ...]
    work: tuple[Annotated[date, Strict()], ...] = ()

    def days(self) -> Iterator[tuple[date, str | None]]:
        """Each day that it names, with the name of the holiday; None: it is worked."""
        yield from ((day, holiday.name) for holiday in self.off for day in holiday.days())
        yield from ((day, None) for day in self.work)


class Written(NamedTuple):
    """A file, and what of it is right."""

    file: Path
    country: str | None
    year: int | None
    notice: Notice | None


def read(folder: Path | None) -> tuple[list[Written], list[NoticeMistake]]:
    """All `*.toml` of a folder, and what is wrong with them; where there is no folder there are no notices."""
    found: list[Written] = []
    wrong: list[NoticeMistake] = []
    for file in sorted(folder.glob("*.toml")) if folder else ():
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:  # no text, no TOML, an endless number, endless brackets
            wrong.append(NoticeMistake(file, "the file", f"it can't be read ({error})"))
            found.append(Written(file, None, None, None))
            continue
        notice, told = checked(content)
        wrong += [NoticeMistake(file, *it) for it in told]
        astray = {where for where, _ in told}
        country, year = (None if key in astray else content[key] for key in ("country", "year"))
        found.append(Written(file, country, year, notice))
    return found, [*wrong, *clashes(found)]


def checked(content: dict[str, Any]) -> tuple[Notice | None, list[tuple[str, str]]]:
    notice, told = None, []
    try:
        notice = Notice.model_validate(content)
    except ValidationError as error:
        told = [misplaced(it["loc"], it["type"], content) for it in error.errors(include_url=False)]
    told += slips(content)
    return None if told else notice, told


def slips(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where days are right as such but can't be meant. Whatever is no day at all is passed over: it is told elsewhere."""
    if content.get("off") == []:
        yield "off", f"is []: {OFF}"
    year, off, work = (content.get(key) for key in ("year", "off", "work"))
    off, work = (it if isinstance(it, list) else [] for it in (off, work))
    named: dict[date, str] = {}
    for number, holiday in enumerate(off):
        since, until = (holiday.get(key) if isinstance(holiday, dict) else None for key in ("since", "until"))
        yield from of_another_year(f"off[{number}].since", since, year)
        yield from of_another_year(f"off[{number}].until", until, year)
        if type(since) is date and type(until) is date:
            yield from of_a_holiday(f"off[{number}]", since, until, named)
    for number, day in enumerate(work):
        where = f"work[{number}]"
        yield from of_another_year(where, day, year)
        if type(day) is date and (first := named.setdefault(day, where)) != where:
            yield where, f"is {day}: {first} {'is the same day' if first.startswith('work') else 'has this day off'}"


def of_another_year(where: str, day: Any, year: Any) -> Iterator[tuple[str, str]]:
    """A notice may set days of the December before."""
    if type(day) is date and type(year) is int and 1900 <= year <= 2999 and not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
        yield where, f"is {day}: a day of {year}, or of December {year - 1}, belongs here"


def of_a_holiday(where: str, since: date, until: date, named: dict[date, str]) -> Iterator[tuple[str, str]]:
    length = (until - since).days + 1
    if length < 1:
        yield f"{where}.until", f"is {until}: that is before it begins, on {since}"
    elif length > LONGEST:
        yield f"{where}.until", f"is {until}: a holiday of {length} days is a slip of the hand; it has {LONGEST} at most"
    else:
        twice = {first: day for day in reversed([*between(since, until)]) if (first := named.setdefault(day, where)) != where}
        for first, day in sorted(twice.items()):
            yield where, f"{day} is off already by {first}"


def clashes(found: list[Written]) -> Iterator[NoticeMistake]:
    """A year of a country has one notice, and a day is in one of them."""
    years: dict[tuple[str, int], Path] = {}
    days: dict[tuple[str, date], Path] = {}
    for it in found:
        if it.country and it.year and (first := years.setdefault((it.country, it.year), it.file)) is not it.file:
            yield NoticeMistake(it.file, "year", f"is {it.year}: {first.name} is the notice of {it.country} for {it.year} already")
        elif it.notice:
            for day, _ in it.notice.days():
                if (first := days.setdefault((it.notice.country, day), it.file)) is not it.file:
                    yield NoticeMistake(it.file, str(day), f"{first.name} has this day of {it.notice.country} already")


def between(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + DAY * number
