"""What reception keeps of customers, as it is looked for when they are erased. Of the ids $1, at most $2 rows."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

VISITS = """
UPDATE visit SET company = '', guest_name = NULL, guest_phone = NULL, version = version + 1 WHERE id = ANY(ARRAY(
    SELECT id FROM visit WHERE named_id = ANY($1) AND (company <> '' OR guest_name IS NOT NULL OR guest_phone IS NOT NULL)
    ORDER BY id LIMIT $2 FOR UPDATE))"""
GUESTS = "SELECT company, guest_name, guest_phone FROM visit WHERE named_id = ANY($1) LIMIT 200"


async def guests(connection: Connection, ids: Sequence[UUID]) -> list[str]:
    """Words by which a record shows that it is about them."""
    found = await connection.fetch(GUESTS, ids)
    return sorted({word for row in found for word in row.values() if word})
