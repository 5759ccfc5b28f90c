"""Files that people fill in: the failed rows as they came, each with what is wrong with it, and an empty one that shows what a kind wants."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Literal

import xlsxwriter

from shared.chinese import said
from shared.imports.columns import CORRECTIONS
from shared.imports.kind import Kind
from shared.imports.tables import Import, ImportRow
from shared.registers.asking import Encoding
from shared.registers.csv_file import Lines

Format = Literal["csv", "xlsx"]
Rows = Sequence[Sequence[str]]
MOST = 10_000  # rows that somebody mends by hand at a time
NEEDED = "（必填）"


def written(send: Callable[[bytes], None], format: Format, headings: Sequence[str], rows: Rows) -> None:
    """Many in a process of their own. All cells are texts, so that 007 stays 007."""
    if format == "csv":
        lines = Lines(Encoding.UTF_8)
        send(lines.begin(headings) + lines.of(rows))
        return
    file = BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet, text, bold = (
        book.add_worksheet(),
        book.add_format({"num_format": "@"}),
        book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEEEEE"}),
    )
    for column, heading in enumerate(headings):
        longest = max([len(heading) * 2, *(len(row[column]) for row in rows[:100])])
        sheet.set_column(column, column, min(max(longest + 2, 10), 50), text)
        sheet.write_string(0, column, heading, bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if cell:
                sheet.write_string(number, column, cell, text)
    sheet.freeze_panes(1, 0)
    book.close()
    content = file.getvalue()
    for start in range(0, len(content), 512 * 1024):
        send(content[start : start + 512 * 1024])


def of_failed(it: Import, rows: Sequence[ImportRow]) -> tuple[list[str], list[list[str]]]:
    """As they came, before them the number of the row and what is wrong."""
    told = []
    for row in rows:
        cells = ["".join(cell[:1]) if isinstance(cell, list) else cell or "" for cell in row.raw or ()]
        width = len(it.headings)
        told.append(
            [str(row.number), " ".join(sentence(reason) for reason in row.reasons or ()), *(cells + [""] * width)[: max(width, len(cells))]]
        )
    widest = max([len(it.headings) + 2, *(len(row) for row in told)])
    return [*CORRECTIONS, *it.headings, *[""] * (widest - 2 - len(it.headings))], [row + [""] * (widest - len(row)) for row in told]


def sentence(reason: dict[str, Any]) -> str:
    """In the caller's language, with their own heading."""
    where = reason["column"] or reason["field"]
    text = " ".join(said(it) for it in (reason["message"], reason["fix"]) if it)
    return f"{where}: {text}" if where else text


def empty(kind: Kind) -> tuple[list[str], list[list[str]]]:
    """Its headings, and a made-up row."""
    headings = [f"{it.headings[0]}{NEEDED if it.required else ''}" for it in kind.fields]
    return headings, [[it.example for it in kind.fields]]
