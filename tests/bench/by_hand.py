"""The least that does the same: one reaction written out by hand over dicts, in the tables of follow-up. No entities, no other event.

It takes what a worker takes, keeps the same rows, tells the same to the same readers: inbox, contacts and orders locked, rule, rows, key locks,
outbox, one transaction a batch; the relay and the way of asking Kafka are ours, so that only the room between them is compared.

python -m tests.bench.by_hand [--lanes]    two lanes, as ours has
"""

import asyncio
import base64
import gc
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import asyncpg
import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from shared.contracts.orders import OrderShipped
from shared.database import speak_jsonb
from shared.delivery import lanes
from shared.health import Health
from shared.ids import customer_of, digest, made_of, numbered, uuid7
from shared.kafka import BATCH, consumer_options
from shared.metrics import Metrics
from shared.outbox import COLUMNS, LOCK_KEYS
from shared.parked import KEEP
from shared.relay import Relay
from tests.bench.shipments import TOPIC

OUT = "bench.by-hand"
OLD = timedelta(hours=72)
CONTACT = ("reference", "customer_id", "revision", "phones", "emails", "news", "partition", "record_offset")
ORDER = ("id", "system", "order_id", "reference", "facts", "arrival_due_at")
NOTICE = (
    "id", "kind", "source", "fulfilment_id", "order_id", "shipment_id", "reference", "customer_id", "unit", "state", "reason", "news_at", "due_at",
    "planned_at", "facts", "correlation", "deliveries", "version",
)  # fmt: skip
ENTER = "INSERT INTO inbox (id) SELECT id FROM unnest($1::uuid[]) AS new (id) ORDER BY id ON CONFLICT DO NOTHING RETURNING id"
CONTACTS = "SELECT reference, customer_id, phones, emails FROM contact WHERE reference = ANY($1::text[]) ORDER BY reference FOR UPDATE"
ORDERS = "SELECT id, facts, arrival_due_at FROM fulfilment WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
NOTICES = "SELECT id FROM notice WHERE fulfilment_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
CHANGE = """
UPDATE fulfilment AS old SET facts = new.facts, arrival_due_at = new.due
FROM unnest($1::uuid[], $2::jsonb[], $3::timestamptz[]) AS new (id, facts, due) WHERE old.id = new.id"""


async def handle(pool: asyncpg.Pool, records: Sequence[Any]) -> None:
    at = datetime.now(UTC)
    sound, broken = [], []
    for record in records:
        headers = dict(record.headers)
        source, id = headers["ce_source"].decode(), headers["ce_id"].decode()
        try:
            event = OrderShipped.__pydantic_validator__.validate_json(record.value)
        except ValidationError as error:
            broken.append((record, source, id, headers["ce_type"].decode(), error.errors()[0]))
        else:
            who = event.customer
            order = made_of("fulfilment", who.system, who.id, event.order_id)
            sound.append(
                (numbered(int.from_bytes(digest(source, id))), source, id, event, str(who), order, event.shipped_at.astimezone(UTC))
            )
    async with pool.acquire() as connection, connection.transaction():
        new = {row[0] for row in await connection.fetch(ENTER, [it[0] for it in sound])}
        fresh = []
        for it in sound:
            if it[0] in new:
                new.discard(it[0])
                fresh.append(it)
        out: list[tuple[Any, ...]] = []
        if fresh:
            out += await notices(connection, fresh, at)
        if broken:
            out += await park(connection, broken, at)
        if out:
            await connection.execute(LOCK_KEYS, list({row[2] for row in out}))
            await connection.copy_records_to_table("outbox", columns=COLUMNS, records=out)


async def notices(connection: asyncpg.Connection, fresh: Sequence[Any], at: datetime) -> list[tuple[Any, ...]]:
    contacts = {row[0]: row for row in await connection.fetch(CONTACTS, list({it[4] for it in fresh}))}
    ids = list({it[5] for it in fresh})
    orders = {row[0]: [row[1], row[2]] for row in await connection.fetch(ORDERS, ids)}
    told = {row[0] for row in await connection.fetch(NOTICES, ids)}
    unknown, made, changed, planned, out = [], [], {}, [], []
    for _, source, id, event, name, order, shipped in fresh:
        known = contacts.get(name)
        if known is None:
            known = contacts[name] = (name, customer_of(name), [], [])
            unknown.append((name, known[1], -1, "[]", "[]", False, -1, -1))
        moment = shipped.isoformat(timespec="microseconds")
        until = event.expected_arrival_until.astimezone(UTC)
        carrier = {"code": event.carrier.code, "name": event.carrier.name}
        said = {
            "tracking_number": event.tracking_number, "tracking_url": event.tracking_url, "carrier": carrier,
            "until": until.isoformat(timespec="microseconds"),
        }  # fmt: skip
        shipment = event.shipment_id
        found = orders.get(order)
        fact = {"shipped": {"at": moment, "source": source} | said, "watched": {"end": until.isoformat(), "on": until > at}}
        if found is None:
            orders[order] = found = [{"shipments": {shipment: fact}, "unit": [moment, "headquarters"]}, until]
            made.append((order, event.customer.system, event.order_id, name, found))
        else:
            facts = found[0]
            if shipment in facts["shipments"] and facts["shipments"][shipment]["shipped"]["at"] <= moment:
                continue
            found[0] = facts | {"shipments": facts["shipments"] | {shipment: fact}, "unit": min(facts["unit"], [moment, "headquarters"])}
            found[1] = min(found[1], until) if found[1] else until
            changed[order] = found
        notice = made_of("notice", order, "shipped", shipment)
        if notice in told:
            continue
        told.add(notice)
        reachable = bool(known[2] or known[3])
        state, reason = (
            ("skipped", "too old") if at - shipped > OLD else ("planned", None) if reachable else ("awaiting_contact", "no contact yet")
        )
        planned.append((
            notice, "shipped", source, order, event.order_id, shipment, name, known[1], "headquarters", state, reason, shipped, at, at,
            orjson.dumps(said).decode(), id, "[]", 1,
        ))  # fmt: skip
        planned_event = {
            "customer_id": str(known[1]), "unit": "headquarters", "notice_id": str(notice), "kind": "shipped", "order_id": event.order_id,
            "shipment_id": shipment,
        } | ({"reason": reason} if state == "skipped" else {"due_at": at.isoformat()})  # fmt: skip
        name_of = "notice.skipped.v1" if state == "skipped" else "notice.planned.v1"
        out.append((uuid7(), OUT, str(known[1]), name_of, str(notice), "headquarters", orjson.dumps(planned_event), None, id))
    if unknown:
        await connection.copy_records_to_table("contact", columns=CONTACT, records=unknown)
    if made:
        rows = [(*it[:4], orjson.dumps(it[4][0]).decode(), it[4][1]) for it in made]
        await connection.copy_records_to_table("fulfilment", columns=ORDER, records=sorted(rows, key=lambda row: row[0]))
    known_before = changed.keys() - {it[0] for it in made}
    if known_before:
        rows = [(order, orjson.dumps(changed[order][0]).decode(), changed[order][1]) for order in sorted(known_before)]
        await connection.execute(CHANGE, *map(list, zip(*rows, strict=True)))
    if planned:
        await connection.copy_records_to_table("notice", columns=NOTICE, records=sorted(planned, key=lambda row: row[0]))
    return out


async def park(connection: asyncpg.Connection, broken: Sequence[Any], at: datetime) -> list[tuple[Any, ...]]:
    rows, told = [], {}
    for record, source, id, kind, why in broken:
        parked = uuid7()
        pointer = "/" + "/".join(map(str, why["loc"]))
        headers = orjson.dumps([[name, base64.b64encode(value).decode()] for name, value in record.headers]).decode()
        written = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        rows.append((
            parked, numbered(int.from_bytes(digest(source, id))), source, id, kind, record.topic, record.partition, record.offset, written, record.key, record.value,
            headers, why["type"], pointer, why["msg"], False,
        ))  # fmt: skip
        event = {
            "source": source, "id": id, "type": kind, "rejected_topic": record.topic, "partition": record.partition, "offset": record.offset,
            "code": why["type"], "pointer": pointer, "message": why["msg"], "parked_id": str(parked), "unit": "headquarters",
        }  # fmt: skip
        told[parked] = (uuid7(), OUT, source, "event.rejected.v1", id, "headquarters", orjson.dumps(event), None, id)
    kept = await connection.fetch(KEEP, *map(list, zip(*rows, strict=True)), at, [None] * len(rows), [])
    return [told[row["id"]] for row in kept if row["first"]]


async def main() -> None:
    dsn, kafka = os.environ["CARELOOP_DATABASE"], os.environ["CARELOOP_KAFKA"]
    slot = int(os.environ.get("CARELOOP_SLOT", "0"))
    pool = await asyncpg.create_pool(
        dsn, min_size=1, max_size=2, init=speak_jsonb, server_settings={"plan_cache_mode": "force_custom_plan"}
    )
    wake = asyncio.Event()
    relay = Relay(dsn, kafka, "/bench", wake, Metrics("bench", "0"), Health("bench", "worker"))
    options = consumer_options(kafka, os.environ["CARELOOP_GROUP"], slot) | {"auto_offset_reset": "earliest"}
    consumer = AIOKafkaConsumer(TOPIC, **options)
    await consumer.start()
    relaying = asyncio.create_task(relay.run())
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    done: dict[TopicPartition, int] = {}
    committed = monotonic()
    while not relaying.done():
        found = await consumer.getmany(timeout_ms=100, max_records=BATCH)
        if records := [record for some in found.values() for record in some]:
            await asyncio.gather(*(handle(pool, lane) for lane in (lanes(records) if "--lanes" in sys.argv else [records])))
            wake.set()
            done |= {place: some[-1].offset + 1 for place, some in found.items()}
        if done and monotonic() - committed > 0.2:
            await consumer.commit(done)
            done, committed = {}, monotonic()
    relaying.result()


if __name__ == "__main__":
    uvloop.run(main())
