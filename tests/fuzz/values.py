"""Spoils values: strings, numbers, money, dates, codes and ids that no system should write and some do."""

from random import Random
from typing import Any

from tests.fuzz.changing import Change, Fate, judged, kind, matching, number_at, some, text_at
from tests.fuzz.draft import TELLTALE, Draft, Raw, draft

STRANGE = [
    "\u202e" + TELLTALE, "e\u0301" * 20, "👩‍👩‍👧‍👦🏴‍☠️", "𠮷野家", "a\r\nb: c", "\t", "\x7f", "\u2028", "\ufeff" + TELLTALE, "\ufffe", "\U0010ffff",
    "' OR 1=1 --", "{{7*7}}", "${jndi:ldap://x}", "<script>", "%s%n", "\\", '"', "../../etc/passwd", "null", "None", "NaN", "ﷺ" * 10, "İ", "ß" * 64,
    "\u200b", "\xa0", " ", "a" * 63 + "𠮷", "=1+1", "\x1b[31m", TELLTALE,
]  # fmt: skip
MOMENTS = [
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "1900-01-01T00:00:00+23:59", "1900-01-01T00:00:00Z",
    "2199-12-31T23:59:59Z", "2199-12-31T23:59:59-23:59", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T10:00:00Z",
    "2026-01-05T23:59:60Z", "2016-12-31T23:59:60Z", "2026-01-05T24:00:00Z", "2026-01-05T10:00:00", "2026-01-05 10:00:00+08:00", "2026-W02-1",
    "20260105T100000Z", "2026-01-05T10:00Z", "2026-01-05T10:00:00+24:00", "2026-01-05T10:00:00+08", "2026-01-05T10:00:00+0800", "1767578700",
    "2026-01-05T10:00:00.123456789Z", "2026-01-05T10:00:00.1234567891Z", "2026-01-05t02:00:00z", "2026-01-05T10:00:00-00:00",
    "2026-01-05T10:00:00Z\n", " 2026-01-05T10:00:00Z", "٢٠٢٦-01-05T10:00:00Z", "2026-01-05", "05.01.2026", "now", "", "2026-1-5", "2026-13-01",
    "2026-00-00", "2025-02-29", "-2026-01-05", "+2026-01-05", "2026-01-05T10:00:00+08:00[Asia/Shanghai]", "2026-01-05T10:00:00,5Z", "10:00",
    "2026-01-05T10:60:00Z", "2026-01-05T10:00:00+00:60",
]  # fmt: skip
AMOUNTS = [
    "-5.00", "-0.0000", "0", "99999999999999.9999", "-99999999999999.9999", "100000000000000", "1e5", "1E400", "NaN", "Infinity", "+1", "1,000.00",
    "1.000,00", "１２３", "0x10", " 1 ", "1.00000", "00001.00", ".5", "5.", "-", "", "1_000", "1" * 400, "12.5 CNY", "∞", "1.0000\n",
]  # fmt: skip
NUMBERS: list[Any] = [
    Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e400"), Raw("-1e400"), Raw("1e-400"), Raw("-0"), Raw("-0.0"), Raw("2.0"), Raw("1e2"),
    Raw("01"), Raw("+1"), Raw("0x1F"), Raw("1."), Raw(".5"), Raw("9" * 400), Raw("9" * 5000), Raw("0." + "9" * 400), -1, 0, 2**31 - 1, 2**31, 2**53, 2**63 - 1,
    2**63, 2**64, -(2**63) - 1, 0.1, 1e308, 100.0001, 1.5,
]  # fmt: skip
BAD_NUMBERS = {"NaN", "Infinity", "-Infinity", "1e400", "-1e400", "01", "+1", "0x1F", "1.", ".5"}
CONTACT = {
    "emails": ["用户@例え.jp", "a@b", "a@-", "a..b@example.com", '"a b"@example.com', "a@example.com\r\nBcc: x@example.com", "@", "a@b@c", "x" * 250 + "@b", "Ω@example.com", "a@.", "a@" + "b" * 100],
    "phones": ["+1", "+999999999999999", "+0123", "862155550100", "+86 21 5555", "tel:+8621", "+８６２１", "+86215555010012345678"],
    "time_zone": ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "localtime", "Etc/GMT+14", "Asia", "posixrules", "+08:00", "utc", "A" * 65, "Asia/Shanghai ", "", "Factory", "tzdata.zi", "zone.tab", "leapseconds", "__init__.py"],
    "language": ["zh", "x-klingon", "xx-YY-ZZ-11", "en_US.UTF-8", "", "中文", "zh-CN-x", "tlh", "i-default"],
    "preferred_channel": ["fax", "", "EMAIL", "sms", "wechat", TELLTALE],
}  # fmt: skip
LINKS = {
    "currency": ["cny", "XXX", "CN", "¥", "", "CNYY", "РУБ"],
    "tracking_url": ["javascript:alert(1)", "ftp://x", "http://", "https://" + "x" * 1990, "https://例え.jp/", "https://x/\n", "HTTPS://X", "https://x y", "https://x/<b>", "https://[::1"],
}  # fmt: skip


@kind("strange text")
def strange(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, text_at, chance.choice(STRANGE))


@kind("U+0000 in a text")
def nul(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, text_at, chance.choice(["\0", f"{TELLTALE}\0", "\0b", "a\0b"]))


@kind("lone surrogate")
def surrogate(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, text_at)
    if place is None:
        return None
    place.put(Raw(chance.choice(['"\\ud800"', '"\\udc00"', '"a\\ud83d"', '"\\udc00\\ud800"', '"\\uD800x"'])))
    return Change(("", place.pointer), Fate.PARKED)


@kind("empty text")
def empty(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, text_at, "")


@kind("very long text")
def long(it: Draft, chance: Random) -> Change | None:
    letter, times = chance.choice(["x", "𠮷", "é", "\u0301", " "]), chance.choice([64, 65, 500, 501, 2000, 2001, 20_000])
    return put(it, chance, text_at, letter * times)


@kind("odd case and spaces")
def untidy(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, text_at)
    if place is None:
        return None
    text = str(place.value)
    place.put(chance.choice([text.upper(), text.title(), f" {text}", f"{text} ", f"{text}\n", f"\u200b{text}", text.swapcase()]))
    return judged(it, place.pointer)


@kind("odd number")
def number(it: Draft, chance: Random) -> Change | None:
    place, value = some(it, chance, number_at), chance.choice(NUMBERS)
    if place is None:
        return None
    place.put(value)
    if isinstance(value, Raw):
        return Change(("", place.pointer), Fate.PARKED if value.text in BAD_NUMBERS else Fate.EITHER)
    return judged(it, place.pointer)


@kind("odd amount")
def amount(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, matching(r"\d+\.\d+"), chance.choice(AMOUNTS))


@kind("money as a number")
def bare_amount(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, matching(r"\d+\.\d+"), chance.choice([1234.5, 17, 0, -1, 1e300]))


@kind("odd moment or day")
def moment(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, matching(r"20\d\d-\d\d-\d\d.*"), chance.choice(MOMENTS))


@kind("moment far from now")
def far(it: Draft, chance: Random) -> Change | None:
    """Long ago, or ahead: right in form, and a reason for every clock to stumble."""
    moments = [
        "1900-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-01-05T10:30:00+14:00",
        "2027-01-01T00:00:00Z",
        "2199-12-31T23:59:59+14:00",
    ]
    moments += [
        "2199-12-31T23:59:59-12:00",
        "1900-01-01T00:00:00+23:59",
        "2100-02-28T12:00:00-23:59",
        "2026-01-05T09:59:59.999999999+08:00",
    ]
    return put(it, chance, matching(r"20\d\d-\d\d-\d\dT.*"), chance.choice(moments))


@kind("day far from now")
def far_day(it: Draft, chance: Random) -> Change | None:
    days = ["1900-01-01", "1969-12-31", "2100-02-28", "2199-12-31", "2026-01-04", "2024-02-29"]
    return put(it, chance, matching(r"20\d\d-\d\d-\d\d"), chance.choice(days))


@kind("moment as a number")
def epoch(it: Draft, chance: Random) -> Change | None:
    return put(it, chance, matching(r"20\d\d-\d\d-\d\d.*"), chance.choice([1767578700, 1767578700000, 1767578700.5, 0, -1, 2**63]))


@kind("unknown code")
def code(it: Draft, chance: Random) -> Change | None:
    """Most single words are codes."""
    return put(
        it, chance, matching(r"[a-z_]+"), chance.choice(["unknown", "OTHER", "other ", "", "0", "none", "weather,traffic", TELLTALE])
    )


@kind("odd id")
def odd_id(it: Draft, chance: Random) -> Change | None:
    ids = [
        "",
        " ",
        "x" * 64,
        "x" * 65,
        "𠮷" * 64,
        "a/b",
        "a/b/c",
        "/",
        "../x",
        "A b",
        "\n",
        "\0",
        "é" * 64,
        "0",
        "-1",
        "null",
        "%00",
        "a:b",
        "\u202e",
        "\u2028",
        "\r\n",
    ]
    place = some(it, chance, lambda place: text_at(place) and str(place.name).endswith("id"))
    if place is None:
        return None
    place.put(chance.choice(ids))
    return judged(it, place.pointer)


@kind("odd system")
def odd_system(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda place: text_at(place) and place.name == "system")
    if place is None:
        return None
    place.put(chance.choice(["ERP", "erp ", "", "x" * 32, "x" * 33, "crm/erp", "-erp", "_", "0", "érp", "reception", "erp\n"]))
    return judged(it, place.pointer)


@kind("odd address or language")
def contact(it: Draft, chance: Random) -> Change | None:
    """What a job has to work with later: something is on its way to this customer."""
    place = some(it, chance, lambda place: str(place.name) in CONTACT)
    if place is None:
        return None
    value = chance.choice(CONTACT[str(place.name)])
    place.put([value] if isinstance(place.value, list) else value)
    who = it.body.get("customer")
    if it.type == "customer.declared.v1" and isinstance(who, dict) and isinstance(who.get("id"), str):
        if place.name == "phones":
            it.body["preferred_channel"] = "sms"
        it.twins = [draft(f"{it.number}n", it.number, "order.shipped.v1", customer=who["id"])]
        it.twins[0].put("ce_id", (it.says("ce_id") or b"x")[:50] + b"-news")
    return judged(it, place.pointer)


@kind("odd currency or link")
def link(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda place: str(place.name) in LINKS)
    if place is None:
        return None
    place.put(chance.choice(LINKS[str(place.name)]))
    return judged(it, place.pointer)


def put(it: Draft, chance: Random, where: Any, value: Any) -> Change | None:
    place = some(it, chance, where)
    if place is None:
        return None
    place.put(value)
    return judged(it, place.pointer)
