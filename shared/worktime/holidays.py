"""What is known of public holidays: the lists of two libraries, and an operator's notices, which beat them.

Three libraries were compared in November 2026, all under the MIT licence. chinesecalendar 1.11.0 (November 2025) has the swapped weekends of China from
2004 to 2026, the weekend days of a holiday too, and raises for any other year. holidays 0.109 (November 2026, 250 countries) has them as well, but answers
2027 by the law alone and does not say that nothing is announced. Both agree with all 5,844 days from 2007 to 2022 of a third source. workalendar 17.0.0
(January 2023, the last) knows China from 2018 to 2023. So the first is asked about China, because it refuses to guess, and the second about
every other country.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Self

from shared.worktime import notices
from shared.worktime.mistakes import NoticeMistake
from shared.worktime.notices import Notice, Written

__all__ = ["CHINA", "NOWHERE", "Knowledge", "NoticeMistake", "Year", "is_known"]

CHINA, NOWHERE = "CN", "none"
LIBRARIES = ["chinesecalendar", "holidays"]  # the first alone is asked about China
# The notice of a year can set days of the December before: those of 2008 and 2019 made a Saturday, 29 December, a working day. None
# since 2004 has set an earlier day. So nothing after the 28th is sure before the next year's notice is there.
LAST_SURE = (12, 28)
AHEAD = 6  # years in which a library shows whether it estimates
LIVELY = 3  # a country that has swapped no weekend for so many years has given it up


class Year(NamedTuple):
    """The days of one year that differ from the week. `work` are days of rest that were swapped for a holiday (调休)."""

    off: Mapping[date, str]
    work: frozenset[date]


class Reach(NamedTuple):
    """Between which years a library knows a country. None: there is no end."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """One object a process. Libraries are imported when a year of their country is needed, and each year is looked up once."""

    notices: tuple[Notice, ...] = ()
    years: dict[tuple[str, int], Year] = field(default_factory=dict, repr=False)
    reaches: dict[str, Reach] = field(default_factory=dict, repr=False)
    fingerprints: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, folder: Path | None) -> Self:
        """With an operator's notices. Raises NoticeMistake."""
        written, wrong = notices.read(folder)
        knowledge = cls(tuple(it.notice for it in written if it.notice))
        if wrong := [*wrong, *knowledge.out_of_place(written)]:
            raise NoticeMistake.together(wrong)
        return knowledge

    def out_of_place(self, written: Sequence[Written]) -> Iterator[NoticeMistake]:
        """Of a country that no library knows, or of a year that does not follow on what is known. A file that does not tell its own could be the
        one that is missing."""
        named = {(it.country, it.year) for it in written}
        all_tell = all(it.country and it.year for it in written)
        for it in written:
            if it.country and not is_known(it.country):
                yield NoticeMistake(it.file, "country", f'is "{it.country}": no library of holidays knows this country')
            elif it.country and it.year and all_tell:
                last = self.reach(it.country).last or it.year  # a rule of law has no end
                if missing := [year for year in range(last + 1, it.year) if (it.country, year) not in named]:
                    yield NoticeMistake(it.file, "year", f"is {it.year}: {not_yet(missing)}")

    def year(self, country: str, year: int) -> Year:
        if (country, year) not in self.years:
            self.years[country, year] = Year({}, frozenset()) if country == NOWHERE else self.with_notices(country, year)
        return self.years[country, year]

    def with_notices(self, country: str, year: int) -> Year:
        reach = self.reach(country)
        known = (reach.first is None or year >= reach.first) and (reach.last is None or year <= reach.last)
        listed = listed_of(country, year) if known else Year({}, frozenset())
        off, work = dict(listed.off), set(listed.work)
        for day, name in (it for notice in self.notices if notice.country == country for it in notice.days() if it[0].year == year):
            off.pop(day, None)
            work.discard(day)
            if name is None:
                work.add(day)
            else:
                off[day] = name
        return Year(off, frozenset(work))

    def known_until(self, country: str) -> date | None:
        """The last day of which is sure whether it is off. None: there is no end, as in a country whose holidays are a rule of law."""
        if country == NOWHERE or (last := self.reach(country).last) is None:
            return None
        announced = {it.year for it in self.notices if it.country == country}
        while last + 1 in announced:
            last += 1
        return date(last, *LAST_SURE)

    def fingerprint(self, country: str) -> str:
        """A short text that changes with whatever is known of a country's holidays. How far they are known follows from what it is made of,
        so no library is read."""
        if country == NOWHERE:
            return ""
        if country not in self.fingerprints:
            own = [it for it in self.notices if it.country == country]
            told = [sorted(it.year for it in own), sorted((str(day), name is None, name or "") for it in own for day, name in it.days())]
            libraries = [(name, version(name)) for name in LIBRARIES[: 1 if country == CHINA else None]]
            made_of = repr((country, told, libraries, LAST_SURE, AHEAD, LIVELY))
            self.fingerprints[country] = sha256(made_of.encode()).hexdigest()[:16]
        return self.fingerprints[country]

    def known_since(self, country: str) -> date | None:
        """The first such day."""
        return None if country == NOWHERE or (first := self.reach(country).first) is None else date(first, 1, 1)

    def reach(self, country: str) -> Reach:
        if country not in self.reaches:
            self.reaches[country] = reach_of(country)
        return self.reaches[country]


def not_yet(missing: Sequence[int]) -> str:
    years = " and ".join(map(str, missing)) if len(missing) < 3 else f"{missing[0]} to {missing[-1]}"
    return f"nothing is known of {years}, so this notice changes nothing yet: add {'that' if len(missing) == 1 else 'those'} of {years}"


def is_known(country: str) -> bool:
    """Whether it is a country, by its two letters, that a library knows."""
    if country == CHINA:
        return True
    if not re.fullmatch("[A-Z]{2}", country):
        return False
    from holidays.registry import COUNTRIES

    return any(country == names[1] for names in COUNTRIES.values())


def listed_of(country: str, year: int) -> Year:
    """As the library of the country has it."""
    if country == CHINA:
        from chinese_calendar.constants import Holiday, holidays, workdays

        off = {day: Holiday(name).chinese for day, name in holidays.items() if day.year == year}
        return Year(off, frozenset(day for day in workdays if day.year == year))
    found = library(country, [year])
    return Year(
        {day: name for day, name in found.items() if day.year == year}, frozenset(day for day in found.weekend_workdays if day.year == year)
    )


def reach_of(country: str) -> Reach:
    """Where a country's holidays are announced or estimated, up to the last year that is more than a guess."""
    from chinese_calendar.constants import holidays

    newest = max(holidays).year  # of the yearly announcements: it tells how fresh a list can be
    if country == CHINA:
        return Reach(min(holidays).year, newest)
    found = library(country, range(newest - LIVELY, newest + AHEAD))
    ends = [found.end_year] if found.end_year < newest + AHEAD else []
    swapped = [day.year for day in found.weekend_workdays if day.year > newest - LIVELY]
    estimated = [day.year for day, name in found.items() if day.year >= newest and any(mark in name for mark in marks(found))]
    ends += [max(swapped)] if swapped else []
    ends += [min(estimated) - 1] if estimated else []
    return Reach(None, min(ends, default=None))


def library(country: str, years: Iterable[int]) -> Any:
    """Public holidays of the whole country, in its own language."""
    from holidays import country_holidays

    return country_holidays(country, years=years, language=country_holidays(country).default_language)


def marks(found: Any) -> list[str]:
    """How the library writes in this language that a day is estimated."""
    labels = (found.tr(getattr(found, name)) for name in ("estimated_label", "observed_estimated_label") if getattr(found, name, None))
    return [label.replace("%s", "").strip() for label in labels]
