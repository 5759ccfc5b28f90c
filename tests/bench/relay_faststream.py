"""faststream-outbox as its pages recommend it: stacked decorators, batched deletes, autovacuum by its own statement, a pool for all its workers.

Keys and headers go with a message as they do with ours; rows are written by its own `publish`, which wakes the relay.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import orjson
import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.annotations import OutboxMessage
from faststream_outbox.autovacuum import outbox_autovacuum_ddl
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.databases import Database
from shared.clock import now
from shared.envelope import headers_of
from tests.bench.relay_contender import Contender
from tests.bench.relay_rows import Row, Write
from tests.bench.stage import Process, Stage

NAME, OUT, QUEUE = "faststream-outbox", "bench.relay.faststream", "notices"
WORKERS = 16
METADATA = MetaData()
TABLE = make_outbox_table(METADATA, table_name="faststream_outbox")


async def contender(stage: Stage) -> Contender:
    database = await stage.server.provide("followup", "relay_faststream")
    engine = engine_of(database.owner_dsn)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.exec_driver_sql(outbox_autovacuum_ddl(TABLE.name))
    await engine.dispose()
    await stage.topic(OUT)

    async def start() -> Process:
        return stage.start("tests.bench.relay_faststream", name="relay_faststream", database=database.dsn)

    async def rest(process: Process) -> None:
        process.end()

    return Contender(NAME, OUT, 4_000, lambda heap: fill(database, heap), lambda: writer(database), start, rest)


def engine_of(dsn: str) -> AsyncEngine:
    return create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=WORKERS + 4)


def headers(it: Row) -> dict[str, str]:
    told = headers_of(
        source="/bench",
        id=str(it.id),
        type=it.type,
        time=now(),
        subject=it.subject,
        unit=it.unit,
        trace=it.trace,
        correlation=it.correlation,
    )
    return {name: value.decode() for name, value in told} | {"key": it.key}


async def fill(database: Database, heap: Sequence[Row]) -> None:
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        await connection.execute(f"TRUNCATE {TABLE.name}")
        records = [(QUEUE, it.payload, orjson.dumps(headers(it)).decode()) for it in heap]
        await connection.copy_records_to_table(TABLE.name, columns=("queue", "payload", "headers"), records=records)
        await connection.execute(f"VACUUM ANALYZE {TABLE.name}")
    finally:
        await connection.close()


@asynccontextmanager
async def writer(database: Database) -> AsyncIterator[Write]:
    engine = engine_of(database.dsn)
    broker = OutboxBroker(engine, outbox_table=TABLE, logger=None)
    await broker.connect()

    async def write(it: Row) -> None:
        async with engine.begin() as connection:
            await broker.publish(it.payload, queue=QUEUE, session=connection, headers=headers(it))

    try:
        yield write
    finally:
        await broker.stop()
        await engine.dispose()


def relay() -> FastStream:
    outbox = OutboxBroker(engine_of(os.environ["CARELOOP_DATABASE"]), outbox_table=TABLE, logger=None)
    kafka = KafkaBroker(os.environ["CARELOOP_KAFKA"], logger=None, enable_idempotence=True, allow_auto_create_topics=False)
    out = kafka.publisher(OUT)

    @out
    @outbox.subscriber(
        QUEUE, max_workers=WORKERS, fetch_batch_size=500, terminal_flush_batch_size=100, min_fetch_interval=0.01, max_fetch_interval=1.0
    )
    async def publish(body: dict, message: OutboxMessage) -> KafkaResponse:  # type: ignore[type-arg]
        told = dict(message.headers)
        return KafkaResponse(body, key=told.pop("key").encode(), headers=told)

    return FastStream(outbox, logger=None, on_startup=[kafka.connect])


if __name__ == "__main__":
    uvloop.run(relay().run())
