"""Announcements that wait to be published, for operators: which there are, out of the way, and back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from deploy.audit import operator
from shared import audit
from shared.aside import put_aside, put_back
from shared.parked import Trouble
from shared.topics import source_of

CHOOSE = """
SELECT position, id, topic, key, type, subject, unit, announced_at, octet_length(payload) AS bytes, correlation
FROM outbox
WHERE ($1::text IS NULL OR type = $1) AND ($2::timestamptz IS NULL OR announced_at >= $2)
ORDER BY position LIMIT $3"""
TAKE = """
DELETE FROM outbox WHERE id = $1
RETURNING position, id, topic, key, type, subject, unit, payload, trace, correlation, announced_at"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of them; nothing said is all."""

    type: str | None = None
    since: datetime | None = None
    limit: int = 50


async def choose(connection: Connection, choice: Choice) -> list[Record]:
    """In the order in which they will leave."""
    rows: list[Record] = await connection.fetch(CHOOSE, choice.type, choice.since, choice.limit)
    return rows


async def park(connection: Connection, service: str, ids: Sequence[UUID], at: datetime) -> set[UUID]:
    """Out of the way of what follows. Says which were there; what the relay has in its hands may leave all the same."""
    taken = set()
    async with connection.transaction():
        for id in ids:
            for row in await connection.fetch(TAKE, id):
                await put_aside(
                    connection, row, Trouble("set_aside", "set aside by an operator", ours=True), source=source_of(service), at=at
                )
                taken.add(id)
        await noted(connection, "outbox_set_aside", taken, at)
    return taken


async def retry(connection: Connection, ids: Sequence[UUID], at: datetime) -> set[UUID]:
    """Back to the end of the outbox. Says which were set aside."""
    back = set()
    for id in ids:  # one transaction each: several keys would be locked out of their order
        async with connection.transaction():
            if await put_back(connection, id, at=at):
                await noted(connection, "outbox_put_back", {id}, at)
                back.add(id)
    return back


async def noted(connection: Connection, action: str, ids: Collection[UUID], at: datetime) -> None:
    if ids:
        await audit.write(connection, audit.line(action, by=operator(), at=at, **audit.of_these("event", ids)))
