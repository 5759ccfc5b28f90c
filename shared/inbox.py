"""What was handled is remembered here, so that nothing is handled twice.

The key is our own UUIDv7 as it is, or 16 bytes made of a foreign (source, id). Purged by the time of arrival, when the topic has forgotten it too.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Connection

from shared.ids import digest, numbered
from shared.topics import OURS, TOPICS

KEPT = max(topic.retention for topic in TOPICS.values()) + timedelta(days=2)
CHUNK = 5_000


def key_of(source: str, event_id: str) -> UUID:
    """As the inbox knows an event."""
    if source in OURS:
        try:
            return UUID(event_id)
        except ValueError:
            pass
    return numbered(int.from_bytes(digest(source, event_id)))


async def enter(connection: Connection, keys: Collection[UUID]) -> set[UUID]:
    """Enter these, and say which are new. Sorted, so that two workers that got the same records can't deadlock."""
    rows = await connection.fetch(
        "INSERT INTO inbox (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id ON CONFLICT DO NOTHING RETURNING id", list(keys)
    )
    return {row["id"] for row in rows}


async def known(connection: Connection, keys: Collection[UUID]) -> set[UUID]:
    rows = await connection.fetch("SELECT id FROM inbox WHERE id = ANY($1::uuid[])", list(keys))
    return {row["id"] for row in rows}


async def leave(connection: Connection, keys: Sequence[UUID]) -> None:
    """These were not handled after all."""
    await connection.execute("DELETE FROM inbox WHERE id = ANY($1::uuid[])", list(keys))


async def purge(connection: Connection) -> bool:
    """Forget a chunk of what no topic can bring back. True while there may be more. By the database's clock, which stamped it: a worker whose own
    goes weeks ahead would forget everything, and handle again what comes again."""
    done = await connection.execute(
        "DELETE FROM inbox WHERE ctid = ANY(ARRAY(SELECT ctid FROM inbox WHERE arrived_at < now() - $1::interval LIMIT $2))", KEPT, CHUNK
    )
    return int(done.split()[-1]) == CHUNK
