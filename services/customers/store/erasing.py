"""What the customer file keeps of customers, as it is looked for when they are erased. Of the ids $1, at most $2 rows."""

from shared.erasing import Round, Said

ERASED = """
SELECT id, false AS erased, true AS gone FROM customer WHERE state = 'erased' AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"""
CLAIMS = "SELECT reference, customer_id FROM claim WHERE customer_id = ANY($1) ORDER BY reference LIMIT $2 FOR UPDATE"
ORDERS = """
UPDATE orders SET erased_id = named.customer_id FROM unnest($1::text[], $2::uuid[]) AS named (reference, customer_id)
WHERE orders.reference = named.reference AND orders.id = ANY(ARRAY(
    SELECT id FROM orders WHERE reference = ANY($1) AND erased_id IS NULL ORDER BY id LIMIT $3 FOR UPDATE))"""
HASHES = """
INSERT INTO erased_reference (hash, customer_id, erasure_id, erased_at)
SELECT hash, named.customer_id, it.erasure_id, $4 FROM unnest($1::text[], $2::uuid[]) AS named (hash, customer_id),
    (SELECT erasure_id FROM erasing WHERE customer_id = ANY($3::uuid[]) ORDER BY requested_at DESC LIMIT 1) AS it
ORDER BY hash ON CONFLICT DO NOTHING"""
NAMES = "SELECT hash FROM erased_reference WHERE customer_id = ANY($1)"
WORDY = """
SELECT id, facts FROM orders WHERE erased_id = ANY($1) AND NOT facts ? 'erased' ORDER BY id LIMIT $2 FOR UPDATE"""
WORDLESS = "UPDATE orders SET facts = it.facts::jsonb FROM unnest($1::uuid[], $2::text[]) AS it (id, facts) WHERE orders.id = it.id"
UNCLAIM = "DELETE FROM claim WHERE reference = ANY($1)"
CUSTOMERS = """
UPDATE customer SET state = CASE WHEN state = 'redirected' THEN state ELSE 'erased' END, names = '{}', phones = '[]', emails = '[]',
    display_name = NULL, contact_person = NULL, business_scope = NULL, preferred_channel = NULL, language = NULL, time_zone = NULL, version = version + 1
WHERE id = ANY(ARRAY(SELECT id FROM customer WHERE id = ANY($1) AND (state NOT IN ('redirected', 'erased') OR names <> '{}' OR phones <> '[]'
    OR emails <> '[]' OR display_name IS NOT NULL OR contact_person IS NOT NULL OR business_scope IS NOT NULL OR preferred_channel IS NOT NULL
    OR language IS NOT NULL OR time_zone IS NOT NULL) ORDER BY id LIMIT $2 FOR UPDATE))"""
CONSENTS = """
UPDATE consent SET customer_id = coalesce(consent.customer_id, claim.customer_id), reference = NULL, evidence = NULL
FROM consent AS same LEFT JOIN claim ON claim.reference = same.reference
WHERE consent.id = same.id AND consent.id = ANY(ARRAY(
    SELECT id FROM consent WHERE (customer_id = ANY($1) AND evidence IS NOT NULL)
        OR reference IN (SELECT reference FROM claim WHERE customer_id = ANY($1)) ORDER BY id LIMIT $2 FOR UPDATE))"""
DISCLOSURES = """
UPDATE disclosure SET evidence = NULL
WHERE id = ANY(ARRAY(SELECT id FROM disclosure WHERE customer_id = ANY($1) AND evidence IS NOT NULL ORDER BY id LIMIT $2 FOR UPDATE))"""
TASKS = """
UPDATE task SET state = 'called_off', done_at = $3, version = version + 1 WHERE id = ANY(ARRAY(
    SELECT id FROM task WHERE customer_id = ANY($1) AND state = 'open' AND kind <> 'erasure' ORDER BY id LIMIT $2 FOR UPDATE))"""
SAID = "SELECT display_name, contact_person, phones, emails, names FROM customer WHERE id = ANY($1)"
TELLING = "display_name", "contact_person", "address"


async def said(it: Round) -> Said:
    """By which a record shows that it is about them: where to reach them and what others call them; and words."""
    points, words = set[str](), set[str]()
    for row in await it.connection.fetch(SAID, it.customers):
        points |= {*row["phones"], *row["emails"], *row["names"]}
        words |= {row["display_name"], row["contact_person"]} - {None}
        for name in row["names"].values():
            facts = name["said"]["facts"] if name["said"] else {}
            points |= {*(facts.get("phones") or ()), *(facts.get("emails") or ())}
            words |= {facts[it] for it in TELLING if facts.get(it)}
    return sorted(points), sorted(words)
