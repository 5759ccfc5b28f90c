"""Tries parked records again, here and only here: no topic sees them a second time, and what went well before stays as it is.

An announcement of ours that was set aside goes back to the outbox instead."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asyncpg import Connection

from shared.aside import NOWHERE, put_back
from shared.clock import now
from shared.delivery import Room
from shared.parked import Trouble
from shared.service import Job, Means

AT_ONCE = 50
MOST_REPLAYS = 5
ONE_AT_A_TIME = 0x0CA50  # a worker's lock: two would count each try twice


@dataclass(frozen=True, slots=True)
class Record:
    """A record as Kafka gave it, put together again."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def job(room: Room) -> Job:
    async def replay(means: Means) -> bool:
        async with room.pool.acquire() as guard:
            if not await guard.fetchval("SELECT pg_try_advisory_lock($1)", ONE_AT_A_TIME):
                return False
            try:
                return await round_of(means, await requested(guard))
            finally:
                await guard.execute("SELECT pg_advisory_unlock($1)", ONE_AT_A_TIME)

    async def round_of(means: Means, rows: list[Any]) -> bool:
        room.gate.sources.refresh()  # the usual cure is to register a source
        for row in rows:
            if row["partition"] == NOWHERE:
                async with room.pool.acquire() as connection:
                    await put_back(connection, row["id"], at=now())
                means.wake.set()
                continue
            it = room.gate.read(record_of(row), parked_id=row["id"])
            if it.outcome == "skipped":
                it.outcome, it.trouble = "ok", Trouble("handler", "this service has no use for it", ours=True)
            await room.deliver([it])
            means.metrics.parked_replayed_total.labels(outcome="failed" if it.trouble else "handled").inc()
        return len(rows) == AT_ONCE

    return Job("replay", replay, timedelta(seconds=1))


async def requested(connection: Connection) -> list[Any]:
    """Those that somebody asked for. Counted before they are tried: one that kills its worker is not tried for ever."""
    rows: list[Any] = await connection.fetch(
        "UPDATE parked SET replays = replays + 1, state = CASE WHEN replays >= $2 THEN 'open' ELSE 'requested' END"
        " WHERE id IN (SELECT id FROM parked WHERE state = 'requested' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING *",
        AT_ONCE, MOST_REPLAYS,
    )  # fmt: skip
    return [row for row in sorted(rows, key=lambda row: row["id"]) if row["state"] == "requested"]


def record_of(row: Any) -> Record:
    headers = [(name, None if value is None else base64.b64decode(value)) for name, value in row["headers"]]
    return Record(
        row["topic"], row["partition"], row["record_offset"], round(row["record_at"].timestamp() * 1000), row["key"], row["value"], headers
    )
