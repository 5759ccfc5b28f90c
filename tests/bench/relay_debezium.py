"""Debezium in Kafka Connect over the same outbox, by its own router: rows are read from the log of the database and stay in the table.

One JVM serves all rounds, so that it is warm; between its turns the connector is stopped and its slot waits. `poll.interval.ms` is lowered from
half a second, which would be its latency; it may send batches as large as ours, and is spared headers that nobody reads.
"""

from urllib.parse import urlsplit

import asyncpg
import httpx

from deploy.local.databases import Database
from tests.bench.relay_contender import Contender
from tests.bench.relay_rows import fill, rows, writer
from tests.bench.stage import Ends, Process, Stage, until

NAME, OUT = "debezium", "bench.relay.debezium"
SLOT = "debezium"
WARMING = 100_000  # rows until its JVM has compiled what it needs
CONNECTOR = """\
name=outbox
connector.class=io.debezium.connector.postgresql.PostgresConnector
tasks.max=1
database.hostname={host}
database.port={port}
database.user={user}
database.password={password}
database.dbname={name}
topic.prefix=bench
plugin.name=pgoutput
slot.name={slot}
publication.autocreate.mode=filtered
table.include.list=public.outbox
snapshot.mode=no_data
poll.interval.ms=10
extended.headers.enabled=false
transforms=outbox
transforms.outbox.type=io.debezium.transforms.outbox.EventRouter
transforms.outbox.route.by.field=topic
transforms.outbox.route.topic.replacement=${{routedByValue}}
transforms.outbox.table.field.event.key=key
transforms.outbox.table.fields.additional.placement={headers}
"""
HEADERS = "type:header:ce_type,subject:header:ce_subject,unit:header:ce_orgunit,trace:header:traceparent,correlation:header:ce_correlationid,announced_at:header:ce_time"


async def contender(stage: Stage) -> Contender:
    """It has begun, has run warm and rests."""
    database = await stage.migrated("followup", "relay_debezium")
    await stage.topic(OUT)
    admin = urlsplit(stage.server.admin)
    settings = {"host": admin.hostname, "port": admin.port, "user": admin.username, "password": admin.password, "name": database.name}
    (stage.folder / "debezium.properties").write_text(CONNECTOR.format(slot=SLOT, headers=HEADERS, **settings))
    process = stage.start("tests.bench.relay_connect", name="relay_debezium")

    async def start() -> Process:
        await tell(process, "resume")
        return process

    async def rest(_: Process) -> None:
        await tell(process, "stop")
        await slot_is(stage, process, active=False)

    await slot_is(stage, process, active=True)
    await warm(stage, process, database)
    await rest(process)
    return Contender(NAME, OUT, 100_000, lambda heap: fill(database, heap), lambda: writer(database), start, rest)


async def tell(process: Process, what: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.put(f"http://127.0.0.1:{process.ops_port}/connectors/outbox/{what}")).raise_for_status()


async def slot_is(stage: Stage, process: Process, *, active: bool) -> None:
    connection = await asyncpg.connect(stage.server.admin)

    async def seen() -> bool:
        return bool(
            await connection.fetchval("SELECT count(*) FROM pg_replication_slots WHERE slot_name = $1 AND active = $2", SLOT, active)
        )

    try:
        await until(seen, seconds=120, watched=[process], every=0.2)
    finally:
        await connection.close()


async def warm(stage: Stage, process: Process, database: Database) -> None:
    async with Ends(stage.kafka, OUT) as ends:
        enough = await ends.count() + WARMING
        await fill(database, rows(WARMING, OUT, "warm"))

        async def through() -> bool:
            return await ends.count() >= enough

        await until(through, seconds=180, watched=[process], every=0.2)


async def forget(stage: Stage) -> None:
    """A slot holds the log back, and the server at the level that it needs."""
    connection = await asyncpg.connect(stage.server.admin)
    try:
        await connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", SLOT)
    finally:
        await connection.close()
