"""Spreadsheets (XLSX, XLS, ODS): their cells as texts, dates as ISO 8601, numbers without what only their format shows (0007).

Runs in a process of its own that has its bound.
"""

import resource
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

from shared.imports.files import Cells, Unreadable, cell_of

UNPACKED = 192 * 1024 * 1024  # bytes: some 340,000 rows of ten columns, which take 350 MiB
MEMORY = 1024**3  # bytes of the process, whatever the file says of itself
DIGITS = 10**15  # a spreadsheet keeps no more of a number
PROTECTED = "EncryptedPackage".encode("utf-16-le")


def rows(content: bytes, name: str | None) -> Iterator[Cells]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    if PROTECTED in content[: 64 * 1024] or PROTECTED in content[-64 * 1024 :]:
        raise Unreadable("The spreadsheet is protected with a password.")
    bounded(content)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        names = [it.name for it in book.sheets_metadata if "visible" in str(it.visible).lower()] or book.sheet_names
        if name is not None and name not in book.sheet_names:
            raise Unreadable(f"The spreadsheet has no sheet {name}; it has {', '.join(book.sheet_names[:10])}.")
        sheet = book.get_sheet_by_name(name or names[0])
    except PasswordError:
        raise Unreadable("The spreadsheet is protected with a password.") from None
    except (CalamineError, OSError, ValueError, IndexError):
        raise Unreadable("It is no spreadsheet, or a broken one.") from None
    for number, cells in enumerate(sheet.iter_rows(), 1):
        found = [text_of(it) for it in cells]
        if any(found):
            yield number, found


def bounded(content: bytes) -> None:
    """A small file may unpack to a large one; and whatever it does, this process ends before the machine does."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if not content.startswith(b"PK"):
        return
    try:
        size = sum(it.file_size for it in zipfile.ZipFile(BytesIO(content)).infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Unreadable("It is no spreadsheet, or a broken one.") from None
    if size > UNPACKED:
        raise Unreadable(f"Unpacked, the file has more than {UNPACKED // 2**20} MiB.")


def text_of(cell: Any) -> Any:
    match cell:
        case str():
            return cell_of(cell)
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return number(cell)
        case datetime():
            return (
                cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds" if not cell.microsecond else "auto")
            )
        case date() | time():
            return cell.isoformat()
        case None:
            return None
        case _:
            return str(cell)


def number(value: float) -> Any:
    """100023.0 is 100023, and what binary fractions make of 0.3 is 0.3."""
    told = format(Decimal(format(value, ".15g")), "f")
    return [told, "digits"] if abs(value) >= DIGITS else told
