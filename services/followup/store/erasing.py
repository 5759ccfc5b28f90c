"""What follow-up keeps of customers, as it is looked for when they are erased. Of the ids $1, at most $2 rows."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

CONTACTS = """
UPDATE contact SET phones = '[]', emails = '[]', preferred_channel = NULL, language = NULL, time_zone = NULL, erased = true
WHERE reference = ANY(ARRAY(
    SELECT reference FROM contact WHERE customer_id = ANY($1) AND (NOT erased OR phones <> '[]' OR emails <> '[]' OR preferred_channel IS NOT NULL
        OR language IS NOT NULL OR time_zone IS NOT NULL) ORDER BY reference LIMIT $2 FOR UPDATE))"""
NOTICES = """
SELECT id FROM notice WHERE customer_id = ANY($1) AND state <> 'sending' AND (state IN ('planned', 'awaiting_contact', 'held')
    OR subject IS NOT NULL OR text IS NOT NULL OR deliveries @? '$[*] ? (exists(@.to) || @.provider_id != null)') LIMIT $2"""
CALLS = """
SELECT id FROM call WHERE customer_id = ANY($1) AND state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed') LIMIT $2"""
LEFT = "SELECT count(*) FROM notice WHERE customer_id = ANY($1) AND state = 'sending'"
POINTS = "SELECT phones, emails FROM contact WHERE customer_id = ANY($1) LIMIT 200"


async def points(connection: Connection, ids: Sequence[UUID]) -> list[str]:
    """By which a record shows that it is about them."""
    found = await connection.fetch(POINTS, ids)
    return sorted({point for row in found for point in (*row["phones"], *row["emails"])})


async def being_sent(connection: Connection, ids: Sequence[UUID]) -> int:
    """Notices that are in a gateway's hands; by its answer, or when it gives none, they come to an end."""
    count: int = await connection.fetchval(LEFT, ids)
    return count
