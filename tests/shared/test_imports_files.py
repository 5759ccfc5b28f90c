"""Files as they come: encodings, delimiters, workbooks, and those that are none."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from shared.imports import files, sheets
from shared.imports.files import Unreadable, Wishes
from shared.imports.sheets import text_of
from shared.registers.csv_file import harmless


def read(content: bytes, *, piece: int = 7, **wishes: str) -> list[tuple[int, Sequence[Any]]]:
    """In pieces so small that every boundary is met."""

    def pieces() -> Iterator[bytes]:
        return (content[at : at + piece] for at in range(0, len(content), piece))

    return list(files.rows(pieces, Wishes(**wishes)))


TOLD = [(1, ["编号", "名称"]), (2, ["1E5", "张三\n李四，王五"]), (4, ["007", "龘"])]
TEXT = '编号,名称\r\n1E5,"张三\n李四，王五"\r\n\r\n007,龘\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found_out(encoding: str) -> None:
    assert read(TEXT.encode(encoding)) == TOLD
    assert read(gzip.compress(TEXT.encode(encoding)), piece=100) == TOLD


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_out(delimiter: str) -> None:
    text = delimiter.join(['"a, or ;"', "b", "c"]) + "\r" + delimiter.join("123") + "\r"
    assert read(text.encode()) == [(1, ["a, or ;", "b", "c"]), (2, ["1", "2", "3"])]


def test_a_title_may_stand_above_the_headings() -> None:
    assert read("客户登记表,,\n,,\na,b,c\n1,,\n".encode()) == [(3, ["a", "b", "c"]), (4, ["1", None, None])]
    assert read(b"a\n1\n2\n") == [(1, ["a"]), (2, ["1"]), (3, ["2"])]
    assert read(b"a,a,,b\n1,2,3,4\n")[0] == (1, ["a", "a (2)", "(3)", "b"])


def test_rows_that_do_not_fit_stay_as_they_are_and_are_told_later() -> None:
    assert read(b"a,b\n1\n1,2,3\n1,2,\n") == [(1, ["a", "b"]), (2, ["1"]), (3, ["1", "2", "3"]), (4, ["1", "2"])]


def test_cells_that_cant_be_taken_come_with_a_word() -> None:
    assert read(b"a,b\n1\x00,#N/A\n'=1,x\n") == [(1, ["a", "b"]), (2, [["1\u2400", "nul"], ["#N/A", "error"]]), (3, ["=1", "x"])]
    assert read(b"a,b\n1," + b"x" * 40_000 + b"\n", piece=999)[1][1][1][1] == "long"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "empty"), (b"\n\n", "no rows"), (b"%PDF-1.7", "a PDF"), (b"\x89PNG\r\n", "a picture"),
        (b"a,b\n1,2\n" + b"3,\xff\xff\n", "Line 3 has bytes that are neither"), (b"PK\x03\x04 and no more", "no spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "no spreadsheet"), (gzip.compress(b"a,b\n1,2\n" * 99)[:-20], "its end is missing"),
        (b"\x1f\x8b\x08 broken", "broken"), (b'a,b\n1,"' + b"x\n" * 600_000, "has no end"), (b"a," * 600 + b"b\n1,2", "601 columns"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 60 + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
    ],
)  # fmt: skip
def test_what_is_no_spreadsheet_is_told_in_words(content: bytes, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets.resource, "setrlimit", lambda *_: None)
    with pytest.raises(Unreadable, match=wrong):
        read(content, piece=4096)
    with pytest.raises(Unreadable, match="no utf-8"):
        read(b"a,b\n\xff,1\n", encoding="utf-8")


def test_what_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets.resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(files, "UNPACKED", 1000)
    monkeypatch.setattr(sheets, "UNPACKED", 1000)
    with pytest.raises(Unreadable, match="has more than"):
        read(gzip.compress(b"a,b\n" * 1000), piece=4096)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 2000)
    with pytest.raises(Unreadable, match="has more than"):
        read(bomb.getvalue(), piece=4096)


def a_workbook(write: Callable[[Any, Any], None]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    write(book, book.add_worksheet("客户"))
    book.close()
    return file.getvalue()


def test_workbooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets.resource, "setrlimit", lambda *_: None)

    def write(book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:E1", "客户登记表")
        sheet.write_row(2, 0, ["编号", "时间", "金额", "是否", "公式"])
        sheet.write_row(3, 0, [100023, "2026/1/5", 0.1 + 0.2, True])
        sheet.write_datetime(3, 1, datetime(2026, 1, 5), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_formula(3, 4, "=1+1", value=2)
        sheet.write_string(5, 0, "1E5")
        sheet.write_datetime(5, 1, datetime(2026, 1, 5, 10, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
        sheet.write(5, 2, 1234567890123456789)
        other = book.add_worksheet("其他")
        other.write_row(0, 0, ["a", "b"])
        other.write_row(1, 0, ["x", "y"])

    content = a_workbook(write)
    assert read(content, piece=4096) == [
        (3, ["编号", "时间", "金额", "是否", "公式"]),
        (4, ["100023", "2026-01-05", "0.3", "TRUE", "2"]),
        (6, ["1E5", "2026-01-05T10:30:00", ["1234567890123460000", "digits"], None, None]),
    ]
    assert read(content, piece=4096, sheet="其他")[1] == (2, ["x", "y"])
    with pytest.raises(Unreadable, match="no sheet X; it has 客户, 其他"):
        read(content, piece=4096, sheet="X")
    assert text_of(time(10, 30)) == "10:30:00"


CELL = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(1, 9), st.sampled_from(["utf-8-sig", "gb18030"])
)
def test_what_our_own_tables_say_comes_back(rows: list[list[str]], piece: int, encoding: str) -> None:
    lines = io.StringIO(newline="")
    writer = files.csv.writer(lines)
    writer.writerows([["甲", "乙", "丙"], *([harmless(cell) for cell in row] for row in rows)])
    found = [row for _, row in read(lines.getvalue().encode(encoding), piece=piece)[1:]]
    wanted = [[cell or None for cell in row] for row in rows if any(row)]
    assert [row for row in found if not any(isinstance(cell, list) for cell in row)] == [
        row for row in wanted if not any(cell in files.ERRORS for cell in row)
    ]
