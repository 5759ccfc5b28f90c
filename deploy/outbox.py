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
from shared.relay import LEADER
from shared.topics import source_of

CHOOSE = """
SELECT position, id, topic, key, type, subject, unit, announced_at, octet_length(payload) AS bytes, correlation
FROM outbox
WHERE ($1::text IS NULL OR type = $1) AND ($2::timestamptz IS NULL OR announced_at >= $2)
ORDER BY position LIMIT $3"""
TAKE = """
DELETE FROM outbox WHERE id = $1
RETURNING position, id, topic, key, type, subject, unit, payload, trace, correlation, announced_at"""
PUBLISHES = """
SELECT pid, application_name AS name, client_addr AS at, state, now() - xact_start AS open_for
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $1 AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


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


async def publishes(connection: Connection) -> str:
    """Who takes what waits to the broker: one connection of one worker, or nobody, or somebody who only keeps the others from it."""
    row = await connection.fetchrow(PUBLISHES, LEADER)
    if row is None:
        return "nobody publishes: no worker has come to it, so look whether one runs (`careloop health`)."
    since = f", in a transaction for {row['open_for'].total_seconds():.0f} s" if row["open_for"] else ""
    if row["name"] != "relay":
        return (
            f"PostgreSQL's process {row['pid']} ({row['name'] or 'unnamed'}{since}) holds the lock of the one who publishes and is no relay;"
            f" end it with SELECT pg_terminate_backend({row['pid']})."
        )
    return f"the worker at {row['at'] or 'this machine'} publishes (PostgreSQL's process {row['pid']}, {row['state']}{since})."


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
