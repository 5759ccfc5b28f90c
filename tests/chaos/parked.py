"""What can't be read is parked at its place and told to its publisher, each once; and nothing else is."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.chaos.load import MARK, ORDERS

Place = tuple[str, int, int]


@dataclass
class Parked:
    expected: int = 0
    found: int = 0
    wrong: list[str] = field(default_factory=list)


def judge_parked(
    inbound: Sequence[Any], rows: Iterable[dict[str, Any]], others: Iterable[dict[str, Any]], rejections: Sequence[Any]
) -> Parked:
    """`inbound`: the topic of orders. `rows`: the register of its owner. `others`: those of all other services, where nothing may be."""
    expected = {(ORDERS, it.partition, it.offset) for it in inbound if MARK in it.headers}
    rows = list(rows)
    places = Counter[Place]((row["topic"], row["partition"], row["offset"]) for row in rows)
    told = Counter(said(rejections))
    found = Parked(len(expected), len(places))
    for what, counted in (("parked", places), ("told", told)):
        found.wrong += [f"not {what}: {place}" for place in sorted(expected - counted.keys())]
        found.wrong += [f"{what}, and nothing was wrong with it: {place}" for place in sorted(counted.keys() - expected)]
        found.wrong += [f"{what} {count} times: {place}" for place, count in counted.items() if count > 1]
    found.wrong += [f"parked for a fault of ours: {row['message']}" for row in [*rows, *others] if row["ours"]]
    found.wrong += [f"parked by a service that does not own it: {row['code']} {row['topic']}" for row in others]
    return found


def said(rejections: Sequence[Any]) -> Iterable[Place]:
    """A repeat of one event is dropped by its id, as any reader does."""
    seen = set()
    for record in rejections:
        id = dict(record.headers)["ce_id"]
        if id not in seen:
            seen.add(id)
            body = orjson.loads(record.value)
            yield body["topic"], body["partition"], body["offset"]
