"""Takes away what a service keeps of a customer who is to be erased: in chunks, by any number of workers, and answers when nothing is left.

What a service keeps, its traces say. Each takes away a number of rows at a time and finds nothing more when it is done, so a job that died begins
again without harm. What comes later all the same, a second look takes away.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
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
from shared.exports import forgetting
from shared.ids import customer_of
from shared.outage import is_away, is_clash, name_of
from shared.outbox import Announcement, Cause
from shared.outcome import Outcome
from shared.searching import Signs
from shared.service import Job, Means

log = structlog.get_logger()
ROWS = 500  # of one trace, in one transaction
NEXT = """
SELECT erasure_id, customer_id, customers, unit, searched, searched_to, swept_at, counts, correlation FROM erasing WHERE NOT done
ORDER BY looked_at NULLS FIRST, erasure_id LIMIT 1 FOR UPDATE SKIP LOCKED"""
COUNTED = "UPDATE erasing SET counts = $2, looked_at = $3 WHERE erasure_id = $1"
SWEPT = "UPDATE erasing SET swept_at = CASE WHEN $2 THEN clock_timestamp() END WHERE erasure_id = $1"
DONE = "UPDATE erasing SET done = true, done_at = $2 WHERE erasure_id = $1"
PUT_OFF = "UPDATE erasing SET looked_at = $2 WHERE erasure_id = $1 AND NOT done"
NAMES = "SELECT id FROM known_customer WHERE erased AND customer_id = ANY($1)"
ERASED = "SELECT id, erased, gone FROM known_customer WHERE (erased OR gone) AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
NOTES = """
WITH words AS (SELECT id FROM note WHERE named_id = ANY($1) ORDER BY id LIMIT $2 FOR UPDATE)
DELETE FROM note USING words WHERE note.id = words.id RETURNING note.id, note.partition"""
TASKS = """
UPDATE task SET state = 'called_off', done_at = $4, version = version + 1 WHERE id = ANY(ARRAY(
    SELECT id FROM task WHERE (named_id = ANY($2) OR (named_id IS NULL AND customer_id = ANY($1))) AND state = 'open' AND kind <> 'erasure'
    ORDER BY id LIMIT $3 FOR UPDATE))"""
ANSWERS = """
UPDATE idempotency SET body = '{}' WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE body <> '{}' AND EXISTS (
    SELECT FROM unnest($1::bytea[]) AS id WHERE position(id IN body) > 0) LIMIT $2))"""


@dataclass(slots=True)
class Round:
    """One transaction of the job: whom it is about, and what is announced at its end.

    A name is made into an id as a customer's first name is, so the same id may be an erased customer and a living one's name, or the other way round."""

    connection: Connection
    customers: list[UUID]
    names: list[UUID]  # ids that their names make; what is about somebody remembers it as `named_id`
    at: datetime
    announced: list[Announcement] = field(default_factory=list)

    def announce(self, outcome: Outcome, cause: Cause | None = None) -> None:
        self.announced += [(it, cause or Cause()) for it in outcome]  # type: ignore[misc]  # events alone

    async def changed(self, statement: str, *more: Any) -> int:
        """How many rows a statement took."""
        return int((await self.connection.execute(statement, *more)).split()[-1])


class Take(Protocol):
    async def __call__(self, it: Round) -> int:
        """Take away at most ROWS rows; how many there were."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of customers in one place. `later`: it is looked for again and again, for what comes after the erasure."""

    name: str
    take: Take
    later: bool = True


def named(name: str, statement: str, *, later: bool = True) -> Trace:
    """A trace that one statement takes away: `named_id` is one of $1, at most $2 rows."""

    async def take(it: Round) -> int:
        return await it.changed(statement, it.names, ROWS)

    return Trace(name, take, later)


def of_customers(name: str, statement: str) -> Trace:
    """The same, where $1 are the customers themselves."""

    async def take(it: Round) -> int:
        return await it.changed(statement, it.customers, ROWS)

    return Trace(name, take)


async def words(it: Round) -> int:
    """Notes; of those that we wrote ourselves every reader is told by a tombstone."""
    gone = await it.connection.fetch(NOTES, it.names, ROWS)
    it.announce([NoteErased(note_id=row["id"]) for row in gone if row["partition"] < 0])
    return len(gone)


async def answers(it: Round) -> int:
    """What was answered to a POST and is kept for its repetition: whoever repeats it now gets an empty one."""
    return await it.changed(ANSWERS, [str(id).encode() for id in {*it.customers, *it.names}], ROWS)


async def tasks(it: Round) -> int:
    """Nobody has to ask or tell them anything any more; that they are to be erased is decided as it is."""
    return await it.changed(TASKS, it.customers, it.names, ROWS, it.at)


NOTE, TASK, ANSWER = Trace("notes", words), Trace("tasks", tasks), Trace("answers", answers, later=False)
Names = Callable[[Connection, Sequence[UUID]], Awaitable[list[UUID]]]
Theirs = Callable[[Round], Awaitable[Callable[[str], bool]]]
Said = tuple[Collection[str], Collection[str]]  # points, words
Needles = Callable[[Round], Awaitable[Said]]
Left = Callable[[Round], Awaitable[int]]


async def names_of(connection: Connection, customers: Sequence[UUID]) -> list[UUID]:
    """What means one of them today."""
    return [row["id"] for row in await connection.fetch(NAMES, customers)]


async def by_its_id(it: Round) -> Callable[[str], bool]:
    names = frozenset(it.names)
    return lambda reference: customer_of(reference) in names


async def nothing(it: Round) -> Said:
    return (), ()


async def none_left(it: Round) -> int:
    return 0


def jobs(
    service: str, contract: type[OfErasureAnswer], traces: Sequence[Trace], *, names: Names = names_of, erased: str = ERASED,
    theirs: Theirs = by_its_id, needles: Needles = nothing, left: Left = none_left,
) -> list[Job]:  # fmt: skip
    """`names`: ids that mean them here; `erased`: all who are erased, page by page; `theirs`: is this a name of theirs; `needles`: by what else a
    parked record shows that it is about them; `left`: how much is about to end by itself."""

    async def erase(means: Means) -> bool:
        assert means.pool
        tried: list[UUID] = []
        try:
            return await erase_some(means, tried)
        except Exception as error:
            if not tried or is_away(error) or is_clash(error):
                raise
            log.exception("an erasure can't go on here", erasure_id=str(tried[0]), reason=name_of(error))
        async with means.pool.acquire() as connection:
            await connection.execute(PUT_OFF, tried[0], now())  # all others come first
        return False

    async def erase_some(means: Means, tried: list[UUID]) -> bool:
        assert means.pool
        async with means.pool.acquire() as connection, connection.transaction():
            work = await connection.fetchrow(NEXT)
            if work is None:
                return False
            tried.append(work["erasure_id"])
            customers = [UUID(id) for id in work["customers"]]
            it = Round(connection, customers, await names(connection, customers), now())
            found, name = await take_one(it, work)
            counts = work["counts"]
            if name:
                counts = counts | {name: counts.get(name, 0) + found}
            waits = not name and await left(it) > 0
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
            points, words = await needles(it)
            signs = Signs(frozenset(it.customers), await theirs(it), points, words)
            return await searching.next_chunk(it.connection, work, signs, it.at), "parked"
        for trace in (*traces, ANSWER):
            if found := await trace.take(it):
                if work["swept_at"]:
                    await it.connection.execute(SWEPT, work["erasure_id"], False)
                return found, trace.name
        return await files(it, work)

    async def files(it: Round, work: Any) -> tuple[int, str | None]:
        """Last, when a file that is begun from now on can hold nothing of them any more."""
        if work["swept_at"] is None:
            forgotten = await forgetting.forget(it.connection)
            await it.connection.execute(SWEPT, work["erasure_id"], True)
            if forgotten:
                return forgotten, "exports"
        return 0, "exports" if await forgetting.take_away(it.connection) else None

    async def look_again(means: Means) -> bool:
        """Over all who are erased: a word that was on its way, a record that was broken."""
        assert means.pool
        last: UUID | None = None
        while True:
            async with means.pool.acquire() as connection, connection.transaction():
                page = await connection.fetch(erased, last, ROWS)
                it = Round(connection, [row["id"] for row in page if row["gone"]], [row["id"] for row in page if row["erased"]], now())
                if page:
                    found = [await trace.take(it) for trace in traces if trace.later]
                    found.append(await searching.lately(connection, Signs(frozenset(it.customers), await theirs(it)), it.at))
                    await outbox.write(connection, it.announced)
                    if any(found):
                        await forgetting.forget(connection)
                        log.info("what came late of erased customers is taken away", rows=sum(found))
            if len(page) < ROWS:
                return False
            last = page[-1]["id"]

    return [Job("erasing", erase, timedelta(seconds=1)), Job("erased", look_again, timedelta(minutes=1))]
