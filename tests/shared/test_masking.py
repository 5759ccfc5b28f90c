"""What is masked in free text, and what is not."""

import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.masking import checked, is_card, masked_text

digits = st.text("0123456789", min_size=8, max_size=8)
gaps = st.sampled_from(["", " ", "-", "."])
words = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Zs", "Po"], max_codepoint=0x9FFF), max_size=20).filter(
    lambda it: not re.search(r"[0-9A-Za-z@＠*_.%+]$|^[0-9A-Za-z@＠*_.%+]", it) and not re.search(r"\d", it)
)


@st.composite
def mobiles(draw: Any) -> str:
    gap = draw(gaps)
    rest = draw(digits)
    return f"{draw(st.sampled_from(['', '+86', '86', '+86 ', '0086']))}1{draw(st.sampled_from('3456789'))}{rest[0]}{gap}{rest[:4]}{gap}{rest[4:]}"


@st.composite
def cards(draw: Any) -> str:
    begun = "62" + draw(st.text("0123456789", min_size=13, max_size=16))
    return next(begun + last for last in "0123456789" if is_card(begun + last))


@st.composite
def identities(draw: Any) -> str:
    day = draw(st.dates()).replace(year=draw(st.integers(1930, 2020)), day=1)
    begun = f"310101{day:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return next(begun + last for last in "0123456789X" if checked(begun + last))


personal = st.one_of(
    mobiles(), cards(), identities(), st.emails(domains=st.just("example.com")).filter(lambda it: re.fullmatch(r"[\w.+\-]+@[\w.]+", it)),
    digits.map(lambda it: f"021-{it[:4]} {it[4:]}"), digits.map(lambda it: f"+4420{it}"), digits.map(lambda it: f"E{it}"),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(words, personal, words)
def test_what_tells_who_somebody_is_never_stays(before: str, value: str, after: str) -> None:
    told = masked_text(f"{before}{value}{after}")
    hidden = value.partition("@")[0] + "@" if "@" in value else value[-7:]  # the host of an address stays
    assert hidden not in told and "***" in told
    assert masked_text(told) == told


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"0123456789+-() .@aEX*１８＠/", "tel", "call at ", "电话号", "0044 ", "1380 ", "0138 "]), max_size=60).map(
        "".join
    )
)
def test_masked_again_it_is_the_same(text: str) -> None:
    told = masked_text(text)
    assert masked_text(told) == told


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.uuids().map(str),
        st.datetimes().map(lambda it: f"{it.isoformat()}+08:00"),
        st.integers(0, 2**128 - 1).map(lambda it: str(UUID(int=it))),
    )
)
def test_ids_and_times_stay(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "SF1380013800012", "YT8800000001004", "JD0012345678901", "SO-2026-000123", "PO-1001", "1Z999AA10123456784", "careloop.inbound.orders/0/123456789",
        "13800138000.50", "1700000000000", "CNY 1234567.0000", "12:00-13:30", "a***@example.com", "+86 138****8000", "310101202605010001",
        "0012-2026-01-05", "0080001234", "1500 2000 300 400", "1/1500/2000/300", "12 1500 2000 300", "call 2026-01-05 10:00", "call 20260105-1",
        "call 09.00-12.00", "call 0900-1200", "hotel 12345678", "recall 55550100", "电话订单 55550100", "call about 55550100", "call 7 times", "5@10",
        "3@CNY", "@home", "张三@李四", "tel 12345", "55550100", "5555 0100", "phone order 55550100", "138/0013/800", "1380 0138 0001",
        "4006381333931", "13800138000ab3d5e7f90123456789abcd", "no @ in it", "x@", "@y.z",
    ],
)  # fmt: skip
def test_what_is_nobody_s_stays(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13800138000，谢谢", "电话+86 138****8000，谢谢"),
        ("tel13800138000", "tel+86 138****8000"),
        ("TEL13800138000thanks", "TEL+86 138****8000thanks"),
        ("021-5555 0100İ", "+86 21****0100İ"),
        ("１３８００１３８０００", "+86 138****8000"),
        ("13800138000,13900139000", "+86 138****8000,+86 139****9000"),
        ("(021) 5555-0100", "+86 21****0100"),
        ("+44 20 7946 0958", "+44 20****0958"),
        ("邮箱是anna@example.com。", "邮箱是a***@example.com。"),
        ("用户＠例子.公司", "用***@例子.公司"),
        ("4111 1111 1111 1111", "****1111"),
        ("11010519491231002x", "****002x"),
        ("110105491231002", "****1002"),
        ("EA1234567", "****4567"),
        ("0044 20 7946 0958", "+44 20****0958"),
        ("from 001-212-555-0100.", "from +1 21****0100."),
        ("1380 0138 000", "+86 138****8000"),
        ("138 001 38000", "+86 138****8000"),
        ("138/0013/8000", "+86 138****8000"),
        ("电话：2345 6789", "电话：****6789"),
        ("手机号码是13800 138000", "手机号码是****8000"),
        ("Tel. 55550100, thanks", "Tel. ****0100, thanks"),
        ("please call me at 5555-010", "please call me at ****0"),
        ("phone no. 00442079460958", "phone no. ****0958"),
        ("zhang@localhost", "z***@localhost"),
        ("ask zhang@mailhost, please", "ask z***@mailhost, please"),
    ],
)
def test_as_it_reads(text: str, masked: str) -> None:
    assert masked_text(text) == masked


def test_a_long_text_takes_no_long_time() -> None:
    for text in (
        "a" * 100_000 + "1234567@", "1 " * 50_000, "1-" * 50_000 + "@", "." * 100_000 + "@1234567", "tel 2 " * 20_000,
        "call me at " * 10_000 + "1234567", "0044 20 " * 20_000, "1380 0138 " * 20_000, "a." * 50_000 + "@1234567",
    ):  # fmt: skip
        assert masked_text(text)
