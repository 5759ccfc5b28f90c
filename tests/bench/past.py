"""What a database of follow-up holds after a year, made inside PostgreSQL: ten million events that were handled, a million notices, their orders.

Half of the inbox are our own ids, which grow with time, half are those that are made of a foreign id and lie anywhere. Indexes are made after their
rows; that of the inbox is left as full as pages get that were written at random places.
"""

import asyncpg

from deploy.local.databases import Database
from shared.ids import customer_of
from tests.bench.shipments import reference

CUSTOMERS = 100_000
EVENTS, NOTICES = 10_000_000, 1_000_000
KNOWN = "id", "customer_id", "declared", "unit", "revision", "news", "partition", "record_offset"
CONTACT = "reference", "customer_id", "revision", "phones", "emails", "unit", "news", "partition", "record_offset"
INBOX = """
INSERT INTO inbox (id, arrived_at)
SELECT CASE WHEN n % 2 = 0 THEN md5('event' || n)::uuid ELSE
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid END, at
FROM (SELECT n, now() - interval '16 days' * (1 - n / $1::float8) AS at FROM generate_series(1, $1) AS n) AS events"""
# An order of two shipments, and a notice of each.
FULFILMENT = """
INSERT INTO fulfilment (id, system, order_id, reference, facts)
SELECT md5('order' || n)::uuid, 'erp', 'SO-H-' || n, c.reference, jsonb_build_object(
    'unit', jsonb_build_array(at, 'headquarters'),
    'shipments', jsonb_build_object('SH-H-' || n, jsonb_build_object('shipped', shipped), 'SH-H-' || n || '-2', jsonb_build_object('shipped', shipped)))
FROM (SELECT n, now() - interval '365 days' * (1 - n / ($1 / 2)::float8) AS at FROM generate_series(1, $1 / 2) AS n) AS orders
JOIN (SELECT reference, row_number() OVER () AS number FROM contact) AS c ON c.number = 1 + n % $2
CROSS JOIN LATERAL (SELECT jsonb_build_object(
    'at', at, 'source', '/logistics', 'tracking_number', 'SF' || n, 'carrier', jsonb_build_object('code', 'SF', 'name', '顺丰速运'), 'until', at) AS shipped) AS said"""
NOTICE = """
INSERT INTO notice (
    id, kind, source, fulfilment_id, order_id, shipment_id, reference, customer_id, unit, state, news_at, due_at, sent_at, planned_at, facts, subject, text,
    correlation, deliveries, version)
SELECT md5('notice' || f.id || shipment)::uuid, 'shipped', '/logistics', f.id, f.order_id, shipment, f.reference, c.customer_id, 'headquarters',
    CASE WHEN random() < 0.97 THEN 'delivered' ELSE 'failed' END, at, at, at, at, fact -> 'shipped', '您的订单 ' || f.order_id || ' 已发货',
    '尊敬的客户：您的订单 ' || f.order_id || ' 已由顺丰速运发出，运单号 ' || (fact -> 'shipped' ->> 'tracking_number') || '，预计两天内送达。如有疑问请与我们联系。',
    md5(f.id || shipment), jsonb_build_array(jsonb_build_object('channel', 'email', 'state', 'delivered', 'at', at)), 3
FROM fulfilment AS f JOIN contact AS c USING (reference)
CROSS JOIN LATERAL jsonb_each(f.facts -> 'shipments') AS told (shipment, fact)
CROSS JOIN LATERAL (SELECT (f.facts -> 'unit' ->> 0)::timestamptz AS at) AS moment"""


async def acquaint(database: Database) -> None:
    """Everybody who is spoken of is known, whatever lies behind."""
    owner = await asyncpg.connect(database.owner_dsn)
    names = [(it, customer_of(it)) for it in map(reference, range(CUSTOMERS))]
    known = [(id, id, True, "headquarters", 1, False, 0, number) for number, (_, id) in enumerate(names)]
    contacts = [(it, id, 1, "[]", f'["c{number}@example.com"]', "headquarters", False, 0, number) for number, (it, id) in enumerate(names)]
    await owner.copy_records_to_table("known_customer", columns=KNOWN, records=known)
    await owner.copy_records_to_table("contact", columns=CONTACT, records=contacts)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()


async def live_through(database: Database) -> float:
    """All of it at once; how many GiB it takes."""
    owner = await asyncpg.connect(database.owner_dsn)
    await owner.execute("ALTER TABLE inbox DROP CONSTRAINT inbox_pkey")
    await owner.execute(INBOX, EVENTS)
    await owner.execute("ALTER TABLE inbox ADD PRIMARY KEY (id) WITH (fillfactor = 70)")
    await owner.execute(FULFILMENT, NOTICES, CUSTOMERS)
    await without_indexes(owner, "notice", NOTICE)
    await owner.execute("VACUUM ANALYZE")
    size: int = await owner.fetchval("SELECT pg_database_size(current_database())")
    await owner.close()
    return size / 2**30


async def without_indexes(owner: asyncpg.Connection, table: str, statement: str) -> None:
    """Indexes are made faster of rows than row by row."""
    query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexname <> $1 || '_pkey'"
    indexes = await owner.fetch(query, table)
    for it in indexes:
        await owner.execute(f"DROP INDEX {it['indexname']}")
    await owner.execute(statement)
    for it in indexes:
        await owner.execute(it["indexdef"])
