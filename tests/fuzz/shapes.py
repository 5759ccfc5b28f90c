"""Spoils the shape of a body: fields that are gone, null, of another kind, too many, too deep, or another event's."""

import json
from random import Random
from typing import Any

from shared.contracts.registry import INBOUND_TYPES
from tests.contracts import sampled
from tests.fuzz.changing import Change, Fate, Place, judged, kind, objects, some
from tests.fuzz.draft import TELLTALE, Draft, Raw, structured

DEEP = Raw("[" * 10_000 + "]" * 10_000)
DEEP_OBJECT = Raw('{"a":' * 10_000 + "1" + "}" * 10_000)
ANYWHERE = "*"  # whatever field the reason names first


@kind("field dropped")
def drop(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda place: isinstance(place.parent, dict))
    if place is None:
        return None
    del place.parent[place.name]
    return judged(it, place.pointer, taken=Fate.HANDLED)


@kind("field added")
def add(it: Draft, chance: Random) -> Change | None:
    found = objects(it)
    if not found:
        return None
    extras: list[Any] = [TELLTALE, None, 17, -0.0, [], {}, {"a": [{"b": TELLTALE}]}, "\0", 2**80, "𠮷" * 2000]
    _, where = chance.choice(found)
    where[chance.choice(["colour", "x-erp", "$ref", "__proto__", "", "客户", "a/b~c", "id ", "\0", "n" * 5000])] = chance.choice(extras)
    return Change(("",), Fate.HANDLED)


@kind("field renamed")
def rename(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda place: isinstance(place.parent, dict))
    if place is None:
        return None
    name = str(place.name)
    to = chance.choice([name.upper(), name.title(), f"{name} ", f"{name}\u200b", name.replace("_", "-") + "_", name[:-1] + "с"])
    place.parent[to] = place.parent.pop(name)
    return judged(it, place.pointer, taken=Fate.HANDLED)


@kind("field null")
def null(it: Draft, chance: Random) -> Change | None:
    return put(it, some(it, chance, lambda _: True), None, taken=Fate.HANDLED)


@kind("wrong type")
def retype(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda _: True)
    others: list[Any] = [TELLTALE, 17, 1.5, True, [], {}, [[]], {"a": 1}, ["x"], "1", "true", "null", "[]", "{}"]
    return put(it, place, chance.choice([each for each in others if place and type(each) is not type(place.value)] or [17]))


@kind("wrapped in a list")
def wrap(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda _: True)
    return put(it, place, [place.value]) if place else None


@kind("list changed")
def relist(it: Draft, chance: Random) -> Change | None:
    place = some(it, chance, lambda place: isinstance(place.value, list))
    if place is None:
        return None
    items = place.value
    change = chance.choice(["empty", "double", "many", "null inside", "a list inside", "odd inside"])
    place.put(
        {
            "empty": [], "double": items * 2, "many": items * 500, "null inside": [*items, None], "a list inside": [*items, items],
            "odd inside": [TELLTALE, *items, 17],
        }[change]
    )  # fmt: skip
    return judged(it, place.pointer)


@kind("field said twice", last=True)
def twice(it: Draft, chance: Random) -> Change | None:
    found = [] if it.written or not isinstance(it.body, dict) else list(it.body)
    if not found:
        return None
    name = chance.choice(found)
    first = json.dumps({name: chance.choice([None, 17, TELLTALE, it.body[name]])}, default=lambda raw: 0)
    rest = it.wire() or b"{}"
    it.write(first[:-1].encode() + b", " + rest[1:] if chance.random() < 0.5 else rest[:-1] + b", " + first[1:].encode())
    return Change((f"/{name}",))


@kind("nested ten thousand deep")
def deepen(it: Draft, chance: Random) -> Change | None:
    found = objects(it)
    if not found:
        return None
    where, deep = chance.choice(found), chance.choice([DEEP, DEEP_OBJECT])
    name = chance.choice([*map(str, where[1]), "unknown"])
    where[1][name] = deep
    return Change(("", f"{where[0]}/{name}"), Fate.PARKED)


@kind("anything is odd")
def anything(it: Draft, chance: Random) -> Change | None:
    """Where any JSON may stand, nothing may stand that can't be kept or sent on."""
    if it.written or it.type not in ("order.changed.v1", "membership.expiring.v1") or not isinstance(it.body, dict):
        return None
    bad = [
        Raw("NaN"), Raw("-Infinity"), Raw("1e999"), 2**64, -(2**63), Raw("9" * 400), "a\0b", {"a\0": 1}, ["x", {"y": ["\0"]}], Raw('"\\ud800"'),
        DEEP, Raw("[" * 150 + "]" * 150),
    ]  # fmt: skip
    good = [None, TELLTALE, 17, -0.0, 1e300, 2**62, [], {}, [[[{"a": None}]]], "\u202e", "𠮷" * 500, {"": ""}]
    spoilt = chance.random() < 0.5
    value = chance.choice(bad if spoilt else good)
    if it.type == "membership.expiring.v1":
        it.body["renewal_options"], at = value, "/renewal_options"
    else:
        name = chance.choice(["before", "after"])
        it.body["changes"] = [{"field": chance.choice(["total", "promised_delivery_until", "lines", "x"]), name: value}]
        at = f"/changes/0/{name}"
    certain = isinstance(value, str | dict | list) or not isinstance(value, Raw | int)
    return Change(("", at), Fate.PARKED if spoilt and certain else Fate.EITHER if spoilt else Fate.HANDLED)


@kind("body is something else")
def replace(it: Draft, chance: Random) -> Change | None:
    if it.written:
        return None
    it.body = chance.choice([{}, [], [it.body], [it.body, it.body], TELLTALE, 17, True, None, 1.5, "", {"data": it.body}])
    return Change(("", ANYWHERE), Fate.PARKED)


@kind("another event's body")
def swap(it: Draft, chance: Random) -> Change | None:
    if it.written or it.type not in INBOUND_TYPES:
        return None
    it.body = sampled.sample(chance.choice([other for other in INBOUND_TYPES if other != it.type]))["data"]
    return judged(it, ANYWHERE)


@kind("envelope inside the body")
def envelope_inside(it: Draft, chance: Random) -> Change | None:
    """Structured mode without saying so."""
    if it.written:
        return None
    it.body = structured(it)
    return Change((ANYWHERE,), Fate.PARKED)


@kind("keys in another order")
def reorder(it: Draft, chance: Random) -> Change | None:
    found = objects(it)
    for _, where in found:
        pairs = list(where.items())
        chance.shuffle(pairs)
        where.clear()
        where.update(pairs)
    return Change(("",), Fate.HANDLED) if found else None


@kind("only what is required")
def less(it: Draft, chance: Random) -> Change | None:
    """Every other field is null or gone."""
    if it.written or it.type not in INBOUND_TYPES or not isinstance(it.body, dict):
        return None
    needed = sampled.sample(it.type, required=True)["data"]
    for name in [name for name in it.body if name not in needed]:
        if chance.random() < 0.5:
            it.body[name] = None
        else:
            del it.body[name]
    return judged(it, ANYWHERE, taken=Fate.HANDLED)


def put(it: Draft, place: Place | None, value: Any, *, taken: Fate = Fate.EITHER) -> Change | None:
    if place is None:
        return None
    place.put(value)
    return judged(it, place.pointer, taken=taken)
