"""What somebody has who leaves, loses the role or changes the unit goes back to everybody; and what is due before they are back, when they are away.

What the directory says marks the row (`news`), and this job looks through all that they have; the mark goes only if nothing was said meanwhile.
So it can be stopped anywhere, and any number of workers can do it: the next one finds what is left. Who is away is looked up again and again,
for a day may begin without anybody saying so.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from shared.clock import now
from shared.entities import Entity
from shared.jobs import in_one_batch
from shared.outbox import Cause
from shared.outcome import Outcome
from shared.reactions import among
from shared.service import Job, Means
from shared.staff import Colleague
from shared.todo.task import IS_HELD, Task
from shared.todo.telling import went_back

AT_ONCE = 200
SELDOM = timedelta(minutes=10)
NEWS = "SELECT id, partition, record_offset FROM colleague WHERE news ORDER BY id LIMIT $1"
IN_LINE = "UPDATE colleague SET news = false WHERE id = $1 AND partition = $2 AND record_offset = $3"
AWAY = "SELECT id FROM colleague WHERE id = ANY($1) AND absences <> '[]'"
Kind = TypeVar("Kind", bound=Entity)
GiveBack = Callable[..., bool]  # (thing, colleague, units=, at=): frees it if its holder can't do it, or not in time
Told = Callable[[Any, datetime], Outcome]  # who hears that it went back
LookAgain = Callable[[Means, str], Awaitable[None]]  # something was said of them: what else hangs on it?


class Held(Generic[Kind]):
    """A kind of thing that people have: its table, the condition under which somebody has it, and how one goes back."""

    def __init__(self, kind: type[Kind], table: str, held: str, give_back: GiveBack, told: Told = lambda thing, at: []) -> None:
        self.kind, self.give_back, self.told = kind, give_back, told
        self.theirs = f"SELECT id FROM {table} WHERE {held} AND assigned_to = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"
        self.holders = f"SELECT DISTINCT assigned_to AS id FROM {table} WHERE {held}"


def tasks(kind: type[Task]) -> Held[Any]:
    return Held(kind, "task", IS_HELD, kind.give_back, went_back)


def jobs(colleague: type[Colleague], held: Sequence[Held[Any]], also: LookAgain | None = None) -> Sequence[Job]:
    """`held`: all that people of this service can have; `also`: what else is looked at again when something is said of somebody."""
    return [
        Job("going_back", lambda means: after_news(colleague, held, means, also), timedelta(seconds=1)),
        Job("absences", lambda means: while_away(colleague, held, means), SELDOM),
    ]


async def after_news(colleague: type[Colleague], held: Sequence[Held[Any]], means: Means, also: LookAgain | None = None) -> bool:
    """Something was said of somebody: does what they have still fit?"""
    assert means.pool
    async with means.pool.acquire() as connection:
        news = await connection.fetch(NEWS, AT_ONCE)
    for row in news:
        for it in held:
            await look_through(it, colleague, row["id"], means)
        if also:
            await also(means, row["id"])
        async with means.pool.acquire() as connection:
            await connection.execute(IN_LINE, row["id"], row["partition"], row["record_offset"])
    return len(news) == AT_ONCE


async def while_away(colleague: type[Colleague], held: Sequence[Held[Any]], means: Means) -> bool:
    """Whoever has something may be away by now. Of no use at once again."""
    assert means.pool
    for it in held:
        async with means.pool.acquire() as connection:
            holders = [row["id"] for row in await connection.fetch(it.holders)]
            away = [row["id"] for row in await connection.fetch(AWAY, holders)]
        for id in away:
            await look_through(it, colleague, id, means)
    return False


async def look_through(held: Held[Any], colleague: type[Colleague], id: str, means: Means) -> None:
    """All that they have, so many in one transaction."""
    assert means.pool
    last = None
    while True:
        async with means.pool.acquire() as connection:
            ids = [row["id"] for row in await connection.fetch(held.theirs, id, last, AT_ONCE)]
        if ids:
            wanted = [(among(colleague, id=lambda _: [id]), [id]), (among(held.kind, id=lambda _, ids=ids: ids), ids)]
            async with in_one_batch(means.pool, wanted) as batch:
                person, at = next(iter(batch.of(colleague)), None), now()
                for thing in batch.of(held.kind):
                    theirs = thing.assigned_to == id  # nobody gave it to another meanwhile
                    if theirs and held.give_back(thing, person, units=means.units, at=at):
                        batch.keep(held.told(thing, at), Cause(thing.correlation))
        if len(ids) < AT_ONCE:
            return
        last = ids[-1]
