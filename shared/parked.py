"""What could not be handled: kept as it came with the reason, for people to read, to replay or to discard.

What is wrong with the record itself is also told to its publisher; a fault of ours is not. A parked event is not in the inbox: sent again with
a mended body it is tried afresh, and success closes the parked one as `resent`.
"""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Connection
from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.entities import Timestamp, codes
from shared.ids import uuid7
from shared.plumbing import Plumbing

BYTES_KEPT = timedelta(days=30)


class State(StrEnum):
    OPEN = "open"
    REQUESTED = "requested"  # somebody asked for a replay; the worker will try
    REPLAYED = "replayed"
    RESENT = "resent"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a record can't be handled. The message carries no value of the record."""

    code: str
    message: str
    pointer: str | None = None
    ours: bool = False  # a handler's bug, a constraint of our database
    forget: bool = False  # nothing of the record may be kept


class Parked(Plumbing, table=True):
    """A record that could not be handled."""

    __table_args__ = (
        UniqueConstraint("topic", "partition", "record_offset", "record_at", name="parked_place"),
        Index("parked_open_inbox_id", "inbox_id", postgresql_where=text("state IN ('open', 'requested')")),
        Index("parked_open_topic", "topic", "first_failed_at", postgresql_where=text("state IN ('open', 'requested')")),
        Index("parked_state", "state", "id"),
        Index("parked_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("parked_bytes", "first_failed_at", postgresql_where=text("value IS NOT NULL OR key IS NOT NULL")),
    )
    id: UUID = Field(primary_key=True)
    inbox_id: UUID | None = None
    source: str | None = None
    event_id: str | None = None
    type: str | None = None
    topic: str
    partition: int
    record_offset: int = Field(sa_type=BigInteger)
    record_at: datetime = Field(sa_type=Timestamp)
    key: bytes | None = None
    value: bytes | None = None
    headers: list[list[str]] = Field(sa_type=JSONB)
    code: str
    pointer: str | None = None
    message: str
    ours: bool
    state: State = Field(default=State.OPEN, sa_type=codes(State))
    attempts: int = 1
    replays: int = 0
    first_failed_at: datetime = Field(sa_type=Timestamp)
    last_failed_at: datetime = Field(sa_type=Timestamp)
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    correlation: str | None = None


KEEP = """
INSERT INTO parked (id, inbox_id, source, event_id, type, topic, partition, record_offset, record_at, key, value, headers,
                    code, pointer, message, ours, state, attempts, replays, first_failed_at, last_failed_at, correlation, closed_at)
SELECT id, inbox_id, source, event_id, type, topic, partition, record_offset, record_at, key, value, headers::jsonb,
       code, pointer, message, ours, CASE WHEN id = ANY($19) THEN 'discarded' ELSE 'open' END, 1, 0, $17, $17, correlation,
       CASE WHEN id = ANY($19) THEN $17::timestamptz END
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[], $9::timestamptz[], $10::bytea[],
            $11::bytea[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bool[], $18::text[])
  AS new (id, inbox_id, source, event_id, type, topic, partition, record_offset, record_at, key, value, headers, code, pointer, message, ours, correlation)
ORDER BY topic, partition, record_offset
ON CONFLICT ON CONSTRAINT parked_place DO UPDATE SET
    attempts = parked.attempts + 1, last_failed_at = $17, code = excluded.code, pointer = excluded.pointer, message = excluded.message,
    state = CASE WHEN parked.state = 'discarded' OR excluded.state = 'discarded' THEN 'discarded' ELSE 'open' END,
    key = CASE WHEN excluded.state <> 'discarded' THEN parked.key END, value = CASE WHEN excluded.state <> 'discarded' THEN parked.value END,
    headers = CASE WHEN excluded.state = 'discarded' THEN '[]' ELSE parked.headers END, closed_at = coalesce(parked.closed_at, excluded.closed_at)
RETURNING id, xmax = 0 AS first"""


async def keep(connection: Connection, rows: Sequence[dict[str, Any]], *, at: datetime) -> set[UUID]:
    """Park these (columns by name). Says which were not parked before: a record that comes twice is parked once, and told once."""
    told = await connection.fetch(
        KEEP,
        *([row[name] for row in rows] for name in KEPT_COLUMNS[:16]),
        at,
        [row["correlation"] for row in rows],
        [row["id"] for row in rows if row["forget"]],
    )
    return {row["id"] for row in told if row["first"]}


KEPT_COLUMNS = (
    "id", "inbox_id", "source", "event_id", "type", "topic", "partition", "record_offset", "record_at", "key", "value", "headers",
    "code", "pointer", "message", "ours", "correlation",
)  # fmt: skip


def row_of(record: Any, trouble: Trouble, *, inbox_id: UUID | None, envelope: Any, at: datetime) -> dict[str, Any]:
    """What is kept of a record: its raw bytes and the reason."""
    return {
        "id": uuid7(),
        "inbox_id": inbox_id,
        "source": storable(envelope.source),
        "event_id": storable(envelope.id),
        "type": storable(envelope.type),
        "topic": record.topic,
        "partition": record.partition,
        "record_offset": record.offset,
        "record_at": written_at(record.timestamp),
        "key": None if trouble.forget else record.key,
        "value": None if trouble.forget else record.value,
        "headers": "[]" if trouble.forget else headers_of(record),
        "code": trouble.code,
        "pointer": storable(trouble.pointer),
        "message": trouble.message[:2000].replace("\0", ""),
        "ours": trouble.ours,
        "correlation": storable(envelope.correlation),
        "forget": trouble.forget,  # there is nothing left to try again
    }


def headers_of(record: Any) -> str:
    told = [[name.replace("\0", "\\0"), None if value is None else base64.b64encode(value).decode()] for name, value in record.headers]
    return orjson.dumps(told).decode()


def written_at(milliseconds: int) -> datetime:
    """A publisher may stamp its records as it likes, also with what is no time."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def storable(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "")[:256]


async def mended(connection: Connection, keys: Collection[UUID], *, at: datetime, replayed: UUID | None = None) -> None:
    """What was handled at last is no longer open."""
    await connection.execute(
        "UPDATE parked SET state = CASE WHEN id = $3 THEN 'replayed' ELSE 'resent' END, closed_at = $2"
        " WHERE inbox_id = ANY($1::uuid[]) AND state IN ('open', 'requested')",
        list(keys), at, replayed,
    )  # fmt: skip
