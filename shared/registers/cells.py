"""What stands in the cells of a table: a row of a view as text, numbers and moments of the row's own zone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from shared.registers.sheet import Sheet, Told, amounts
from shared.units import Units

Cell = str | bool | int | float | Decimal | date | None  # a datetime is a date; it is without a zone here
BETWEEN = "; "
YES_NO = {True: "是", False: "否"}


def reader(sheet: Sheet, units: Units, *, names: bool) -> Callable[[Told], list[Cell]]:
    """How rows of this sheet become cells. `names`: for programs, which know true and false."""
    money = amounts(sheet.view)

    def cells(told: Told) -> list[Cell]:
        zone = units[told.get(sheet.unit) or units.default].clock
        return [
            Decimal(it) if name in money and it is not None else cell(it, zone, sheet.wording.get(name), names=names)
            for name, it in told.items()
            if name in sheet.columns
        ]

    return cells


def cell(told: Any, zone: ZoneInfo, wording: str | None = None, *, names: bool = False) -> Cell:
    match told:
        case bool():
            return told if names else YES_NO[told]
        case datetime():
            return (told if told.tzinfo is None else told.astimezone(zone)).replace(microsecond=0, tzinfo=None)
        case None | int() | float() | Decimal() | date():
            return told
        case list() | tuple() | set():
            return listed([*told], zone, wording, names=names)
        case Mapping():
            return wording.format_map(told) if wording else as_json(told)
        case _:
            return plain(told)


def listed(told: Sequence[Any], zone: ZoneInfo, wording: str | None, *, names: bool) -> str | None:
    """`a; b`. Objects that nobody worded stand as JSON, all of them together."""
    if not wording and any(isinstance(it, Mapping) for it in told):
        return as_json(told)
    return BETWEEN.join(written(cell(it, zone, wording, names=names)) for it in told) or None


def as_json(told: Any) -> str | None:
    return orjson.dumps(told, default=str).decode() if told else None


def plain(told: Any) -> str:
    """A code by its value, an id by its digits: neither is ever a number."""
    return str(told.value if isinstance(told, Enum) else told)


def written(it: Cell) -> str:
    """As text. Money has two to four places."""
    match it:
        case None:
            return ""
        case bool():
            return str(it).lower()
        case datetime():
            return it.isoformat(" ")
        case date():
            return it.isoformat()
        case Decimal():
            return priced(it)
        case _:
            return str(it)


def priced(amount: Decimal) -> str:
    whole, _, places = f"{amount:f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"
