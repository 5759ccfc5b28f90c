"""From the bytes of a file to its rows: which kind of file it is, which encoding and which delimiter. Runs in a process of its own, piece by piece."""

import codecs
import csv
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from shared.errors import Invalid
from shared.registers.csv_file import meant

UNPACKED = 512 * 1024 * 1024  # bytes
CELL = 32_767  # characters, as in a spreadsheet
FIELD = 1024 * 1024  # characters that the reader of CSV takes before it says that a quote is open
HEADINGS, HEADING = 500, 200
LOOKED_AT = 64 * 1024  # bytes, for the delimiter
ERRORS = frozenset(("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"))
DELIMITERS = ",;\t|"
GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
OTHERS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
}
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

ENDS = re.compile(r"\r\n?|\n")
Pieces = Callable[[], Iterator[bytes]]  # from the beginning, as often as one likes
Cells = tuple[int, list[Any]]  # the number of a row, and what it says


class Unreadable(Invalid):
    """The file can't be read."""

    fix = "Save it as CSV in UTF-8 or as XLSX, with the headings in its first row, and send it again."


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever sent it said of it."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


def rows(pieces: Pieces, wishes: Wishes) -> Iterator[Cells]:
    """First the headings, then every row that says anything."""
    first = next(pieces(), b"")
    if not first:
        raise Unreadable("The file is empty.")
    for magic, what in OTHERS.items():
        if first.startswith(magic):
            raise Unreadable(f"It is {what}, not a spreadsheet.")
    if first.startswith((ZIP, OLE)):
        from shared.imports import sheets  # its reader is not needed for CSV

        return under_headings(sheets.rows(b"".join(pieces()), wishes.sheet), ragged=False)
    if first.startswith(GZIP):
        return under_headings(text_rows(lambda: unpacked(pieces()), wishes), ragged=True)
    return under_headings(text_rows(pieces, wishes), ragged=True)


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """gzip, no more of it than we would take."""
    packed, size = zlib.decompressobj(31), 0
    try:
        for piece in pieces:
            while piece:
                if packed.eof:  # several, one behind the other
                    packed = zlib.decompressobj(31)
                found = packed.decompress(piece, 512 * 1024)
                size += len(found)
                if size > UNPACKED:
                    raise Unreadable(f"Unpacked, the file has more than {UNPACKED // 2**20} MiB.")
                if found:
                    yield found
                piece = packed.unconsumed_tail or packed.unused_data
    except zlib.error:
        raise Unreadable("It is packed with gzip, and broken.") from None
    if not packed.eof:
        raise Unreadable("It is packed with gzip, and its end is missing.")


def text_rows(pieces: Pieces, wishes: Wishes) -> Iterator[Cells]:
    """CSV. A row is counted as a spreadsheet counts it: one for each record, empty lines included."""
    encoding = wishes.encoding or encoding_of(pieces)
    csv.field_size_limit(FIELD)
    number = 0
    try:
        delimiter = wishes.delimiter or delimiter_of(pieces, encoding)
        for number, cells in enumerate(csv.reader(lines(pieces(), encoding), delimiter=delimiter), 1):
            if any(cells):
                yield number, [cell_of(meant(it)) for it in cells]
    except csv.Error:
        raise Unreadable(f"A cell of row {number + 1} has no end: a double quote is opened and never closed.") from None
    except UnicodeDecodeError:
        raise Unreadable(f"Row {number + 1} has bytes that are no {encoding}.") from None


def cell_of(text: str) -> Any:
    """None says nothing. A cell that can't be taken as it is comes with a word about it (`columns.WRONG`)."""
    if text in ERRORS:
        return [text, "error"]
    if "\0" in text:
        return [text.replace("\0", "\u2400"), "nul"]
    if len(text) > CELL:
        return [text[:1000], "long"]
    return text or None


def encoding_of(pieces: Pieces) -> str:
    """By its mark; else UTF-8 if all of it is, else GB18030 if all of it is, else told with the line where UTF-8 ends."""
    first = next(pieces(), b"")
    marked = next((encoding for bom, encoding in BOMS if first.startswith(bom)), None)
    if marked or (line := wrong_line(pieces, "utf-8")) is None:
        return marked or "utf-8"
    if wrong_line(pieces, "gb18030") is None:
        return "gb18030"
    raise Unreadable(f"Line {line} has bytes that are neither UTF-8 nor GB18030.")


def wrong_line(pieces: Pieces, encoding: str) -> int | None:
    """The first line that is not written so."""
    decoder, before = codecs.getincrementaldecoder(encoding)(), 1
    for piece in chain(pieces(), (b"",)):
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return before + error.object[: error.start].count(b"\n")
        before += text.count("\n")
    return None


def delimiter_of(pieces: Pieces, encoding: str) -> str:
    """The one that stands most often in the first line that has any, outside of quotes."""
    looked_at, quoted = 0, False
    for line in lines(pieces(), encoding):
        parts = line.split('"')
        bare = "".join(parts[quoted::2])
        quoted ^= len(parts) % 2 == 0
        found = max(DELIMITERS, key=bare.count)
        if found in bare:
            return found
        looked_at += len(line)
        if looked_at > LOOKED_AT:
            break
    return ","


def lines(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """With their ends, whichever they are: a line break within quotes is the cell's own."""
    decoder, rest = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=False), ""
    for piece in chain(pieces, (b"",)):
        text, end = rest + decoder.decode(piece, final=not piece), 0
        for found in ENDS.finditer(text, len(rest)):
            yield text[end : found.end()]
            end = found.end()
        rest = text[end:]
        if len(rest) > 8 * FIELD:
            raise Unreadable("A line has no end.")
    if rest:
        yield rest


def under_headings(found: Iterator[Cells], *, ragged: bool) -> Iterator[Cells]:
    """The headings are the first row with more than one cell filled, or the first at all: above them may stand a title."""
    above: list[Cells] = []
    for number, cells in found:
        above.append((number, cells))
        if sum(1 for it in cells if it) > 1 or len(above) == 10:
            break
    if not above:
        raise Unreadable("The file has no rows.")
    if sum(1 for it in above[-1][1] if it) > 1:
        number, cells = above.pop()
        above = []
    else:
        number, cells = above.pop(0)
    headings = named(cells)
    yield number, headings
    for at, row in chain(above, found):
        if not any(row):
            continue
        if not ragged or len(row) > len(headings):
            while len(row) > len(headings) and not row[-1]:
                row.pop()
            row += [None] * (len(headings) - len(row))
        yield at, row


def named(cells: list[Any]) -> list[str]:
    """Empty ones at the end are none; of several alike the second is called so: `电话 (2)`."""
    told = [" ".join(str(it[0] if isinstance(it, list) else it or "").split())[:HEADING] for it in cells]
    while told and not told[-1]:
        told.pop()
    if len(told) > HEADINGS:
        raise Unreadable(f"The file has {len(told)} columns, and {HEADINGS} are read.")
    found: list[str] = []
    for n, it in enumerate(told, 1):
        name, again = it or f"({n})", 2
        while name in found:
            name, again = f"{it or n} ({again})", again + 1
        found.append(name)
    return found
