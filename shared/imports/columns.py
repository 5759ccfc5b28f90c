"""Which column tells what: recognised by its heading, as somebody said it, or as it was the last time. Then a row's cells become values."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.errors import Invalid
from shared.ids import made_of
from shared.imports.kind import Field as Fact
from shared.imports.kind import Kind, Reason
from shared.imports.reading_times import DATES, FormatUnknown, clear, patterns
from shared.imports.reading_values import Ambiguous, Reading, Unreadable
from shared.units import zone_named

CORRECTIONS = ("行号", "问题")  # what we added to a file of corrections
WRONG = {
    "nul": ("It contains the character U+0000, which can't be kept.", "Type the cell anew."),
    "digits": ("A spreadsheet keeps 15 digits of a number, and this one has more: its end is lost.", "Make the column a text column and enter it anew."),
    "long": ("A cell may have 32767 characters.", "Shorten it."),
    "error": ("It is an error of the spreadsheet, not a value.", "Mend the formula, or write the value itself."),
}  # fmt: skip


def a_format(told: str) -> str:
    try:
        patterns(told)
    except FormatUnknown as error:
        raise ValueError(str(error)) from None
    return told


def a_zone(told: str) -> str:
    if zone_named(told) is None:
        raise ValueError("The IANA database has no such time zone; they are written as Asia/Shanghai is.")
    return told


Said = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Few: Any = Field(default_factory=dict, max_length=200)


class Plan(BaseModel):
    """How a spreadsheet is to be understood. All of it may be left out: columns are recognised by their headings."""

    model_config = ConfigDict(extra="forbid")
    columns: dict[Name, Said | Annotated[list[Said], Field(min_length=1, max_length=5)]] = Field(
        default_factory=dict,
        max_length=200,
        description="field: the heading of its column; several are joined by a space: a date and a time",
    )
    constants: dict[Name, Said] = Field(default_factory=dict, max_length=200, description="field: what every row says")
    values: dict[Name, Annotated[dict[Said, Said], Field(max_length=1000)]] = Field(
        default_factory=dict, max_length=200, description='field: what its words mean, `{"已完成": "closed"}`'
    )
    formats: dict[Name, Annotated[str, StringConstraints(max_length=100), AfterValidator(a_format)]] = Field(
        default_factory=dict, max_length=200, description="field: how its dates are written, `MM/DD/YYYY`; several are separated by |"
    )
    zone: Annotated[str, StringConstraints(max_length=64), AfterValidator(a_zone)] | None = Field(
        None, description="of times without an offset; otherwise the unit's"
    )
    country: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}$")] = Field(
        "86", description="calling code of phone numbers without one"
    )
    area: Annotated[str, StringConstraints(pattern=r"^0?[1-9][0-9]{1,4}$")] | None = Field(
        None, description="area code of those without one: 010"
    )
    empty: list[Said] = Field(default_factory=list, max_length=50, description="words that stand for an empty cell: `NULL`")


OF_THE_FILE = "encoding", "delimiter", "sheet"


def of_rows(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was said of the file itself."""
    return {name: told for name, told in plan.items() if name not in OF_THE_FILE}


class UnknownField(Invalid):
    """This kind has no such field."""

    fix = "Take the names as GET /v1/import-kinds has them."


def fits(plan: Plan, kind: Kind) -> None:
    """Every field that it names is one of this kind."""
    known = {it.name for it in kind.fields}
    for part in ("columns", "constants", "values", "formats"):
        for name in getattr(plan, part):
            if name not in known:
                raise UnknownField(f"{kind.title} have no field {name}.", field=f"/{part}/{name}")


def folded(heading: str) -> str:
    """Spaces, case, full-width forms and what stands in brackets make no difference: 投诉时间 with a note in brackets is 投诉时间."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", "", unicodedata.normalize("NFKC", heading))
    return re.sub(r"[\s_\-*:.#/]+", "", bare or heading).casefold()


def plainly(word: str) -> str:
    """As words of a column are compared."""
    return unicodedata.normalize("NFKC", word).strip().casefold()


def identity(kind: str, system: str, headings: Sequence[str]) -> UUID:
    """Spreadsheets with these headings."""
    return made_of("import mapping", kind, system, *sorted(map(folded, headings)))


def merged(plan: Plan, remembered: Mapping[str, Any] | None) -> Plan:
    """What is said now goes before what was said the last time."""
    if not remembered:
        return plan
    before, said = Plan.model_validate(remembered), plan.model_dump(exclude_unset=True)
    told = before.model_dump(exclude_unset=True)
    return Plan.model_validate(told | {name: ({**told.get(name, {}), **it} if isinstance(it, dict) else it) for name, it in said.items()})


@dataclass(frozen=True, slots=True)
class Sketch:
    """Of a kind what its columns are recognised by, and which of them are dates: as much as can be told to another process."""

    name: str
    title: str
    fields: Sequence[Fact]

    @classmethod
    def of(cls, kind: Kind) -> "Sketch":
        return cls(kind.name, kind.title, [it if it.read in DATES else replace(it, read=unread) for it in kind.fields])


def unread(told: str, _: Reading) -> str:
    return told


def recognised(kind: Kind | Sketch, plan: Plan, headings: Sequence[str]) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
    """Each field with the headings of its columns, and what has to be asked before the rows make sense."""
    exact, loose = {it: it for it in headings}, dict[str, str]()
    for it in headings:
        loose.setdefault(folded(it), it)
    mapping: dict[str, list[str]] = {}
    questions: list[dict[str, Any]] = []
    taken = {folded(it) for told in plan.columns.values() for it in ([told] if isinstance(told, str) else told)}
    for fact in kind.fields:
        told = plan.columns.get(fact.name)
        if told is not None:
            wanted = [told] if isinstance(told, str) else told
            found = [exact.get(it) or loose.get(folded(it)) for it in wanted]
            if missing := [it for it, there in zip(wanted, found, strict=True) if there is None]:
                questions.append(question(fact.name, f"The file has no column {missing[0]}.", "Say in `columns` which heading it has."))
            else:
                mapping[fact.name] = [it for it in found if it]
        elif fact.name not in plan.constants:
            known = [folded(it) for it in (*fact.headings, fact.name)]
            if there := next((loose[it] for it in known if it in loose and it not in taken), None):
                mapping[fact.name] = [there]
                taken.add(folded(there))
            elif fact.required:
                questions.append(
                    question(
                        fact.name, f"No column is recognised as {fact.name}, and every row needs it.",
                        f"Name the column {fact.headings[0]}, or say in `columns` which heading it has, or in `constants` what every row says.",
                    )
                )  # fmt: skip
    return mapping, questions


def question(field: str | None, message: str, fix: str) -> dict[str, Any]:
    return {"field": field, "message": message, "fix": fix}


def two_ways(error: Ambiguous, heading: str) -> dict[str, Any]:
    """What is asked about a column of dates, once for all its rows."""
    message = f"The column {heading} has dates that could be read in several ways. {error.message}"
    return question(error.args[-1], message, error.fix)


@dataclass(frozen=True, slots=True)
class Column:
    """A field, and where its text comes from."""

    fact: Fact
    places: tuple[int, ...]
    constant: str | None
    heading: str
    words: Mapping[str, str]
    how: Reading


class Columns:
    """The columns of one file, ready to read its rows."""

    def __init__(
        self, kind: Kind | Sketch, plan: Plan, headings: Sequence[str], mapping: Mapping[str, Sequence[str]], zone: ZoneInfo
    ) -> None:
        place = {heading: n for n, heading in reversed(list(enumerate(headings)))}
        self.width, self.empty = len(headings), frozenset(it.strip() for it in plan.empty)
        at = ZoneInfo(plan.zone) if plan.zone else zone
        self.columns = []
        for fact in kind.fields:
            heads = mapping.get(fact.name, ())
            if heads or fact.name in plan.constants:
                how = Reading(at, plan.country, plan.area, plan.formats.get(fact.name))
                words = {plainly(it): code for it, code in plan.values.get(fact.name, {}).items()}
                constant = None if heads else plan.constants[fact.name]
                self.columns.append(
                    Column(fact, tuple(place[it] for it in heads), constant, " + ".join(heads) or fact.headings[0], words, how)
                )
        self.headings = {it.fact.name: it.heading for it in self.columns}
        self.dates = [it for it in self.columns if it.fact.read in DATES]

    def read(self, raw: Sequence[Any]) -> tuple[dict[str, Any], list[Reason]]:
        """The values of a row, and what is wrong with it. Ambiguous goes out: it is about the column."""
        if len(raw) != self.width:
            return {}, [Reason(None, f"The row has {len(raw)} cells, and there are {self.width} headings.", UNEVEN)]
        values: dict[str, Any] = {}
        reasons: list[Reason] = []
        for column in self.columns:
            name = column.fact.name
            try:
                text = self.text(column, raw)
                if text:
                    values[name] = column.fact.read(text, column.how)
                    continue
                values[name] = None
                if column.fact.required:
                    reasons.append(Reason(name, "It is empty, and every row needs it.", column.fact.means))
            except Ambiguous as error:
                error.args = (*error.args, name)
                raise
            except Unreadable as error:
                reasons.append(Reason(name, error.message, error.fix))
            except ValueError as error:
                reasons.append(Reason(name, str(error), column.fact.means))
        return values, reasons

    def ask(self, raw: Sequence[Any]) -> None:
        """As `read` would, of its dates alone: Ambiguous goes out."""
        if len(raw) != self.width:
            return
        for column in self.dates:
            try:
                if text := self.text(column, raw):
                    clear(text, column.how.format)
            except Ambiguous as error:
                error.args = (*error.args, column.fact.name)
                raise
            except Unreadable:
                continue

    def text(self, column: Column, raw: Sequence[Any]) -> str:
        if column.constant is not None:
            return column.constant.strip()
        parts = []
        for place in column.places:
            cell = raw[place]
            if isinstance(cell, list):
                raise Unreadable(*WRONG[cell[1]])
            told = (cell or "").strip()
            if told and told not in self.empty:
                parts.append(told)
        text = parts[0] if len(parts) == 1 else " ".join(parts)
        return column.words.get(plainly(text), text) if column.words and text else text


UNEVEN = "Put a text with the delimiter or a line break in it in double quotes, or leave the surplus cells out."
