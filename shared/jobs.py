"""A job over many entities: the same shelf, the same order of locking and the same outbox as a batch of events."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from shared import outbox
from shared.contracts import Event
from shared.entities import Entity
from shared.outbox import Announcement, Cause
from shared.outcome import Gone, Outcome
from shared.reactions import Need
from shared.shelf import Shelf

Kind = TypeVar("Kind", bound=Entity)


class Batch:
    """What a job read and locked, and what comes of it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.announced: list[Announcement] = []

    def of(self, kind: type[Kind]) -> Sequence[Kind]:
        """All entities of this kind that were read."""
        return [it for it in self.shelf.read if isinstance(it, kind)]

    def keep(self, outcome: Outcome, cause: Cause | None = None) -> None:
        for it in outcome:
            if isinstance(it, Gone):
                self.shelf.forget(it.entity)
            elif isinstance(it, Event):
                self.announced.append((it, cause or Cause()))
            else:
                self.shelf.remember(it)


@asynccontextmanager
async def in_one_batch(pool: asyncpg.Pool, wanted: Sequence[tuple[Need, Any]]) -> AsyncIterator[Batch]:
    """One transaction: what is wanted is read and locked, what is kept is written, what is announced comes last."""
    async with pool.acquire() as connection, connection.transaction():
        shelf = Shelf()
        await shelf.fetch(connection, wanted)
        batch = Batch(shelf)
        yield batch
        await shelf.save(connection)
        await outbox.write(connection, batch.announced)
