"""Spoils the envelope: headers that are missing, null, repeated, unreadable or odd, and structured mode done wrong."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.changing import Change, Fate, kind
from tests.fuzz.draft import STRUCTURED, TELLTALE, Draft, structured
from tests.fuzz.values import MOMENTS, STRANGE

NEEDED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time")
ALL = (*NEEDED, "ce_subject", "ce_orgunit")
ODD_BYTES = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe9", b"a\xffb", "é".encode("utf-16")]


def bears_an_envelope(it: Draft) -> bool:
    """A null value on a compacted topic needs none; what is done to its headers is certain nowhere."""
    return it.wire() is not None


def certain(it: Draft, *at: str, fate: Fate = Fate.PARKED) -> Change:
    return Change(at, fate if bears_an_envelope(it) else Fate.EITHER)


def one(names: tuple[str, ...], it: Draft, chance: Random) -> str | None:
    found = [name for name in names if it.says(name) is not None]
    return chance.choice(found) if found else None


@kind("header missing")
def missing(it: Draft, chance: Random) -> Change | None:
    name = one(NEEDED, it, chance)
    if name is None:
        return None
    it.drop(name)
    return certain(it, name)


@kind("optional header missing")
def optional_missing(it: Draft, chance: Random) -> Change | None:
    for name in ("ce_subject", "ce_orgunit", "traceparent", "content-type"):
        if chance.random() < 0.6:
            it.drop(name)
    return Change(("",), Fate.HANDLED if it.written is False else Fate.EITHER)


@kind("no headers")
def none(it: Draft, chance: Random) -> Change | None:
    it.headers = []
    return certain(it, *NEEDED)


@kind("header null")
def null(it: Draft, chance: Random) -> Change | None:
    return change(it, chance, ALL, lambda _: None)


@kind("header empty")
def empty(it: Draft, chance: Random) -> Change | None:
    return change(it, chance, ALL, lambda _: b"")


@kind("header not UTF-8")
def unreadable(it: Draft, chance: Random) -> Change | None:
    return change(it, chance, ALL, lambda _: chance.choice(ODD_BYTES))


@kind("header with U+0000")
def nul(it: Draft, chance: Random) -> Change | None:
    return change(it, chance, ALL, lambda value: chance.choice([b"\0", value + b"\0", b"\0" + value]))


@kind("header too long")
def oversize(it: Draft, chance: Random) -> Change | None:
    return change(it, chance, ALL, lambda value: value.ljust(chance.choice([256, 300, 5000, 70_000]), b"x"))


@kind("header comes twice")
def repeated(it: Draft, chance: Random) -> Change | None:
    name = one(ALL, it, chance)
    if name is None:
        return None
    value = it.says(name)
    it.headers.insert(chance.randrange(len(it.headers) + 1), (name, chance.choice([value, value, b"other", None, b"\xff", b""])))
    return certain(it, name)


@kind("header in another case")
def cased(it: Draft, chance: Random) -> Change | None:
    name = one(NEEDED, it, chance)
    if name is None:
        return None
    to = chance.choice(
        [name.upper(), name.replace("ce_", "ce-"), name.replace("ce_", "Ce_"), name[3:], f"{name} ", f"cloudEvents:{name[3:]}"]
    )
    it.headers = [(to if header == name else header, value) for header, value in it.headers]
    return certain(it, name)


@kind("foreign headers")
def foreign(it: Draft, chance: Random) -> Change | None:
    """Whatever tools of others leave on a record."""
    names = [
        "",
        "spring_json_header_types",
        "b3",
        "X-Request-Id",
        "__TypeId__",
        "kafka_correlationId",
        "ключ",
        "a\0b",
        "x" * 3000,
        b"odd-\xff\xfe",
        b"\xc3",
    ]
    values = [b"", None, b"\xff\xfe", b"\0" * 8, TELLTALE.encode(), b"x" * 10_000, b"[B"]
    for _ in range(chance.choice([1, 1, 3, 200])):
        it.headers.insert(chance.randrange(len(it.headers) + 1), (chance.choice(names), chance.choice(values)))
    return Change(("",), Fate.HANDLED)


@kind("extension attribute")
def extension(it: Draft, chance: Random) -> Change | None:
    name = chance.choice(["ce_partitionkey", "ce_correlationid", "ce_dataschema", "ce_x", "ce_", "ce_sequence", "ce_" + "y" * 300])
    value = chance.choice([b"7", b"", b"x" * 200, "𠮷".encode(), b"\xff", None, b"a\0b"])
    it.headers.append((name, value))
    fine = value is not None and value != b"\xff" and b"\0" not in value
    return Change((name,), Fate.HANDLED if fine else Fate.EITHER)


@kind("trace is odd")
def trace(it: Draft, chance: Random) -> Change | None:
    name = chance.choice(["traceparent", "ce_correlationid"])
    value = chance.choice(
        [b"", b"00", b"x" * 55, b"x" * 56, b"\r\n" * 20, b" ", "é".encode() * 27 + b"x", b"\xff", None, b"0" * 5000, b"a\0b"]
    )
    it.drop(name)
    it.headers.append((name, value))
    return Change((name,))


@kind("odd specversion")
def version(it: Draft, chance: Random) -> Change | None:
    return change(it, chance, ("ce_specversion",), lambda _: chance.choice([b"0.3", b"1.1", b"1.0 ", b"1", b"", b"2.0", "１.0".encode()]))


@kind("odd type")
def odd_type(it: Draft, chance: Random) -> Change | None:
    told = [
        b"order.exploded.v1",
        b"ORDER.PLACED.V1",
        b"order.placed.v2",
        b"order.placed",
        b"complaint.received.v1",
        b"contact.changed.v1",
        b"x" * 65,
        b" order.placed.v1",
    ]
    return change(it, chance, ("ce_type",), lambda _: chance.choice([*told, b"event.rejected.v1", TELLTALE.encode()]))


@kind("odd source")
def odd_source(it: Draft, chance: Random) -> Change | None:
    told = [
        b"/warehouse",
        b"erp",
        b"/erp/",
        b"/ERP",
        b"/erp ",
        b"//erp",
        b"https://erp.example",
        b"/careloop/complaints",
        b"/careloop/followup",
        b"/",
        b"/telephony/x",
        TELLTALE.encode(),
    ]
    it.put("ce_source", chance.choice(told))
    return certain(it, "ce_source", "topic")  # some may write, and not there


@kind("odd event id")
def odd_event_id(it: Draft, chance: Random) -> Change | None:
    """Whatever it is, it is unlike all others."""
    mark = (it.says("ce_id") or b"").decode(errors="replace")
    told = [
        f"{mark} ",
        f" {mark}",
        f"{mark}𠮷",
        f"{mark}\r\n",
        f"{mark}\u202e",
        mark.ljust(64, "x"),
        mark.ljust(65, "x"),
        mark.ljust(64, "𠮷"),
        f"{mark}/../x",
        f"{mark};--",
    ]
    it.put("ce_id", chance.choice(told).encode())
    return Change(("ce_id",))


@kind("odd ce_time")
def odd_time(it: Draft, chance: Random) -> Change | None:
    it.put("ce_time", chance.choice(MOMENTS).encode())
    return Change(("ce_time",))


@kind("ce_time ahead of us")
def ahead(it: Draft, chance: Random) -> Change | None:
    told = [
        "2026-01-06T10:00:00+08:00",
        "2027-01-01T00:00:00Z",
        "2199-12-31T23:59:59Z",
        "2199-12-31T23:59:59-23:59",
        "2026-01-05T10:00:00-12:00",
    ]
    return change(it, chance, ("ce_time",), lambda _: chance.choice(told).encode())


@kind("ce_time long ago")
def ago(it: Draft, chance: Random) -> Change | None:
    it.put(
        "ce_time",
        chance.choice(
            ["1900-01-02T00:00:00Z", "1970-01-01T00:00:00Z", "2000-02-29T12:00:00+14:00", "2026-01-05T01:59:59.999999Z"]
        ).encode(),
    )
    return Change(("ce_time",), Fate.HANDLED)


@kind("odd subject or unit")
def odd_about(it: Draft, chance: Random) -> Change | None:
    name = chance.choice(["ce_subject", "ce_orgunit"])
    it.drop(name)
    it.headers.append(
        (
            name,
            chance.choice([*STRANGE, "nowhere", "HEADQUARTERS", "x" * 64, "x" * 65, "x" * 255, "x" * 256]).encode("utf-8", "surrogatepass"),
        )
    )
    return Change((name,))


@kind("content type is another")
def content_type(it: Draft, chance: Random) -> Change | None:
    told = [
        b"text/plain",
        b"application/avro",
        b"application/json; charset=utf-16",
        b"APPLICATION/JSON",
        b"application/xml",
        b"",
        b"\xff",
        None,
        b"application/cloudevent",
        b"x" * 5000,
    ]
    it.put("content-type", chance.choice(told))
    return Change(("content-type",))


@kind("says structured and is not")
def falsely(it: Draft, chance: Random) -> Change | None:
    told = [
        STRUCTURED,
        b"application/cloudevents",
        b"Application/CloudEvents+JSON; charset=UTF-8",
        b"application/cloudevents-batch+json",
        b"application/cloudevents+avro",
    ]
    it.put("content-type", chance.choice(told))
    return certain(it, "", *ALL, *(name[3:] for name in ALL))


@kind("structured")
def in_structure(it: Draft, chance: Random) -> Change | None:
    """Right, whatever the headers say beside it."""
    if it.written or not isinstance(it.body, dict):
        return None
    it.body = structured(it) | chance.choice(
        [{}, {"colour": "red"}, {"x": None}, {"datacontenttype": "text/plain"}, {"dataschema": "x"}, {"subject": None}]
    )
    it.headers = chance.choice([[], it.headers, [("ce_id", b"\xff")]])
    it.drop("content-type")
    it.headers.append(("content-type", chance.choice([STRUCTURED, STRUCTURED + b"; charset=utf-8", STRUCTURED.upper()])))
    return Change(("",), Fate.HANDLED)


@kind("structured, attribute wrong")
def in_bad_structure(it: Draft, chance: Random) -> Change | None:
    if it.written or not isinstance(it.body, dict):
        return None
    name = (one(ALL, it, chance) or "ce_id")[3:]
    value: Any = chance.choice([17, None, True, [], {}, "", "\0", "x" * 300, ...])
    it.body = structured(it, **{name: value})
    it.headers = [("content-type", STRUCTURED)]
    return Change((name,), Fate.EITHER if name in ("subject", "orgunit") and value in (None, ...) else Fate.PARKED)


@kind("structured, data wrong")
def in_structure_without_data(it: Draft, chance: Random) -> Change | None:
    if it.written or not isinstance(it.body, dict):
        return None
    value: Any = chance.choice([..., None, 17, TELLTALE, [], [it.body], {"data": it.body}])
    more = chance.choice([{}, {"data_base64": "e30="}])
    it.body = structured(it, data=value) | more
    it.headers = [("content-type", STRUCTURED)]
    return Change(("", "*", "data", "data_base64"), Fate.PARKED)


def change(it: Draft, chance: Random, names: tuple[str, ...], to: Callable[[bytes], bytes | None]) -> Change | None:
    name = one(names, it, chance)
    if name is None:
        return None
    it.put(name, to(it.says(name) or b""))
    return certain(it, name)
