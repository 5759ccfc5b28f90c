"""Takes away what a service keeps of a customer who is to be erased: in chunks, by any number of workers, and answers when nothing is left.

What a service keeps, its traces say. Each takes away a number of rows at a time and finds nothing more when it is done, so a job that died begins
again without harm. What comes later all the same, a second look takes away.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson
import structlog
from asyncpg import Connection

from shared import outbox, searching
from shared.clock import now
from shared.contracts.erasing import OfErasureAnswer
from shared.contracts.notes import NoteErased
from shared.outbox import Announcement, Cause
from shared.outcome import Outcome
from shared.service import Job, Means

log = structlog.get_logger()
ROWS = 500  # of one trace, in one transaction
NEXT = """
SELECT erasure_id, customer_id, customers, unit, searched, searched_to, counts, correlation FROM erasing WHERE NOT done
ORDER BY looked_at NULLS FIRST, erasure_id LIMIT 1 FOR UPDATE SKIP LOCKED"""
COUNTED = "UPDATE erasing SET counts = $2, looked_at = $3 WHERE erasure_id = $1"
DONE = "UPDATE erasing SET done = true, done_at = $2 WHERE erasure_id = $1"
NAMES = "SELECT id FROM known_customer WHERE erased AND (customer_id = ANY($1) OR id = ANY($1))"
ERASED = "SELECT id FROM known_customer WHERE erased AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
NOTES = """
WITH words AS (SELECT id FROM note WHERE customer_id = ANY($1) ORDER BY id LIMIT $2 FOR UPDATE)
DELETE FROM note USING words WHERE note.id = words.id RETURNING note.id, note.partition"""
ANSWERS = """
UPDATE idempotency SET body = '{}' WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE body <> '{}' AND EXISTS (
    SELECT FROM unnest($1::bytea[]) AS id WHERE position(id IN body) > 0) LIMIT $2))"""


@dataclass(slots=True)
class Round:
    """One transaction of the job: whom it is about, and what is announced at its end."""

    connection: Connection
    ids: list[UUID]
    at: datetime
    announced: list[Announcement] = field(default_factory=list)

    def announce(self, outcome: Outcome, cause: Cause | None = None) -> None:
        self.announced += [(it, cause or Cause()) for it in outcome]  # type: ignore[misc]  # events alone

    async def changed(self, statement: str) -> int:
        """How many rows a statement took, of these ids ($1), at most so many ($2)."""
        return int((await self.connection.execute(statement, self.ids, ROWS)).split()[-1])


class Take(Protocol):
    async def __call__(self, it: Round) -> int:
        """Take away at most ROWS rows; how many there were."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of customers in one place. `later`: it is looked for again and again, for what comes after the erasure."""

    name: str
    take: Take
    later: bool = True


def rows(name: str, statement: str, *, later: bool = True) -> Trace:
    """A trace that one statement takes away: the ids are $1, at most $2 rows."""

    async def take(it: Round) -> int:
        return await it.changed(statement)

    return Trace(name, take, later)


async def words(it: Round) -> int:
    """Notes; of those that we wrote ourselves every reader is told by a tombstone."""
    gone = await it.connection.fetch(NOTES, it.ids, ROWS)
    it.announce([NoteErased(note_id=row["id"]) for row in gone if row["partition"] < 0])
    return len(gone)


async def answers(it: Round) -> int:
    """What was answered to a POST and is kept for its repetition: whoever repeats it now gets an empty one."""
    done = await it.connection.execute(ANSWERS, [str(id).encode() for id in it.ids], ROWS)
    return int(done.split()[-1])


NOTE, ANSWER = Trace("notes", words), Trace("answers", answers, later=False)
Names = Callable[[Connection, Sequence[UUID]], Awaitable[list[UUID]]]
Needles = Callable[[Connection, Sequence[UUID]], Awaitable[Sequence[str]]]
Left = Callable[[Connection, Sequence[UUID]], Awaitable[int]]


async def names_of(connection: Connection, customers: Sequence[UUID]) -> list[UUID]:
    """All ids under which they are known here."""
    found = [row["id"] for row in await connection.fetch(NAMES, customers)]
    return sorted({*customers, *found})


async def nothing(connection: Connection, ids: Sequence[UUID]) -> Sequence[str]:
    return ()


async def none_left(connection: Connection, ids: Sequence[UUID]) -> int:
    return 0


def jobs(
    service: str, contract: type[OfErasureAnswer], traces: Sequence[Trace], *, names: Names = names_of, erased: str = ERASED,
    needles: Needles = nothing, left: Left = none_left,
) -> list[Job]:  # fmt: skip
    """`names`: the ids under which they are known here; `erased`: all who are erased, page by page; `needles`: words by which a record that nobody
    can read shows that it is about them; `left`: how much is about to end by itself."""

    async def erase(means: Means) -> bool:
        assert means.pool
        async with means.pool.acquire() as connection, connection.transaction():
            work = await connection.fetchrow(NEXT)
            if work is None:
                return False
            ids = await names(connection, [UUID(id) for id in work["customers"]])
            it = Round(connection, ids, now())
            found, name = await take_one(it, work)
            counts = work["counts"]
            if name:
                counts = counts | {name: counts.get(name, 0) + found}
            waits = not name and await left(connection, ids) > 0
            await connection.execute(COUNTED, work["erasure_id"], orjson.dumps(counts).decode(), it.at if waits else None)
            if not name and not waits:
                await connection.execute(DONE, work["erasure_id"], it.at)
                told = contract(
                    erasure_id=work["erasure_id"], customer_id=work["customer_id"], unit=work["unit"], service=service, counts=counts, completed_at=it.at
                )  # fmt: skip
                it.announce([told], Cause(work["correlation"]))
                log.info("a customer is erased here", erasure_id=str(work["erasure_id"]), counts=counts)
            await outbox.write(connection, it.announced)
        return not waits

    async def take_one(it: Round, work: Any) -> tuple[int, str | None]:
        """The next chunk. What is parked comes first: later there are no words left by which it is found."""
        if not work["searched"]:
            looked_for = [*map(str, it.ids), *await needles(it.connection, it.ids)]
            return await searching.next_chunk(it.connection, work, set(it.ids), looked_for, it.at), "parked"
        for trace in (*traces, ANSWER):
            if found := await trace.take(it):
                return found, trace.name
        return 0, None

    async def look_again(means: Means) -> bool:
        """Over all who are erased: a word that was on its way, a record that was broken."""
        assert means.pool
        last: UUID | None = None
        while True:
            async with means.pool.acquire() as connection, connection.transaction():
                ids = [row["id"] for row in await connection.fetch(erased, last, ROWS)]
                it = Round(connection, ids, now())
                if ids:
                    found = [await trace.take(it) for trace in traces if trace.later]
                    found.append(await searching.lately(connection, set(ids), it.at))
                    await outbox.write(connection, it.announced)
                    if any(found):
                        log.info("what came late of erased customers is taken away", rows=sum(found))
            if len(ids) < ROWS:
                return False
            last = ids[-1]

    return [Job("erasing", erase, timedelta(seconds=1)), Job("erased", look_again, timedelta(minutes=1))]
