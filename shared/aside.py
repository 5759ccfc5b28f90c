"""An announcement that is set aside: it lies in `parked` as it would have gone to Kafka, out of the way, and can be put back."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Connection

from shared import outbox
from shared.envelope import headers_of
from shared.parked import State, Trouble

NOWHERE = -1  # the partition of what never was on Kafka
PARK = """
INSERT INTO parked (id, source, event_id, type, topic, partition, record_offset, record_at, key, value, headers, code, message, ours, state,
                    attempts, replays, first_failed_at, last_failed_at, correlation)
VALUES ($1::uuid, $2, $1::uuid::text, $3, $4, -1, $5, $6, $7, $8, $9::text::jsonb, $10, $11, true, $12, 1, 0, $13, $13, $14)
ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, closed_at = NULL, attempts = parked.attempts + 1, last_failed_at = excluded.last_failed_at,
    record_offset = excluded.record_offset, code = excluded.code, message = excluded.message"""
TAKE_BACK = """
UPDATE parked SET state = 'replayed', closed_at = $2
WHERE id = $1 AND partition = -1 AND key IS NOT NULL AND state IN ('open', 'requested')
RETURNING id, topic, key, type, value, record_at, correlation, headers::text AS headers"""
ANNOUNCE = """
INSERT INTO outbox (id, topic, key, type, subject, unit, payload, trace, correlation, announced_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


async def put_aside(connection: Connection, row: Mapping[str, Any], trouble: Trouble, *, source: str, at: datetime) -> None:
    """`row` is one of the outbox; whoever calls deletes it there. Shown to operators as a fault of ours."""
    headers = headers_of(
        source=source, id=str(row["id"]), type=row["type"], time=row["announced_at"], subject=row["subject"], unit=row["unit"],
        trace=row["trace"], correlation=row["correlation"],
    )  # fmt: skip
    await connection.execute(
        PARK, row["id"], source, row["type"], row["topic"], row["position"], row["announced_at"], row["key"].encode(), row["payload"],
        orjson.dumps([[name, base64.b64encode(value).decode()] for name, value in headers]).decode(),
        trouble.code, trouble.message, State.OPEN.value, at, row["correlation"],
    )  # fmt: skip


async def put_back(connection: Connection, id: Any, *, at: datetime) -> bool:
    """Announce it once more, under its own id, behind what its key has announced meanwhile. False if it does not lie there."""
    async with connection.transaction():
        row = await connection.fetchrow(TAKE_BACK, id, at)
        if row is None:
            return False
        told = {name: base64.b64decode(value).decode() for name, value in orjson.loads(row["headers"])}
        key = row["key"].decode()
        await connection.execute(outbox.LOCK_KEYS, [key])
        await connection.execute(
            ANNOUNCE, row["id"], row["topic"], key, row["type"], told.get("ce_subject"), told.get("ce_orgunit"), row["value"],
            told.get("traceparent"), row["correlation"], row["record_at"],
        )  # fmt: skip
    return True
