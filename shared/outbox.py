"""What we announce leaves through this table, written in the transaction that made it true; the relay publishes it in order per key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from asyncpg import Connection

from shared import journal
from shared.contracts import Event
from shared.ids import uuid7

LOCK_KEYS = """
SELECT count(pg_advisory_xact_lock(hash)) FROM (SELECT DISTINCT hashtextextended(key, 0) AS hash FROM unnest($1::text[]) AS key ORDER BY hash) AS sorted"""
COLUMNS = "id", "topic", "key", "type", "subject", "unit", "payload", "trace", "correlation"


class Caused(Protocol):
    """A thing that remembers what it came of."""

    correlation: str | None
    trace: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    """What an announcement came of: carried along, so that one can follow what happened to a thing from event to event."""

    correlation: str | None = None
    trace: str | None = None

    @classmethod
    def of(cls, thing: Caused) -> "Cause":
        """What is announced of a thing carries along what the thing came of."""
        return cls(thing.correlation, thing.trace)


Announcement = tuple[Event, Cause]


async def write(connection: Connection, announcements: Sequence[Announcement]) -> None:
    """Positions are given out after every key is ours, and a key is ours until the commit: so two events of one key are published
    in the order in which they became true, whoever wrote them. Comes last in a transaction: locks of rows before locks of keys."""
    if not announcements:
        return
    keys = [event.key for event, _ in announcements]
    await connection.execute(LOCK_KEYS, list(set(keys)))
    rows = [row(event, key, cause) for (event, cause), key in zip(announcements, keys, strict=True)]
    await connection.copy_records_to_table("outbox", columns=COLUMNS, records=rows)
    if kept := [row for row, (event, _) in zip(rows, announcements, strict=True) if event.kept]:
        await journal.write(connection, kept)


def row(event: Event, key: str, cause: Cause) -> tuple[object, ...]:
    payload = None if event.tombstone else event.__pydantic_serializer__.to_json(event, by_alias=True)
    return uuid7(), event.topic, key, event.name, event.subject, event.unit_of, payload, cause.trace, cause.correlation
