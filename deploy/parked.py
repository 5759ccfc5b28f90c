"""Parked records for operators: which there are, and what a person decides about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record

from deploy.audit import operator
from shared import audit
from shared.masking import masked_text
from shared.parked import BYTES_KEPT, State
from shared.replay import MOST_REPLAYS

WAITING = State.OPEN, State.REQUESTED
CHOOSE = """
SELECT id, state, source, event_id, type, topic, partition, record_offset, record_at, code, pointer, message, ours, attempts, replays,
       first_failed_at, last_failed_at, closed_at, correlation, key, value, headers::text AS headers
FROM parked
WHERE ($1::text[] IS NULL OR state = ANY($1)) AND ($2::uuid[] IS NULL OR id = ANY($2)) AND ($3::text IS NULL OR type = $3)
  AND ($4::timestamptz IS NULL OR first_failed_at >= $4)
ORDER BY id LIMIT $5"""
REQUEST = "UPDATE parked SET state = 'requested' WHERE id = ANY($1) AND state = 'open' AND replays < $2 RETURNING id"
DISCARD = "UPDATE parked SET state = 'discarded', closed_at = $2 WHERE id = ANY($1) AND state IN ('open', 'requested') RETURNING id"


FOREIGN = "source", "event_id", "type", "pointer", "message", "correlation"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of them; nothing said is all."""

    states: Sequence[State] | None = WAITING
    ids: Sequence[UUID] | None = None
    type: str | None = None
    since: datetime | None = None
    limit: int = 50


async def choose(connection: Connection, choice: Choice) -> list[Record]:
    """Oldest first."""
    rows: list[Record] = await connection.fetch(CHOOSE, choice.states, choice.ids, choice.type, choice.since, choice.limit)
    return rows


def hindrance(row: Record, at: datetime) -> str | None:
    """Why it can't be tried again."""
    if row["state"] != State.OPEN:
        return "a replay is asked for already" if row["state"] == State.REQUESTED else f"it is {row['state']}"
    if row["replays"] >= MOST_REPLAYS:
        return f"it was tried {row['replays']} times and is not tried any more"
    if row["key"] is None and row["value"] is None and at - row["first_failed_at"] > BYTES_KEPT:
        return f"its bytes are kept for {BYTES_KEPT.days} days and are gone"
    return None


async def request(connection: Connection, ids: Sequence[UUID], at: datetime) -> int:
    """The worker tries them within a second or two."""
    return await noted(connection, "parked_replay_requested", at, REQUEST, ids, MOST_REPLAYS)


async def discard(connection: Connection, ids: Sequence[UUID], at: datetime) -> int:
    return await noted(connection, "parked_discarded", at, DISCARD, ids, at)


async def noted(connection: Connection, action: str, at: datetime, statement: str, *values: object) -> int:
    """Do it to those to which it can be done, and leave a line in the trail of it; how many they were."""
    async with connection.transaction():
        done = [row["id"] for row in await connection.fetch(statement, *values)]
        if done:
            await audit.write(connection, audit.line(action, by=operator(), at=at, **audit.of_these("parked", done)))
    return len(done)


async def looked_into(connection: Connection, id: UUID, at: datetime) -> int:
    """Somebody sees the bytes of one, which may hold anything."""
    await audit.write(connection, audit.line("parked_bytes_shown", by=operator(), about=f"parked:{id}", at=at))
    return 1


def facts_of(service: str, row: Record) -> dict[str, Any]:
    """Everything but the bytes, for they may hold personal data. What a publisher wrote elsewhere may too, and is masked."""
    facts = {"service": service, **{name: value for name, value in row.items() if name not in ("key", "value", "headers")}}
    facts |= {name: masked_text(facts[name]) for name in FOREIGN if facts[name]}
    return facts | {"bytes": None if row["value"] is None else len(row["value"])}
