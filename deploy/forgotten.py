"""Is anything left of whoever was erased? Reads back every table of the four databases, and the topics that carry personal data."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from asyncpg import Connection

from deploy.broker import BrokerRefuses
from shared.kafka_access import secured
from shared.searching import spellings
from shared.topics import TOPICS, Topic

COMPACTED_WITHIN = timedelta(hours=25)  # the lag that the catalogue allows, and a segment
COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type IN ('text', 'character varying', 'jsonb', 'bytea')
ORDER BY c.table_name, c.ordinal_position"""
KNOWN = "(customer_id = ANY($1) AND (NOT erased OR declared)) OR (id = ANY($1) AND NOT gone)"
TASK = "state = 'open' AND kind <> 'erasure'"
LEFT = {  # rows of these customers ($1) in which something personal stands
    "customers": {
        "customer": "state NOT IN ('erased', 'redirected') OR names <> '{}' OR phones <> '[]' OR emails <> '[]' OR display_name IS NOT NULL"
        " OR contact_person IS NOT NULL OR business_scope IS NOT NULL OR preferred_channel IS NOT NULL OR language IS NOT NULL OR time_zone IS NOT NULL",
        "claim": "true",
        "consent": "evidence IS NOT NULL OR reference IS NOT NULL",
        "disclosure": "evidence IS NOT NULL",
        "orders": "NOT facts ? 'erased'",
        "task": TASK,
    },
    "complaints": {"note": "true", "known_customer": KNOWN, "task": TASK},
    "followup": {
        "note": "true", "known_customer": KNOWN, "task": TASK,
        "contact": "NOT erased OR phones <> '[]' OR emails <> '[]' OR preferred_channel IS NOT NULL OR language IS NOT NULL OR time_zone IS NOT NULL",
        "notice": "subject IS NOT NULL OR text IS NOT NULL OR state IN ('planned', 'awaiting_contact', 'held', 'sending')",
        "call": "state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed')",
    },
    "reception": {
        "note": "true", "known_customer": KNOWN, "task": TASK,
        "visit": "company <> '' OR guest_name IS NOT NULL OR guest_phone IS NOT NULL",
        "inquiry": "call_id <> 'erased'",
    },
}  # fmt: skip
FILES = {"export": "kept"}  # no word can be looked for in a sheet, which is packed; what counts is when it was begun
NAMES = "SELECT id FROM known_customer WHERE erased AND customer_id = ANY($1)"
WHOSE = {
    "export": "began_at < (SELECT max(swept_at) FROM erasing WHERE customer_id = ANY($1))",
    "customer": "id = ANY($1)", "orders": "erased_id = ANY($1)", "known_customer": "customer_id = ANY($1) OR id = ANY($1)",
    "note": f"customer_id = ANY($1) OR named_id IN ({NAMES})",
    "notice": "reference IN (SELECT reference FROM contact WHERE customer_id = ANY($1) AND erased)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Something personal, so many times. `until`: it goes by itself then; None: it should not be there."""

    where: str
    count: int
    until: datetime | None = None


async def family(connection: Connection, customer_id: UUID) -> list[UUID]:
    """All ids of the customer, as the erasures have them."""
    rows = await connection.fetch(
        "SELECT customers::text AS customers FROM erasure WHERE customer_id = $1 OR customers @> to_jsonb($1::text)", customer_id
    )
    return sorted({customer_id, *(UUID(id) for row in rows for id in orjson.loads(row["customers"]))})


async def erased(connection: Connection) -> list[UUID]:
    """All who were erased."""
    rows = await connection.fetch("SELECT customers::text AS customers FROM erasure WHERE state = 'completed'")
    return sorted({UUID(id) for row in rows for id in orjson.loads(row["customers"])})


async def in_database(connection: Connection, service: str, ids: Sequence[UUID], words: Sequence[str]) -> list[Found]:
    """By what the tables are for, and word by word whatever they are for."""
    found = []
    for table, left in (LEFT.get(service, {}) | FILES).items():
        where = WHOSE.get(table, "customer_id = ANY($1)")
        if count := await connection.fetchval(f'SELECT count(*) FROM "{table}" WHERE ({where}) AND ({left})', ids):  # noqa: S608  ours
            found.append(Found(f"{service}: {table}", count))
    if not words:
        return found
    needles = [form for word in words for form in spellings(word)]
    for table, column, kind in await connection.fetch(COLUMNS):
        here = f'"{column}"' if kind == "bytea" else f"convert_to(\"{column}\"::text, 'UTF8')"
        counted = (
            f'SELECT count(*) FROM "{table}" WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS word WHERE position(word IN {here}) > 0)'  # noqa: S608  names of our schema
        )
        if count := await connection.fetchval(counted, needles):
            found.append(Found(f"{service}: {table}.{column}", count))
    return found


async def in_topics(kafka: str, ids: Sequence[UUID], words: Sequence[str], at: datetime) -> list[Found]:
    """Of a compacted topic the newest record of a key in its partition counts; what it has overtaken goes with the next compaction, a log at its end."""
    found = []
    for topic in TOPICS.values():
        if topic.personal or words:
            found += await in_topic(kafka, topic, {str(id) for id in ids}, [form for word in words for form in spellings(word)], at)
    return found


async def in_topic(kafka: str, topic: Topic, ids: set[str], needles: Sequence[bytes], at: datetime) -> list[Found]:
    newest: dict[tuple[int, bytes | None], int] = {}
    about: list[tuple[tuple[int, bytes | None], int, datetime]] = []
    async for record in records_of(kafka, topic.name):
        name = (
            record.partition,
            record.key,
        )  # a publisher that shares keys out in another way than ours leaves its record where no null comes
        newest[name] = record.offset
        if record.value is not None and is_about(topic, record, ids, needles):
            about.append((name, record.offset, datetime.fromtimestamp(record.timestamp / 1000, UTC)))
    lives, goes = 0, list[datetime]()
    for name, offset, written in about:
        if not topic.compacted:
            goes.append(written + topic.retention)
        elif newest[name] == offset:
            lives += 1
        else:
            goes.append(max(written, at - COMPACTED_WITHIN) + COMPACTED_WITHIN)
    return [*([Found(topic.name, lives)] if lives else []), *([Found(topic.name, len(goes), max(goes))] if goes else [])]


def is_about(topic: Topic, record: Any, ids: set[str], needles: Sequence[bytes]) -> bool:
    told = (record.key or b"") + b"\0" + record.value
    if any(needle in told for needle in needles):
        return True
    if not (topic.compacted and topic.personal):
        return False
    try:
        return orjson.loads(record.value).get("customer_id") in ids
    except (orjson.JSONDecodeError, AttributeError):
        return False


async def records_of(kafka: str, name: str) -> AsyncIterator[Any]:
    """All that lies on the topic now."""
    consumer = AIOKafkaConsumer(
        name, bootstrap_servers=kafka, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 1024 * 1024, **secured()
    )
    try:
        await consumer.start()
        partitions = list(consumer.assignment())
        if len(partitions) < TOPICS[name].partitions:
            raise BrokerRefuses(
                f"Kafka at {kafka} has no topic {name} with {TOPICS[name].partitions} partitions: `careloop topics apply` makes it."
            )
        ends = await consumer.end_offsets(partitions)
        while [it for it in partitions if await consumer.position(it) < ends[it]]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield record
    except (KafkaError, OSError) as error:
        raise BrokerRefuses(f"No Kafka answers at {kafka}, so nothing can be said of the topics.") from error
    finally:
        await consumer.stop()
