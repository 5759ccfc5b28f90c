"""CSV as spreadsheets and programs read it (RFC 4180): commas, CRLF, quotes where they are needed; UTF-8 with its mark, or GB18030.

A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection); so does one that has that apostrophe
already, so that `meant` gives every text back.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from shared.registers.asking import Encoding
from shared.registers.cells import Cell, written

FORMULA = re.compile(r"['\s\ufeff\u200b]*[=+\-@＝＋－＠]|'*[\t\r\n]")
MARK = "\ufeff"


def harmless(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def meant(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


class Lines:
    """Rows as the bytes of lines."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding, self._text = str(encoding), io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")

    def begin(self, headings: Sequence[str]) -> bytes:
        """The headings; GB18030 has no mark, and every character."""
        if self._encoding == Encoding.UTF_8:
            self._text.write(MARK)
        return self.of([headings])

    def of(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        self._writer.writerows([harmless(it) if isinstance(it, str) else written(it) for it in row] for row in rows)
        told = self._text.getvalue().encode(self._encoding)
        self._text.seek(0)
        self._text.truncate()
        return told
