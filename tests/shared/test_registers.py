"""Registers as tables: what is asked for, what stands in the cells, and that every text comes out of the file as it went in."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.http import View
from shared.limits import class_of
from shared.paging import TABLE, Register
from shared.problems import InvalidRequest
from shared.registers.answering import answering, disposition
from shared.registers.asking import Encoding, Format, Headings, NotAcceptable, Wanted, format_of, wanted
from shared.registers.cells import cell, priced, reader, written
from shared.registers.csv_file import Lines, harmless, meant
from shared.registers.sheet import Sheet, amounts, flat, gaps, leaves
from shared.registers.xlsx_file import LONGEST, Workbook, fitting, named
from shared.topics import SERVICES
from shared.units import Unit, Units

CSV, XLSX, JSON = Format.CSV, Format.XLSX, Format.JSON
SHEET_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT = datetime(2026, 11, 25, 17, tzinfo=UTC)
STRANGE = [
    "=1+1",
    " ＝cmd|'/c calc'!A0",
    "'=1",
    "+86 138****8000",
    "-",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "1E5",
    "00123",
    "9" * 20,
    "龘𠮷 😀",
    'a,"b"\n c',
    "_x0041_",
]
ANY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("", JSON), ("*/*", JSON), ("text/csv", CSV), ("TEXT/CSV;charset=utf-8", CSV), (SHEET_MEDIA, XLSX), ("application/*", JSON), ("text/*", CSV),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON), ("application/json;q=0.5, text/csv", CSV), ("*/*, text/csv", CSV),
        ("text/csv;q=0, */*", JSON), ("application/pdf", None), ("text/csv;q=0", None), ("text/csv;q=zero", None), ("nothing at all", JSON),
        ("application/json;q=0, */*;q=0.1", CSV),
    ],
)  # fmt: skip
def test_accept_is_understood(accept: str, format: Format | None) -> None:
    assert format_of({}, accept) is format
    assert format_of({"format": "xlsx"}, accept) is XLSX, "what the address says counts for more"


def test_what_would_be_ignored_is_refused() -> None:
    assert wanted({}, "", encoding=None, headings=None) == Wanted(JSON)
    gb = Wanted(CSV, Encoding.GB18030, Headings.NAMES)
    assert wanted({"format": "csv"}, "", encoding=Encoding.GB18030, headings=Headings.NAMES) == gb
    assert gb.media == "text/csv; charset=gb18030"
    with pytest.raises(NotAcceptable):
        wanted({}, "image/png", encoding=None, headings=None)
    for params, more, field in (
        ({"format": "csv", "cursor": "x"}, {}, "cursor"),
        ({"format": "xlsx", "limit": "5"}, {}, "limit"),
        ({"format": "csv", "count": "true"}, {}, "count"),
        ({"format": "xlsx"}, {"encoding": Encoding.GB18030}, "encoding"),
        ({}, {"headings": Headings.ZH}, "headings"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            wanted(params, "", **{"encoding": None, "headings": None} | more)
        assert refused.value.more["field"] == field and refused.value.more["fix"]


class Money(View):
    amount: str
    currency: str


class Name(View):
    system: str
    id: str


class Row(View):
    id: str
    unit: str | None
    at: datetime
    day: date | None
    paid: Money | None
    done: bool
    names: list[Name]
    codes: list[str]
    facts: dict[str, Any]


COLUMNS = {it: f"栏{n}" for n, it in enumerate(leaves(Row))}
SHEET = Sheet("rows", "登记表", "orders.read", None, Row, COLUMNS, wording={"names": "{system}/{id}"})  # type: ignore[arg-type]
UNITS = Units(default="headquarters", units={"headquarters": Unit(), "overseas": Unit(zone="Europe/Berlin")})
ROW: dict[str, Any] = {
    "id": "1E5", "unit": "overseas", "at": AT, "day": date(2026, 1, 5), "paid": {"amount": "1234.5000", "currency": "CNY"}, "done": True,
    "names": [{"system": "erp", "id": "C-1"}, {"system": "crm", "id": "9"}], "codes": ["a", "b"], "facts": {"n": 1},
}  # fmt: skip


def test_a_view_becomes_columns() -> None:
    assert [*leaves(Row)] == ["id", "unit", "at", "day", "paid.amount", "paid.currency", "done", "names", "codes", "facts"]
    assert amounts(Row) == {"paid.amount"}
    (told,) = SHEET.told([ROW])
    moment = datetime(2026, 11, 25, 18)
    assert reader(SHEET, UNITS, names=False)(told) == [
        "1E5", "overseas", moment, date(2026, 1, 5), Decimal("1234.5"), "CNY", "是", "erp/C-1; crm/9", "a; b", '{"n":1}',
    ]  # fmt: skip
    (told,) = SHEET.told([ROW | {"unit": None, "paid": None, "done": False, "names": [], "codes": [], "facts": {}, "day": None}])
    assert reader(SHEET, UNITS, names=True)(told) == ["1E5", None, datetime(2026, 11, 26, 1), None, None, None, False, None, None, None]
    assert flat({"a": None}, ["a.b"]) == {"a.b": None}


def test_cells_as_text() -> None:
    assert [priced(Decimal(it)) for it in ("1234.5000", "0.0000", "-3", "0.1234", "1E+3")] == [
        "1234.50",
        "0.00",
        "-3.00",
        "0.1234",
        "1000.00",
    ]
    assert written(cell(AT.replace(microsecond=7), ZoneInfo("Asia/Shanghai"))) == "2026-11-26 01:00:00"
    assert (written(True), written(None), written(date(2026, 1, 5)), written(1.5)) == ("true", "", "2026-01-05", "1.5")


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_leaf_of_every_register_has_a_heading_or_is_meant_to_have_none(service: str) -> None:
    sheets: Sequence[Sheet] = import_module(f"services.{service}.app").service.sheets()
    assert sheets and {it.name: found for it in sheets if (found := gaps(it))} == {}
    assert len({it.name for it in sheets}) == len(sheets)
    for it in sheets:
        assert len({*it.columns.values()}) == len(it.columns), f"{it.name}: two columns of one name"
        assert re.fullmatch("[a-z_-]+", it.name) and named(it.title) == it.title


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_list_is_answered_as_a_table_too(service: str) -> None:
    """Each register knows `format`: a list without an `Answer` would ignore it."""
    routes = [it for router in import_module(f"services.{service}.app").service.routers() for it in router.routes]
    for route in routes:
        assert isinstance(route, APIRoute)
        asked = {it.call for it in route.dependant.dependencies}
        if any(isinstance(it, Register) for it in asked):
            assert answering in asked, f"{route.path} ignores {', '.join(sorted(TABLE))}"


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [("format=csv", "", "export"), ("state=x", SHEET_MEDIA, "export"), ("state=x", "", "search"), ("format=json", "*/*", "read")],
)
def test_a_table_counts_as_an_export(query: str, accept: str, kind: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/complaints",
        "query_string": query.encode(),
        "headers": [(b"accept", accept.encode())],
    }
    assert class_of(Request(scope), "complaints.read") == kind


def test_a_leaf_that_nobody_thought_of_is_noticed() -> None:
    sheet = Sheet("rows", "登记表", "orders.read", None, Row, {"id": "编号", "nought": "无"}, left_out={"unit": "why"})  # type: ignore[arg-type]
    assert gaps(sheet)[:2] == ["at has no heading", "codes has no heading"] and "there is no nought" in gaps(sheet)


def test_a_file_has_a_name_for_old_programs_and_one_for_people() -> None:
    told = disposition(SHEET, CSV, AT)
    assert told == "attachment; filename=\"rows-20261125.csv\"; filename*=UTF-8''%E7%99%BB%E8%AE%B0%E8%A1%A8-20261125.csv"


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r1", " =1", "\u3000＝1", "＋1", "－1", "＠x", "'=1", "\n=1", "\ufeff=1"]
)
def test_a_formula_is_none(text: str) -> None:
    assert harmless(text) == f"'{text}" and meant(harmless(text)) == text


@pytest.mark.parametrize("text", ["1E5", "a=1", "'a", "2026-01-05", "C-1", ""])
def test_other_texts_stay(text: str) -> None:
    assert harmless(text) == text == meant(text)


@given(st.lists(st.lists(ANY, min_size=2, max_size=2), max_size=5), st.sampled_from(Encoding))
def test_any_text_survives_csv(rows: list[list[str]], encoding: Encoding) -> None:
    lines = Lines(encoding)
    told = lines.begin(["栏", "B"]) + lines.of(rows) + lines.of([[None, 1]])
    assert told.startswith(b"\xef\xbb\xbf") is (encoding is Encoding.UTF_8)
    read = [*csv.reader(io.StringIO(told.decode("utf-8-sig" if encoding is Encoding.UTF_8 else "gb18030"), newline=""))]
    assert read[0] == ["栏", "B"] and [[meant(it) for it in row] for row in read[1:-1]] == rows and read[-1] == ["", "1"]
    assert all(not re.match(r"[=+\-@\t\r]", it.lstrip()) for row in read for it in row)


def test_any_text_survives_xlsx(tmp_path: Path) -> None:
    texts: list[str] = [*STRANGE, *map(chr, range(1, 0x180)), "\ufffe\uffff", "x" * LONGEST]

    @given(ANY)
    def gather(text: str) -> None:
        texts.append(text)

    gather()
    read = opened(tmp_path, ["栏"], [[it] for it in texts])
    assert [restored(row[0].value) or "" for row in read[1:]] == texts
    assert all(row[0].data_type in "sn" and not row[0].hyperlink for row in read[1:]), "no formula, no link"
    assert all(isinstance(row[0].value, str | None) for row in read[1:]), "no number was made of a text"


def test_values_are_what_they_are_in_xlsx(tmp_path: Path) -> None:
    huge, late = Decimal("12345678901234.5678"), datetime(2026, 1, 5, 12, 30, 1)
    row = [late, date(2026, 1, 5), Decimal("1234.5000"), 7, 2.5, True, None, huge, datetime(1850, 1, 1), 10**17]
    headings, cells = opened(tmp_path, [f"栏{n}" for n in range(len(row))], [row])
    day = datetime(2026, 1, 5)
    assert [it.value for it in cells] == [late, day, 1234.5, 7, 2.5, True, None, "12345678901234.5678", "1850-01-01 00:00:00", str(10**17)]
    assert [it.number_format for it in cells[:3]] == ["yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd", "#,##0.00##"]
    sheet = cells[0].parent
    assert headings[0].font.bold and (sheet.freeze_panes, sheet.auto_filter.ref, sheet.title) == ("A2", "A1:J2", "登记表")
    assert sheet.parent.properties.creator == "Careloop"


def test_what_a_cell_can_not_hold_is_not_lost_in_silence() -> None:
    told = fitting("龘𠮷" * 20_000)
    assert len(told.encode("utf-16-le")) // 2 <= LONGEST and "40000" in told and told.startswith("龘𠮷龘")
    assert named("a/b:c*d[e]" + "长" * 40, " (2)") == "a b c d e " + "长" * 17 + " (2)" and len(named("长" * 40)) == 31


def test_more_rows_than_a_sheet_holds_go_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.registers.xlsx_file.MOST_ROWS", 2)
    first = opened(tmp_path, ["栏"], [["a"], ["b"], ["c"]])
    book = first[0][0].parent.parent
    assert book.sheetnames == ["登记表", "登记表 (2)"] and [row[0].value for row in book["登记表 (2)"].iter_rows()] == ["栏", "c"]


def opened(folder: Path, headings: list[str], rows: list[list[Any]]) -> Any:
    book = Workbook(folder / "t.xlsx", "登记表", headings, AT)
    book.add(rows)
    book.close()
    return [*openpyxl.load_workbook(folder / "t.xlsx").worksheets[0].iter_rows()]


def restored(text: str | None) -> str | None:
    """What spreadsheets make of `_x000D_` (ECMA-376, 22.9.2.19): a character that XML can't hold."""
    return text and re.sub("_x([0-9A-F]{4})_", lambda it: chr(int(it[1], 16)), text)
