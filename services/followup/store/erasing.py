"""What follow-up keeps of customers, as it is looked for when they are erased. Of the customers $1 and the ids that their names make, $2.

A contact that nobody told us of is known by its name alone.
"""

from shared.erasing import Round, Said

CONTACTS = """
UPDATE contact SET phones = '[]', emails = '[]', preferred_channel = NULL, language = NULL, time_zone = NULL, erased = true
WHERE reference = ANY(ARRAY(
    SELECT reference FROM contact WHERE ((revision >= 0 AND customer_id = ANY($1)) OR (revision < 0 AND customer_id = ANY($2)))
        AND (NOT erased OR phones <> '[]' OR emails <> '[]' OR preferred_channel IS NOT NULL
        OR language IS NOT NULL OR time_zone IS NOT NULL) ORDER BY reference LIMIT $3 FOR UPDATE))"""
NOTICES = """
SELECT id FROM notice WHERE state <> 'sending' AND reference IN (
    SELECT reference FROM contact WHERE (revision >= 0 AND customer_id = ANY($1)) OR (revision < 0 AND customer_id = ANY($2)))
    AND (state IN ('planned', 'awaiting_contact', 'held') OR subject IS NOT NULL OR text IS NOT NULL
        OR deliveries @? '$[*] ? (exists(@.to) || @.provider_id != null)') LIMIT $3"""
CALLS = """
SELECT id FROM call WHERE named_id = ANY($1) AND state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed') LIMIT $2"""
LEFT = """
SELECT count(*) FROM notice WHERE state = 'sending' AND reference IN (
    SELECT reference FROM contact WHERE (revision >= 0 AND customer_id = ANY($1)) OR (revision < 0 AND customer_id = ANY($2)))"""
POINTS = "SELECT phones, emails FROM contact WHERE (revision >= 0 AND customer_id = ANY($1)) OR (revision < 0 AND customer_id = ANY($2)) LIMIT 200"


async def points(it: Round) -> Said:
    """By which a record shows that it is about them."""
    found = await it.connection.fetch(POINTS, it.customers, it.names)
    return sorted({point for row in found for point in (*row["phones"], *row["emails"])}), ()


async def being_sent(it: Round) -> int:
    """Notices that are in a gateway's hands; by its answer, or when it gives none, they come to an end."""
    count: int = await it.connection.fetchval(LEFT, it.customers, it.names)
    return count
