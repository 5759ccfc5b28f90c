"""Spoils where and how a record is sent: its key, its topic, its time, null values, and the same event again."""

from copy import deepcopy
from random import Random

from shared.contracts.registry import INBOUND_TYPES
from shared.topics import TOPICS
from tests.fuzz.changing import Change, Fate, kind
from tests.fuzz.draft import WITHDRAWN, Draft

TOPIC = "topic"  # the reason names a topic
KEYS = [
    b"",
    b"?",
    b"erp/",
    b"/C-1",
    b"ERP/C-1",
    b"crm",
    b"\xff\xfe",
    "客户/𠮷".encode(),
    b"crm/" + b"x" * 65,
    b"crm/a\0b",
    b"k" * 10_000,
    b"{}",
    b"crm/ ",
]


@kind("odd key")
def key(it: Draft, chance: Random) -> Change | None:
    """Nobody reads the key of what has a value; of a null value it says all."""
    value = it.wire()
    compacted = TOPICS[it.topic].compacted
    it.key = chance.choice([*KEYS, b"erp/C-10023"] + ([] if compacted else [None]))
    if value is None:
        return Change(("key",))
    return Change(("",), Fate.HANDLED)


@kind("value null", last=True)
def null(it: Draft, chance: Random) -> Change | None:
    if it.wire() is None:
        return None
    it.write(None)
    return Change(("",), Fate.HANDLED if TOPICS[it.topic].compacted else Fate.PARKED)


@kind("withdrawal")
def withdrawal(it: Draft, chance: Random) -> Change | None:
    """A null value whose key says who: its headers may say nothing, or the truth."""
    if it.type != WITHDRAWN:
        return None
    it.headers = chance.choice([[], it.headers, [("ce_source", b"/crm")], [("ce_type", b"\xff")], [("x", None)], [("ce_id", b"\0")]])
    it.key = chance.choice([it.key, it.key, (it.key or b"") + b"/4", (it.key or b"") + "𠮷".encode()])
    return Change(("",), Fate.HANDLED)


@kind("withdrawal of nobody")
def nobody(it: Draft, chance: Random) -> Change | None:
    if it.type != WITHDRAWN:
        return None
    it.key = chance.choice([it for it in KEYS if it != b"crm/ "])
    return Change(("key",), Fate.PARKED)


@kind("withdrawal by a stranger")
def stranger(it: Draft, chance: Random) -> Change | None:
    if it.type != WITHDRAWN:
        return None
    it.put("ce_source", chance.choice([b"/warehouse", b"/telephony", b"/careloop/complaints"]))
    return Change(("ce_source", TOPIC), Fate.PARKED)


@kind("wrong topic")
def elsewhere(it: Draft, chance: Random) -> Change | None:
    if it.type not in INBOUND_TYPES or it.wire() is None:
        return None
    it.topic = chance.choice([name for name, topic in TOPICS.items() if topic.inbound and name != it.topic])
    return Change((TOPIC,), Fate.PARKED)


@kind("source writes where it may not")
def not_there(it: Draft, chance: Random) -> Change | None:
    if it.wire() is None:
        return None
    others = {"careloop.inbound.staff": b"/erp", "careloop.inbound.calls": b"/erp", "careloop.inbound.customers": b"/logistics"}
    it.put("ce_source", others.get(it.topic, b"/hr"))
    return Change((TOPIC, "ce_source"), Fate.PARKED)


@kind("odd timestamp")
def timestamp(it: Draft, chance: Random) -> Change | None:
    it.timestamp = chance.choice([0, 1, 1000, 946684800000])
    return Change(("",), Fate.HANDLED)


@kind("sent twice", last=True)
def twice(it: Draft, chance: Random) -> Change | None:
    it.twins = [deepcopy(it) for _ in range(chance.choice([1, 1, 2]))]
    return Change(("",), Fate.HANDLED)


@kind("sent again, broken", last=True)
def then_broken(it: Draft, chance: Random) -> Change | None:
    """A broken repeat of what was handled is a repeat."""
    if it.wire() is None:
        return None
    twin = deepcopy(it)
    twin.write(b"{")
    it.twins = [twin]
    return Change(("",), Fate.HANDLED)


@kind("broken, sent again mended", last=True)
def then_mended(it: Draft, chance: Random) -> Change | None:
    """What was parked is not handled: the same id is tried afresh."""
    if it.wire() is None:
        return None
    it.twins = [deepcopy(it)]
    it.write(b"{")
    return Change(("",), Fate.PARKED)
