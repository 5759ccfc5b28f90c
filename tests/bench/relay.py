"""An outbox to Kafka: our relay beside a Python library for it and beside Debezium, on one server at one setting."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer

from tests.bench import relay_careloop, relay_debezium, relay_faststream
from tests.bench.figures import Goal, Result, Round
from tests.bench.path import SKIPPED
from tests.bench.relay_contender import Contender
from tests.bench.relay_jars import DEBEZIUM, missing
from tests.bench.relay_rows import Row, rows
from tests.bench.stage import Ends, Process, Stage, until
from tests.chaos.stage import up

CAN = "rows/s"
RATE, SECONDS = 200, 10  # rows a second, one a transaction; a second before them is not counted


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "relay", "an outbox to Kafka",
        [Goal(CAN, relay_careloop.NAME, relay_faststream.NAME, least=20, worst=True), Goal(CAN, relay_careloop.NAME, relay_debezium.NAME, least=2.5)],
    )  # fmt: skip
    makers = [relay_careloop.contender, relay_faststream.contender]
    async with AsyncExitStack() as stack:
        if reason := await asyncio.to_thread(missing):
            result.said.append(f"Debezium: not run: {reason}")
        else:
            await stack.enter_async_context(logical(stage))
            makers.append(relay_debezium.contender)
            result.said.append(
                f"Debezium {DEBEZIUM}, run warm; for all of them the server writes its log as Debezium needs it (wal_level = logical)."
            )
        contenders = [await contender(stage) for contender in makers]
        for number in range(rounds):
            for it in random.sample(contenders, len(contenders)):
                result.add(it.name, await lap(stage, it, f"r{number}"))
    result.said.append(f"p50 and p99: {RATE} rows a second, one a transaction, from the call that writes to the reader that has it.")
    return result


@asynccontextmanager
async def logical(stage: Stage) -> AsyncIterator[None]:
    """The bench's server writes its log as Debezium needs it; afterwards as `make run` has it."""
    await restarted(stage, "ALTER SYSTEM SET wal_level = logical")
    yield
    for it in stage.processes:
        it.kill()  # whatever has a connection
    await relay_debezium.forget(stage)
    await restarted(stage, "ALTER SYSTEM RESET wal_level")


async def restarted(stage: Stage, statement: str) -> None:
    connection = await asyncpg.connect(stage.server.admin)
    await connection.execute(statement)
    await connection.close()
    stage.postgres.stop()
    await up(stage.postgres)


async def lap(stage: Stage, it: Contender, seed: str) -> Round:
    """A backlog, of which the first tenth is not counted; then a trickle."""
    await it.fill(rows(it.rows, it.out, seed))
    async with Ends(stage.kafka, it.out) as ends:
        before = await ends.count()
        process = await it.start()
        begin, end = before + int(it.rows * SKIPPED), before + it.rows
        last = before

        async def come(enough: int) -> bool:
            nonlocal last
            last = await ends.count()
            return last >= enough

        await until(lambda: come(begin), seconds=120, watched=[process])
        first, started, used = last, perf_counter(), stage.cpu(process)
        await until(lambda: come(end), seconds=300, watched=[process])
        seconds, spent = perf_counter() - started, stage.cpu(process)
        relayed, memory = end - first, process.memory
        late = await trickle(stage, it, process, seed)
        told = await ends.count() - before
    await it.rest(process)
    wanted = it.rows + (SECONDS + 1) * RATE
    assert told == wanted, f"{it.name} told {told} times of {wanted}"
    parts = {"worker": "relay us", "database": "database us", "broker": "broker us"}
    cost = {column: (spent[name] - used[name]) / relayed * 1e6 for name, column in parts.items()}
    return {CAN: relayed / seconds} | cost | {"memory MiB": memory} | late


async def trickle(stage: Stage, it: Contender, process: Process, seed: str) -> Round:
    """How long a row takes that is written alone, in milliseconds."""
    heap = rows((SECONDS + 1) * RATE, it.out, f"{seed}-alone")
    wrote: dict[str, float] = {}
    took: dict[str, float] = {}
    consumer = AIOKafkaConsumer(it.out, bootstrap_servers=stage.kafka)
    await consumer.start()
    await consumer.seek_to_end()

    async def read() -> None:
        while True:
            found = await consumer.getmany(timeout_ms=1000)
            at = perf_counter()
            for record in (record for some in found.values() for record in some):
                notice = orjson.loads(record.value)["notice_id"]
                if notice in wrote:
                    took.setdefault(notice, at - wrote[notice])

    reading = asyncio.create_task(read())
    try:
        async with it.writer() as write, asyncio.TaskGroup() as writing:

            async def put(row: Row) -> None:
                wrote[row.subject] = perf_counter()
                await write(row)

            started = perf_counter()
            for number, row in enumerate(heap):
                await asyncio.sleep(started + number / RATE - perf_counter())
                writing.create_task(put(row))
        await until(lambda: reading.done() or len(took) == len(heap), seconds=60, watched=[process])
        assert not reading.done(), reading.exception()
    finally:
        reading.cancel()
        await consumer.stop()
    delays = sorted(took[row.subject] * 1000 for row in heap[RATE:])
    return {"p50 ms": delays[len(delays) // 2], "p99 ms": delays[len(delays) * 99 // 100]}
