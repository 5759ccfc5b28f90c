"""What reception keeps of customers, as it is looked for when they are erased. Of the ids that their names make, $1, at most $2 rows."""

from shared.erasing import Round, Said

VISITS = """
UPDATE visit SET company = '', guest_name = NULL, guest_phone = NULL, version = version + 1 WHERE id = ANY(ARRAY(
    SELECT id FROM visit WHERE named_id = ANY($1) AND (company <> '' OR guest_name IS NOT NULL OR guest_phone IS NOT NULL)
    ORDER BY id LIMIT $2 FOR UPDATE))"""
CALLS = """
WITH rung AS (UPDATE inquiry SET call_id = 'erased', version = version + 1 WHERE id = ANY(ARRAY(
        SELECT id FROM inquiry WHERE named_id = ANY($1) AND call_id <> 'erased' ORDER BY id LIMIT $2 FOR UPDATE)) RETURNING id)
UPDATE journal SET data = data || '{"call_id": null}' FROM rung
WHERE journal.subject = rung.id::text AND journal.type = 'inquiry.received.v1'"""
GUESTS = "SELECT company, guest_name, guest_phone FROM visit WHERE named_id = ANY($1) LIMIT 200"


async def guests(it: Round) -> Said:
    """By which a record shows that it is about them: their numbers; their names and companies."""
    found = await it.connection.fetch(GUESTS, it.names)
    words = {word for row in found for word in (row["company"], row["guest_name"]) if word}
    return sorted({row["guest_phone"] for row in found if row["guest_phone"]}), sorted(words)
