"""What is wrong with a notice: one sentence a mistake, with its file, key, value and what belongs there."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from shared.mistakes import Step, near, written

HOLIDAY = '{ since = 2027-01-01, until = 2027-01-03, name = "元旦" }'
DATE = "a date without quotes, as in 2027-01-31, belongs here"
OFF = f"a notice names the days that are off, as in [{HOLIDAY}]"
BELONGS = {
    "country": 'a country by its two letters, as in "CN", belongs here',
    "year": "a whole number without quotes, as in 2027, belongs here",
    "source": "where it was announced, in quotes, belongs here",
    "off": OFF,
    "off[]": f"a holiday, as in {HOLIDAY}, belongs here",
    "off[].since": DATE,
    "off[].until": DATE,
    "off[].name": "the name of the holiday, in quotes, belongs here",
    "work": "a list of days of rest that are worked, as in [2027-02-20], belongs here",
    "work[]": DATE,
}


class NoticeMistake(ValueError):
    """What is wrong with a notice. A message that begins with "is" goes on from `where`. `others` were found with it."""

    def __init__(self, file: Path, where: str, message: str, others: "Sequence[NoticeMistake]" = ()) -> None:
        self.file, self.where, self.message, self.others = file, where, message, tuple(others)
        super().__init__("\n".join(f"{it.file.name}: {it.said}" for it in (self, *self.others)))

    def __iter__(self) -> "Iterator[NoticeMistake]":
        return iter((self, *self.others))

    @property
    def said(self) -> str:
        return f"{self.where}{' ' if self.message.startswith('is ') else ': '}{self.message}"

    @classmethod
    def together(cls, wrong: "Sequence[NoticeMistake]") -> "NoticeMistake":
        """All at once, file by file."""
        first, *others = sorted(wrong, key=lambda it: it.file)
        return cls(first.file, first.where, first.message, others)


def misplaced(steps: Sequence[Step], kind: str, content: Any) -> tuple[str, str]:
    """Where something does not belong, or is missing, and the sentence about it. `kind` is Pydantic's word."""
    where, key = written(steps), of_any(steps)
    if kind == "missing":
        return where, f"is missing: {BELONGS[key]}"
    value = content
    for step in steps:
        value = value[step]
    if kind == "extra_forbidden":
        return where, f"is {shown(value)}: there is no such key; {near(str(steps[-1]), keys_of(of_any(steps[:-1])))}"
    return where, f"is {shown(value)}: {BELONGS[key]}"


def of_any(steps: Sequence[Step]) -> str:
    """`off[].since`: the same place in whichever of a list."""
    return re.sub(r"\[\d+]", "[]", written(steps))


def keys_of(table: str) -> list[str]:
    return [name for it in BELONGS for within, _, name in [it.rpartition(".")] if within == table and not name.endswith("[]")]


def shown(value: Any) -> str:
    """As it stands in the file."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "[]"
    return str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False, default=str)
