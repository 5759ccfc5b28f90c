"""What can be done to a record: each way has a name, says where it did it, and what must become of the record if that is certain."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from random import Random
from typing import Any

from jsonschema import Draft202012Validator

from deploy.events.documents import FOLDER, path
from tests.fuzz.draft import Draft, Raw


class Fate(StrEnum):
    """What must become of a record."""

    PARKED = "parked"
    HANDLED = "handled"
    EITHER = "either"


@dataclass(frozen=True)
class Change:
    """What was done. `at`: the pointers and headers that a reason may name; "": the value as a whole."""

    at: tuple[str, ...]
    fate: Fate = Fate.EITHER


Mutation = Callable[[Draft, Random], Change | None]
KINDS: dict[str, Mutation] = {}
LAST: set[str] = set()  # those that leave bytes, where nothing else could be done afterwards


def kind(name: str, *, last: bool = False) -> Callable[[Mutation], Mutation]:
    """A way of spoiling a record; None where this one has nothing to spoil so."""

    def register(mutation: Mutation) -> Mutation:
        assert name not in KINDS
        KINDS[name] = mutation
        if last:
            LAST.add(name)
        return mutation

    return register


@cache
def validator(type: str) -> Draft202012Validator:
    """Of the schema as it is published."""
    return Draft202012Validator(json.loads((FOLDER / path(type)).read_bytes()))


def judged(it: Draft, at: str, *, taken: Fate = Fate.EITHER) -> Change:
    """What the published schema refuses must be parked; `taken` is for what it takes."""
    return Change((at,), taken if validator(it.type).is_valid(it.body) and said_enough(it) else Fate.PARKED)


def said_enough(it: Draft) -> bool:
    """What a schema of fields cannot say: one of several is needed."""
    groups = {
        "payment.received.v1": ("order_id", "invoice_id", "repair_order_id"),
        "installation.completed.v1": ("order_id", "project_id"),
    }
    group = groups.get(it.type)
    return group is None or any(it.body.get(name) is not None for name in group)


# -- places in a body


@dataclass(frozen=True)
class Place:
    """Where something stands: its parent, its name there, its pointer."""

    parent: Any
    name: str | int
    pointer: str

    @property
    def value(self) -> Any:
        return self.parent[self.name]

    def put(self, value: Any) -> None:
        self.parent[self.name] = value


def places(body: Any, pointer: str = "") -> list[Place]:
    """Every field and every item, but for what lies inside a value that may be anything."""
    found: list[Place] = []
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in pairs:
        here = f"{pointer}/{name}"
        found.append(Place(body, name, here))
        if not is_anything(here):
            found += places(value, here)
    return found


def is_anything(pointer: str) -> bool:
    return re.fullmatch(r"/renewal_options|/changes/\d+/(before|after)", pointer) is not None


def some(it: Draft, chance: Random, wanted: Callable[[Place], bool]) -> Place | None:
    """Any such place; None where there is none, or no body any more."""
    if it.written:
        return None
    found = [place for place in places(it.body) if not isinstance(place.value, Raw) and not is_anything(place.pointer) and wanted(place)]
    return chance.choice(found) if found else None


def text_at(place: Place) -> bool:
    return isinstance(place.value, str)


def number_at(place: Place) -> bool:
    return isinstance(place.value, int | float) and not isinstance(place.value, bool)


def matching(pattern: str) -> Callable[[Place], bool]:
    """A string of this form."""
    fits = re.compile(pattern).fullmatch
    return lambda place: isinstance(place.value, str) and fits(place.value) is not None


def objects(it: Draft) -> list[tuple[str, dict[str, Any]]]:
    """The body itself and whatever object it holds."""
    if it.written or not isinstance(it.body, dict):
        return []
    return [
        ("", it.body),
        *((place.pointer, place.value) for place in places(it.body) if isinstance(place.value, dict) and not is_anything(place.pointer)),
    ]
