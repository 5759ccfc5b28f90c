"""What is relayed: `notice.planned` of 10,000 customers, 450 bytes each, with all headers; and how it gets into our outbox, by heaps and one by one."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import orjson

from deploy.local.databases import Database
from shared.contracts.followup import NoticePlanned
from shared.ids import customer_of, uuid7
from shared.outbox import COLUMNS, LOCK_KEYS
from tests.bench.shipments import CUSTOMERS, reference


class Row(NamedTuple):
    """The columns of an outbox, in their order."""

    id: UUID
    topic: str
    key: str
    type: str
    subject: str
    unit: str
    payload: bytes
    trace: str
    correlation: str


Write = Callable[[Row], Awaitable[None]]


def rows(count: int, topic: str, seed: str) -> list[Row]:
    chance = random.Random(seed)
    customers = [customer_of(reference(number)) for number in range(CUSTOMERS)]
    return [row(customers[chance.randrange(CUSTOMERS)], f"{seed}-{number:06d}", topic) for number in range(count)]


def row(customer: UUID, number: str, topic: str) -> Row:
    """As follow-up would announce it, and what the notice says beside it: so large are our events in the middle."""
    event = NoticePlanned(
        customer_id=customer, unit="headquarters", notice_id=uuid4(), kind="shipped", order_id=f"SO-{number}", shipment_id=f"SH-{number}",
        due_at=datetime.now(UTC),
    )  # fmt: skip
    said = {
        "carrier": {"code": "SF", "name": "顺丰速运"},
        "tracking_number": f"SF{number:>010}",
        "tracking_url": f"https://carrier.example/track/SH-{number}",
        "expected_arrival_until": event.due_at + timedelta(days=2),
    }
    payload = event.model_dump_json(by_alias=True).encode()[:-1] + b',"said":' + orjson.dumps(said) + b"}"
    trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
    return Row(uuid7(), topic, event.key, event.name, event.subject, event.unit, payload, trace, str(uuid7()))


async def fill(database: Database, heap: Sequence[Row]) -> None:
    """A backlog, and a table in good order."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        await connection.execute("TRUNCATE outbox")
        await connection.copy_records_to_table("outbox", columns=COLUMNS, records=heap)
        await connection.execute("VACUUM ANALYZE outbox")
    finally:
        await connection.close()


@asynccontextmanager
async def writer(database: Database) -> AsyncIterator[Write]:
    """One row a transaction, as `outbox.write` writes it."""
    async with asyncpg.create_pool(database.dsn, min_size=4, max_size=4) as pool:

        async def write(it: Row) -> None:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(LOCK_KEYS, [it.key])
                await connection.copy_records_to_table("outbox", columns=COLUMNS, records=[it])

        yield write
