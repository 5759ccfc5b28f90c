"""XLSX with a constant need of memory: rows go to a file as they come, and are read by nobody before all are there.

A text is a text: no formula, no link, no number is made of it. Where a spreadsheet can't hold a value as what it is, it stands there as text.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter

from shared.registers.cells import Cell, written

MOST_ROWS = 1_048_575  # below the headings, on one sheet of a workbook
LONGEST = 32_767  # UTF-16 units in a cell
EXACT = 15  # digits that a number of a spreadsheet keeps
EPOCH = date(1900, 3, 1)  # before it spreadsheets count a day that never was
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
NARROW, WIDE = 6, 50  # characters
LOOKED_AT = 1_000  # rows, for the widths of columns
AS_TEXT = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": False,
}


class Workbook:
    """Written row by row. More rows than a sheet holds go on in another."""

    def __init__(self, path: Path, title: str, headings: Sequence[str], at: datetime) -> None:
        self._book = xlsxwriter.Workbook(path, AS_TEXT | {"tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd"})
        self._book.set_properties({"title": title, "author": "Careloop", "created": at.replace(tzinfo=None)})
        self._title, self._headings, self._sheets = title, headings, 0
        self._formats = {
            name: self._book.add_format({"num_format": it})
            for name, it in {"day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss", "money": "#,##0.00##", "text": "@"}.items()
        }
        self._bold = self._book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEEEEE"})
        self._begin()

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            if self._row == MOST_ROWS:
                self._end()
                self._begin()
            self._row += 1
            for column, it in enumerate(row):
                if it is not None:
                    self._write(column, it)

    def close(self) -> None:
        self._end()
        self._book.close()

    def _begin(self) -> None:
        self._sheets += 1
        more = "" if self._sheets == 1 else f" ({self._sheets})"
        self._sheet = self._book.add_worksheet(named(self._title, more))
        self._row, self._widths = 0, [width(it) + 2 for it in self._headings]  # the arrow of the filter
        self._sheet.freeze_panes(1, 0)
        for column, it in enumerate(self._headings):
            self._sheet.write_string(0, column, it, self._bold)

    def _end(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._headings) - 1)
        for column, it in enumerate(self._widths):
            self._sheet.set_column(column, column, min(max(it + 1, NARROW), WIDE))

    def _write(self, column: int, it: Cell) -> None:
        row, sheet, formats = self._row, self._sheet, self._formats
        match it:
            case str():
                sheet.write_string(row, column, fitting(it), formats["text"])
            case bool():
                sheet.write_boolean(row, column, it)
            case datetime() if it.date() >= EPOCH:
                sheet.write_datetime(row, column, it, formats["moment"])
            case date() if not isinstance(it, datetime) and it >= EPOCH:
                sheet.write_datetime(row, column, it, formats["day"])
            case Decimal() if digits(it) <= EXACT:
                sheet.write_number(row, column, it, formats["money"])
            case int() if abs(it) < 10**EXACT:
                sheet.write_number(row, column, it)
            case float() if isfinite(it):
                sheet.write_number(row, column, it)
            case _:
                sheet.write_string(row, column, fitting(written(it)), formats["text"])
        if row <= LOOKED_AT:
            self._widths[column] = max(self._widths[column], seen(it))


def digits(amount: Decimal) -> int:
    return len(amount.normalize().as_tuple().digits)


def fitting(text: str) -> str:
    """A cell holds so much and no more; what stands there says how much does not."""
    if len(text) <= LONGEST // 2 or len(text.encode("utf-16-le")) // 2 <= LONGEST:
        return text
    told = f"…（此单元格放不下，全文共 {len(text)} 字，请取 CSV 或 JSON）"
    return text.encode("utf-16-le")[: 2 * (LONGEST - len(told))].decode("utf-16-le", "ignore") + told


def seen(it: Any) -> int:
    """How wide it looks."""
    return 19 if isinstance(it, datetime) else width(it.partition("\n")[0][:WIDE]) if isinstance(it, str) else len(written(it)) + 1


def width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(it) in "WF" else 1 for it in text)


def named(title: str, more: str = "") -> str:
    """As a sheet of a workbook may be called."""
    return f"{FORBIDDEN.sub(' ', title).strip(chr(39) + ' ')[: 31 - len(more)]}{more}" or "1"
