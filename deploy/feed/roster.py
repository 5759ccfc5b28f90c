"""The staff of a CSV file: what each row says, and all that is wrong with the others, by line and column.

English or Chinese headings in any order; columns that mean nothing here are left alone. A list is separated by `;`, and an empty cell says nothing.
"""

import csv
import gzip
import io
import math
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import ValidationError

from shared.contracts.declarations import StaffDeclared
from shared.contracts.problems import problems_of
from shared.errors import Invalid, NotFound
from shared.permissions import ROLES
from shared.staff import NoSuchRole

LARGEST = 64 * 1024 * 1024  # bytes, unpacked
SHOWN = 20  # units in a sentence
HEADINGS = {
    "工号": "staff_id", "姓名": "display_name", "部门": "unit", "岗位": "posts", "角色": "roles", "技能": "skills", "权重": "capacity_weight",
    "休假": "absences", "邮箱": "email", "电话": "phone", "在职": "active",
}  # fmt: skip
NEEDED = "staff_id", "display_name", "unit"
ANSWERS = dict.fromkeys(("true", "yes", "1", "是", "在职"), True) | dict.fromkeys(("false", "no", "0", "否", "离职"), False)
Columns = Mapping[str, tuple[int, str]]  # by field: where it stands, and what the file calls it


class NoRoster(Invalid):
    """The file is no list of staff."""

    fix = "Save it as CSV with a heading."


class Misread(Exception):
    """A cell that can't be what it should be."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a row: the line on which it ends, the column as the file calls it, and what is allowed there."""

    line: int
    column: str
    said: str


@dataclass(slots=True)
class Roster:
    """All that was read."""

    rows: int = 0
    staff: list[StaffDeclared] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # headings that mean nothing here
    width: int = 0


def read(file: str, *, units: Collection[str] | None) -> Roster:
    """`units`: those that there are; None where nobody knows."""
    reader = csv.reader(io.StringIO(text_of(file), newline=""), strict=True)
    found, lines = Roster(), dict[str, int]()
    columns = columns_in(file, reader, found)
    for line, row in rows_in(reader, found):
        event, wrong = said_in(row, columns, units)
        if any(row[found.width :]):
            wrong["-"] = "The row has more cells than the heading."
        if event and (before := lines.setdefault(event.staff_id, line)) != line:
            wrong["staff_id"] = f"Line {before} has the same one."
        found.mistakes += (Mistake(line, columns[name][1] if name in columns else name, said) for name, said in wrong.items())
        if event and not wrong:
            found.staff.append(event)
    if not found.rows:
        raise NoRoster(f"There is nobody in {file}.")
    return found


def text_of(file: str) -> str:
    """Plain or gzip; UTF-8 with or without its mark, or GB18030, as spreadsheets in Chinese save it."""
    try:
        with open(file, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            content = (gzip.GzipFile(fileobj=raw) if packed else raw).read(LARGEST + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NoRoster(f"The file {file} ends too early or is damaged.") from error
    except OSError as error:
        raise NotFound(f"The file {file} can't be read: {error.strerror or type(error).__name__}.") from error
    if len(content) > LARGEST:
        raise NoRoster(f"The file {file} is larger than {LARGEST // 1024 // 1024} MiB.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NoRoster(f"The file {file} is neither UTF-8 nor GB18030.")


def columns_in(file: str, reader: Iterator[list[str]], found: Roster) -> Columns:
    """Which column holds what, by the heading."""
    try:
        heading = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise NoRoster(f"The heading of {file} can't be read: {error}.") from error
    found.width = len(heading)
    columns: dict[str, tuple[int, str]] = {}
    for place, title in enumerate(heading):
        name = HEADINGS.get(title, title.lower())
        if name not in HEADINGS.values():
            found.ignored.append(title)
        elif name in columns:
            raise NoRoster(f"The file {file} has two columns for {name}: {columns[name][1]} and {title}.")
        else:
            columns[name] = place, title
    if missing := [name for name in NEEDED if name not in columns]:
        chinese = {name: title for title, name in HEADINGS.items()}
        raise NoRoster(f"The file {file} has no column {', '.join(f'{name} ({chinese[name]})' for name in missing)}.")
    return columns


def rows_in(reader: Any, found: Roster) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which they end. One that is no CSV is told, and the next one is read."""
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            found.rows += 1
            found.mistakes.append(Mistake(reader.line_num, "-", f"The row can't be read: {error}."))
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            found.rows += 1
            yield reader.line_num, row


def said_in(row: list[str], columns: Columns, units: Collection[str] | None) -> tuple[StaffDeclared | None, dict[str, str]]:
    """Whom a row declares, and what is wrong with it by field."""
    body: dict[str, Any] = {"posts": [], "active": True}
    wrong: dict[str, str] = {}
    for name, (place, _) in columns.items():
        if cell := row[place].strip() if place < len(row) else "":
            try:
                body[name] = READING.get(name, str)(cell)
            except Misread as misread:
                wrong[name] = str(misread)
    event = None
    try:
        event = StaffDeclared.model_validate_json(orjson.dumps(body))
    except ValidationError as error:
        for problem in problems_of(error):
            wrong.setdefault(problem.pointer.split("/")[1], problem.message)
    if not body["active"]:  # of whoever left neither matters any more
        return event, wrong
    if not ROLES.issuperset(body.get("roles", ())):
        wrong.setdefault("roles", str(NoSuchRole()))
    if units is not None and "unit" in body and body["unit"] not in units:
        named = ", ".join(sorted(units)[:SHOWN]) + (", …" if len(units) > SHOWN else "")
        wrong.setdefault("unit", f"There is no such unit: it must be one of {named}.")
    return event, wrong


def listed(cell: str) -> list[str]:
    """Each once, whichever semicolon stands between them."""
    return [*dict.fromkeys(filter(None, map(str.strip, re.split("[;；]", cell))))]


def skills(cell: str) -> list[dict[str, Any]]:
    found = [re.fullmatch(r"(.*\S)\s*[:：]\s*([1-5])", it) for it in listed(cell)]
    if None in found:
        raise Misread("It must be codes with a level from 1 to 5: steel:4;wood:2.")
    return [{"code": it[1], "level": int(it[2])} for it in found if it]


def number(cell: str) -> float:
    try:
        read = float(cell)
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise Misread("It must be a number from 0 to 1000.")
    return read


def absences(cell: str) -> list[dict[str, str | None]]:
    """`2026-01-05/2026-01-09`; one day alone is that day, and after a slash without a day nobody knows the end."""
    spans = [it.partition("/") for it in listed(cell)]
    return [{"from": first.strip() or None, "until": (last.strip() or None) if slash else first} for first, slash, last in spans]


def yes_or_no(cell: str) -> bool:
    answer = ANSWERS.get(cell.lower())
    if answer is None:
        raise Misread("It must be yes or no (是, 否).")
    return answer


READING: Mapping[str, Callable[[str], Any]] = {
    "posts": listed, "roles": listed, "skills": skills, "capacity_weight": number, "absences": absences, "active": yes_or_no,
}  # fmt: skip
