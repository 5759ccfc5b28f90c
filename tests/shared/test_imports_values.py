"""Values as people write them, and what is told of those that mean nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imports.columns import Columns, Plan, folded, merged, recognised
from shared.imports.kind import Field
from shared.imports.reading_phones import phones
from shared.imports.reading_times import FormatUnknown, day, moment, patterns
from shared.imports.reading_values import Ambiguous, Reading, Unreadable, boolean, currency, emails, identifier, money, text, whole

HOW, BERLIN = Reading(), Reading(ZoneInfo("Europe/Berlin"))
BEIJING = Reading(area="010")


@pytest.mark.parametrize(
    ("told", "how", "meant"),
    [
        ("0592-6681618", HOW, ["+865926681618"]),
        ("010-85007938;010-85007421", HOW, ["+861085007938", "+861085007421"]),
        ("13126919465、010-81023008/021-55550100", HOW, ["+8613126919465", "+861081023008", "+862155550100"]),
        ("138 0013 8000", HOW, ["+8613800138000"]),
        ("13800138000 13900139000", HOW, ["+8613800138000", "+8613900139000"]),
        ("010-83195280（博物馆）；010-83195588（办公室）", HOW, ["+861083195280", "+861083195588"]),
        ("01061793685,61790883转1", HOW, ["+861061793685", "+861061790883"]),
        ("64045361-3015,01051952712", BEIJING, ["+861064045361", "+861051952712"]),
        ("400-688-8298", HOW, ["+864006888298"]),
        ("+86 10 6263 2002", HOW, ["+861062632002"]),
        ("0086-21-55550100", HOW, ["+862155550100"]),
        ("１３８００１３８０００", HOW, ["+8613800138000"]),
        ("030 1234567", Reading(country="49"), ["+49301234567"]),
    ],
)
def test_phones(told: str, how: Reading, meant: list[str]) -> None:
    assert phones(told, how) == meant


def test_a_phone_that_cant_be_dialled_says_why() -> None:
    for told in ("83657688", "6681618转12"):
        with pytest.raises(Unreadable, match="no area code"):
            phones(told, HOW)
    for told in ("见名片", "123", "1380013800x", "，"):
        with pytest.raises(Unreadable, match="no telephone number"):
            phones(told, HOW)


@pytest.mark.parametrize(
    ("read", "told", "meant"),
    [
        (money, "￥1,234.50", Decimal("1234.5")), (money, "１２３４．５元", Decimal("1234.5")), (money, "-5", Decimal(-5)), (money, "US$12", Decimal(12)),
        (currency, "元", "CNY"), (currency, "usd", "USD"), (whole, "1,000", 1000), (boolean, "是", True), (boolean, "N", False),
        (emails, "a@b.cn; c@d.cn", ["a@b.cn", "c@d.cn"]), (identifier(), "1E5", "1E5"), (identifier(), "007", "007"), (text(9), "NULL", "NULL"),
    ],
)  # fmt: skip
def test_values(read: Any, told: str, meant: Any) -> None:
    assert read(told, HOW) == meant


@pytest.mark.parametrize(
    ("read", "told", "wrong"),
    [
        (money, "1.234,56", "no amount"), (money, "1,23", "no amount"), (money, "1.23456", "at most"), (currency, "x", "no currency"),
        (whole, "1.5", "no whole number"), (boolean, "maybe", "neither yes nor no"), (emails, "a", "no e-mail"), (text(3), "1234", "4 characters"),
        (text(9), "a\x0bb", "U\\+000B"), (identifier(), "1.00023E+11", "lost its end"), (identifier(3), "1234", "at most 3"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(read: Any, told: str, wrong: str) -> None:
    with pytest.raises(Unreadable, match=wrong) as refused:
        read(told, HOW)
    assert refused.value.fix


@pytest.mark.parametrize(
    "told", ["2026-01-05", "2026/1/5", "2026.1.5", "2026年1月5日", "20260105", "２０２６年１月５日", "2026-01-05T00:00:00"]
)
def test_days(told: str) -> None:
    assert day(told, HOW) == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("told", "format"),
    [
        ("1/5/2026", "MM/DD/YYYY"),
        ("05-01-26", "YYYY-MM-DD|DD-MM-YY"),
        ("260105", "YYMMDD"),
        ("5. Jan 2026", "DD. MMM YYYY"),
        ("2026-01-05", "MM/DD/YYYY"),
    ],
)
def test_days_of_a_format(told: str, format: str) -> None:
    assert day(told, Reading(format=format)) == date(2026, 1, 5)


def test_six_digits_and_what_could_be_read_either_way_are_asked_once() -> None:
    for told in ("260105", "201501", "1/2/2015", "25.1.2026", "18-04-15"):
        with pytest.raises(Ambiguous):
            day(told, HOW)
    assert day("201501", Reading(format="YYYYMM")) == date(2015, 1, 1)
    for told in ("2026-02-30", "tomorrow", "1899-12-31", "2026-01-051"):
        with pytest.raises(Unreadable) as refused:
            day(told, HOW)
        assert not isinstance(refused.value, Ambiguous)
    for format in ("hello", "MM/DD", "YYYY-MM-DD-DD", ""):
        with pytest.raises(FormatUnknown):
            patterns(format)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-01-05 10:30", datetime(2026, 1, 5, 2, 30)), ("2026-01-05T10:30:00+01:00", datetime(2026, 1, 5, 9, 30)), ("2026-01-05", datetime(2026, 1, 4, 16)),
        ("2026年1月5日 下午3点", datetime(2026, 1, 5, 7)), ("2026/1/5 3:53:50 PM", datetime(2026, 1, 5, 7, 53, 50)), ("20260105 12:00 am", datetime(2026, 1, 4, 16)),
    ],
)  # fmt: skip
def test_moments(told: str, meant: datetime) -> None:
    assert moment(told, HOW) == meant.replace(tzinfo=UTC)


def test_a_time_that_the_clock_skips_or_brings_twice_is_nobodys_to_guess() -> None:
    with pytest.raises(Unreadable, match="did not come in Europe/Berlin"):
        moment("2026-03-29 02:30", BERLIN)
    with pytest.raises(Unreadable, match="came twice"):
        moment("2026-10-25 02:30", BERLIN)
    assert moment("2026-10-25 02:30+01:00", BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


ANYTHING = st.text(max_size=30) | st.text("0123456789-/.:；、 年月日+转元¥,()ABEe", max_size=20)


@given(
    ANYTHING,
    st.sampled_from([phones, money, currency, whole, boolean, emails, identifier(), text(20), day, moment]),
    st.sampled_from([HOW, BERLIN, BEIJING]),
)
def test_whatever_is_written_is_read_or_refused_in_words(told: str, read: Any, how: Reading) -> None:
    try:
        read(told.strip() or "?", how)
    except Unreadable as refused:
        assert refused.message.endswith(".")
        assert refused.fix


class Things:
    name, title = "things", "Things"
    fields = (
        Field("id", identifier(), ("编号", "thing id"), "Its id.", required=True),
        Field("on", day, ("日期",), "The day."),
        Field("at", moment, ("时间",), "The moment."),
        Field("state", text(9), ("状态",), "How it stands."),
    )


def test_columns_are_recognised_by_their_headings() -> None:
    kind: Any = Things()
    headings = ["Thing-ID（必填）", " 日 期 ", "备注"]
    assert recognised(kind, Plan(), headings) == ({"id": ["Thing-ID（必填）"], "on": [" 日 期 "]}, [])
    assert folded("Thing-ID（必填）") == "thingid"
    _, asked = recognised(kind, Plan(columns={"at": ["Date", "Time"]}), ["Date"])
    assert [it["message"] for it in asked] == ["No column is recognised as id, and every row needs it.", "The file has no column Time."]
    before = merged(
        Plan(formats={"on": "MM/DD/YYYY"}, zone="Europe/Berlin"), {"columns": {"id": "A"}, "formats": {"at": "DD.MM.YYYY"}, "zone": "UTC"}
    )
    assert (before.columns, before.formats, before.zone) == ({"id": "A"}, {"at": "DD.MM.YYYY", "on": "MM/DD/YYYY"}, "Europe/Berlin")


def test_cells_become_values() -> None:
    kind: Any = Things()
    headings = ["A", "Date", "Time", "S"]
    plan = Plan(
        columns={"id": "A", "at": ["Date", "Time"], "state": "S"}, values={"state": {" DONE ": "closed", "open": ""}}, formats={"at": "DD/MM/YYYY"},
        empty=["NULL"], constants={"on": "2026-01-05"},
    )  # fmt: skip
    mapping, asked = recognised(kind, plan, headings)
    reader = Columns(kind, plan, headings, mapping, ZoneInfo("UTC"))
    assert not asked
    assert reader.read([" 1E5 ", "5/1/2026", "10:30", "done"]) == (
        {"id": "1E5", "on": date(2026, 1, 5), "at": datetime(2026, 1, 5, 10, 30, tzinfo=UTC), "state": "closed"}, [],
    )  # fmt: skip
    values, reasons = reader.read(["NULL", None, None, "open"])
    assert (values["at"], values["state"]) == (None, None)
    assert [(it.field, it.message) for it in reasons] == [("id", "It is empty, and every row needs it.")]
    assert reader.read(["1", "2"])[1][0].message == "The row has 2 cells, and there are 4 headings."
    assert reader.read([["1", "digits"], None, None, None])[1][0].message.startswith("A spreadsheet keeps 15 digits")
