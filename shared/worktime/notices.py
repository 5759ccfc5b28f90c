"""An operator's notices of public holidays: one TOML file a notice, checked at start, all mistakes told at once.

country = "CN"
year = 2027
source = "https://www.gov.cn/..."                 # where it was announced
off = [{ since = 2027-01-01, until = 2027-01-03, name = "元旦" }]
work = [2027-02-20]                               # days of rest that are worked instead
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

DAY = timedelta(days=1)
BELONGS = {
    "missing": "is missing",
    "extra_forbidden": "there is no such key",
    "int": "a whole number belongs here",
    "string": "a text in quotes belongs here",
    "date": "a date, as in 2027-01-31, belongs here",
    "date_from_datetime": "a date, as in 2027-01-31, belongs here",
    "tuple": "a list in brackets belongs here",
    "model": "a table, as in { since = 2027-01-01, until = 2027-01-03, name = ... }, belongs here",
}


class NoticeMistake(ValueError):
    """What is wrong with a notice. `others` were found with it."""

    def __init__(self, file: Path, where: str, message: str, others: "Sequence[NoticeMistake]" = ()) -> None:
        self.file, self.where, self.message, self.others = file, where, message, tuple(others)
        super().__init__("\n".join(f"{it.file.name}: {it.where}: {it.message}" for it in (self, *self.others)))

    def __iter__(self) -> "Iterator[NoticeMistake]":
        return iter((self, *self.others))


class Holiday(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    since: date
    until: date
    name: str

    @model_validator(mode="after")
    def ends(self) -> Self:
        if self.until < self.since:
            raise ValueError(f"it ends on {self.until}, before it begins on {self.since}")
        return self

    def days(self) -> Iterator[date]:
        for number in range((self.until - self.since).days + 1):
            yield self.since + DAY * number


class Notice(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    country: str
    year: int
    source: str
    off: tuple[Holiday, ...] = ()
    work: tuple[date, ...] = ()

    @field_validator("country")
    @classmethod
    def is_a_country(cls, country: str) -> str:
        if not re.fullmatch("[A-Z]{2}", country):
            raise ValueError('a country by its two letters, as in "CN", belongs here')
        return country

    @field_validator("year")
    @classmethod
    def is_a_year(cls, year: int) -> int:
        if not 1900 <= year <= 2999:
            raise ValueError("a year, as in 2027, belongs here")
        return year

    @model_validator(mode="after")
    def is_of_its_year(self) -> Self:
        """It may set days of the December before."""
        first, last = date(self.year - 1, 12, 1), date(self.year, 12, 31)
        for day in (*(it for holiday in self.off for it in (holiday.since, holiday.until)), *self.work):
            if not first <= day <= last:
                raise ValueError(f"{day} is not in {self.year}")
        off: set[date] = set()
        for day in (day for holiday in self.off for day in holiday.days()):
            if day in off:
                raise ValueError(f"{day} is named twice as off")
            off.add(day)
        for day in self.work:
            if day in off:
                raise ValueError(f"{day} is both off and worked")
        return self

    def days(self) -> Iterator[tuple[date, str | None]]:
        """Each day that it names, with the name of the holiday; None: it is worked."""
        yield from ((day, holiday.name) for holiday in self.off for day in holiday.days())
        yield from ((day, None) for day in self.work)


def read(folder: Path | None) -> tuple[Notice, ...]:
    """All `*.toml` of a folder; where there is no folder there are no notices."""
    notices: list[Notice] = []
    wrong: list[NoticeMistake] = []
    said: dict[tuple[str, date], Path] = {}
    for file in sorted(folder.glob("*.toml")) if folder else ():
        try:
            notice = Notice.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            wrong.append(NoticeMistake(file, "the file", f"it can't be read ({error})"))
        except ValidationError as error:
            wrong.extend(mistakes(file, error))
        else:
            notices.append(notice)
            for day, _ in notice.days():
                if (first := said.setdefault((notice.country, day), file)) is not file:
                    wrong.append(NoticeMistake(file, str(day), f"{first.name} has this day of {notice.country} already"))
    if wrong:
        raise NoticeMistake(wrong[0].file, wrong[0].where, wrong[0].message, wrong[1:])
    return tuple(notices)


def mistakes(file: Path, error: ValidationError) -> Iterator[NoticeMistake]:
    for it in error.errors(include_url=False):
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in it["loc"]).removeprefix(".")
        kind = re.sub(r"_(type|parsing|parsing_size|from_float|from_datetime_parsing|from_datetime_inexact)$", "", it["type"])
        message = str(it["ctx"]["error"]) if it["type"] == "value_error" else BELONGS.get(kind, it["msg"])
        yield NoticeMistake(file, where or "the notice", message)
