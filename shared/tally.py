"""Business numbers: counted when the event that says so has left, by whoever publishes it.

So each is counted once, whichever process made it true and whether it was asked for or heard. They are numbers for people, not books: what
leaves in the moment in which the leader dies may be counted twice or not at all.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from shared.logs import log
from shared.metrics import Metrics

Said = Mapping[str, Any]  # the data of an event
Count = Callable[[Metrics, asyncpg.Connection, Sequence[Said]], Awaitable[None]]
MOST = 100  # sets of labels of one number; a label that an operator's own words fill must not grow for ever
OTHERS = "others"


class Counting:
    """What a service counts of what it announces."""

    def __init__(self, counts: Mapping[str, Count], metrics: Metrics) -> None:
        self.counts, self.metrics = counts, metrics

    async def left(self, connection: asyncpg.Connection, rows: Sequence[asyncpg.Record], done: Collection[int]) -> None:
        """The broker has these rows. A number that can't be counted keeps no event back."""
        said: dict[str, list[Said]] = {}
        for row in rows:
            if row["type"] in self.counts and row["payload"]:
                said.setdefault(row["type"], []).append(row)
        if not said:
            return
        gone = set(done)
        for type, its_rows in said.items():
            try:
                if events := [orjson.loads(row["payload"]) for row in its_rows if row["position"] in gone]:
                    await self.counts[type](self.metrics, connection, events)
            except Exception as error:  # noqa: BLE001
                log.warning("events could not be counted", type=type, error=error)


class Bounded:
    """A label whose values somebody else thinks of: the first so many by name, the rest together."""

    def __init__(self, most: int = MOST) -> None:
        self.known: set[str] = set()
        self.most = most

    def __call__(self, value: str | None) -> str:
        value = value or "none"
        if value in self.known or len(self.known) < self.most:
            self.known.add(value)
            return value
        return OTHERS
