"""Work that takes longer than a job's round: a row says who has it until when, and whoever has it says so again and again.

A table of such work has `id uuid`, `held_by uuid`, `held_until timestamptz` and `tries integer NOT NULL DEFAULT 0`. When a worker dies, its lease runs
out and another takes the row up, from its beginning or from where the work itself remembers to be. One that was slow and lost it writes nothing more:
every write asks whether the row is still its own. By the database's clock alone; those of workers may differ.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from shared.ids import uuid7
from shared.outage import is_away, name_of
from shared.service import Job, Means

log = structlog.get_logger()
LASTS = timedelta(seconds=30)  # a lease; it is renewed when a third of it is over
SILENT = timedelta(minutes=15)  # without a write, after which the work is stuck: a lease says that the worker lives, not that it gets on
TIMES = 3  # that something may fail or kill its worker before it is given up
PAUSE = timedelta(seconds=10)  # before what failed is tried again, longer each time

TAKE = """
UPDATE {table} SET held_by = $1, held_until = now() + $2, tries = tries + 1 WHERE id = (
    SELECT id FROM {table} WHERE ({due}) AND (held_until IS NULL OR held_until < now()) ORDER BY {first} LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, tries"""
RENEW = "UPDATE {table} SET held_until = now() + $3 WHERE id = $1 AND held_by = $2"
END = "UPDATE {table} SET held_by = NULL, held_until = NULL, tries = 0 WHERE id = $1 AND held_by = $2"
GIVE_BACK = "UPDATE {table} SET held_by = NULL, held_until = NULL, tries = greatest(tries - 1, 0) WHERE id = $1 AND held_by = $2"
PUT_OFF = "UPDATE {table} SET held_by = NULL, held_until = now() + $3::interval * tries WHERE id = $1 AND held_by = $2"


class Lost(Exception):
    """The row is somebody else's by now, or nobody's: it was called off, or our lease ran out."""


class Stuck(Exception):
    """Nothing was written for so long that nothing will come any more."""


class Lease:
    """A row that is ours for now; `tries`: how many have had it before it came to an end, this time included."""

    def __init__(self, pool: asyncpg.Pool, table: str, id: UUID, by: UUID, tries: int, lasts: timedelta) -> None:
        self.id, self.by, self.tries = id, by, tries
        self._pool, self._table, self._lasts = pool, table, lasts
        self._until = monotonic() + lasts.total_seconds()
        self._wrote = monotonic()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """For every write: the row is ours and locked until the end, or `Lost`. It renews the lease, and shows that the work gets on.

        A short one: nothing is waited for in it but the database."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._renewed(connection):
                raise Lost
            yield connection
        self._until, self._wrote = monotonic() + self._lasts.total_seconds(), monotonic()

    async def renewing(self, turned: Callable[[], None]) -> None:
        """Until cancelled; raises when the row is not ours any more, or the work is stuck."""
        third = self._lasts.total_seconds() / 3
        while True:
            await asyncio.sleep(third)
            turned()
            if monotonic() - self._wrote > SILENT.total_seconds():
                raise Stuck
            asked = monotonic()
            try:
                async with asyncio.timeout(third), self._pool.acquire() as connection:
                    ours = await self._renewed(connection)
            except Exception as error:
                if not is_away(error):
                    raise
                if monotonic() > self._until:
                    raise Lost from error
                continue
            if not ours:
                raise Lost
            self._until = asked + self._lasts.total_seconds()

    async def leave(self, statement: str, *more: object) -> None:
        """With the row as this says, if it is still ours. Where that can't be said the lease runs out by itself."""
        try:
            async with asyncio.timeout(5), self._pool.acquire() as connection:
                await connection.execute(statement.format(table=self._table), self.id, self.by, *more)
        except Exception as error:
            if not is_away(error):
                raise

    async def _renewed(self, connection: asyncpg.Connection) -> bool:
        done: str = await connection.execute(RENEW.format(table=self._table), self.id, self.by, self._lasts)
        return done == "UPDATE 1"


Work = Callable[[Means, Lease], Awaitable[None]]
GivingUp = Callable[[Means, Lease, str], Awaitable[None]]


def job(name: str, table: str, due: str, work: Work, give_up: GivingUp, *, first: str = "id", lasts: timedelta = LASTS) -> Job:
    """One row at a time in each worker, in the order `first`, as long as it takes. `due` says by the row alone whether there is work, so that `work`
    ends by making it untrue; `give_up` makes it untrue for good, after three have failed, and is told the last one's name."""

    async def run(means: Means) -> bool:
        assert means.pool
        lease = await take(means.pool, table, due, first, lasts)
        if lease is None:
            return False
        told = {"job": name, "id": str(lease.id), "tries": lease.tries}
        try:
            await held(means, lease, told)
        except Lost:
            log.info("work that was called off, or taken from us, is left", **told)
        except asyncio.CancelledError:
            await lease.leave(GIVE_BACK)
            raise
        return True

    async def held(means: Means, lease: Lease, told: dict[str, Any]) -> None:
        """The work to its end, its failure or the end of our patience with it."""
        if lease.tries > TIMES:  # those before us did not even come to say what happened
            log.error("work that ended its workers is given up", **told)
            await give_up(means, lease, "Killed")
        else:
            try:
                await done(work(means, lease), lease.renewing(lambda: means.health.beat(name)))
            except Lost:
                raise
            except Exception as error:
                log.exception("work failed", reason=name_of(error), **told)
                if lease.tries < TIMES:
                    return await lease.leave(PUT_OFF, PAUSE)
                await give_up(means, lease, name_of(error))
        await lease.leave(END)

    return Job(name, run, timedelta(seconds=1), longest=None)


async def take(pool: asyncpg.Pool, table: str, due: str, first: str = "id", lasts: timedelta = LASTS) -> Lease | None:
    """The next row that nobody has."""
    by = uuid7()
    async with pool.acquire() as connection:
        row = await connection.fetchrow(TAKE.format(table=table, due=due, first=first), by, lasts)
    return Lease(pool, table, row["id"], by, row["tries"], lasts) if row else None


async def done(work: Awaitable[None], renewing: Awaitable[None]) -> None:
    """The work, and the lease renewed as long as it takes; what either raises ends the other."""
    tasks = [asyncio.ensure_future(work), asyncio.ensure_future(renewing)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
