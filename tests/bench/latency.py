"""How long an event takes from our publisher's hand to our reader's, at 1,000 a second: one worker, beside the same work by hand."""

import asyncio
import random
from statistics import quantiles
from time import perf_counter

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.databases import Database
from tests.bench.figures import Goal, Result, Round
from tests.bench.path import BY_HAND, CARELOOP, Contender, prepare
from tests.bench.shipments import Published, shipments
from tests.bench.stage import Stage, until

RATE = 1_000  # events a second
SECONDS, UNCOUNTED = 15, 3  # of these the first are not counted
TICK = 0.01


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "latency", f"published to read, at {RATE:,}/s, one worker",
        [Goal("p50 ms", "careloop", "by hand", most=1.5), Goal("p99 ms", "careloop", "by hand", most=1.5)],
    )  # fmt: skip
    databases = await prepare(stage, "latency", [CARELOOP, BY_HAND])
    for number in range(rounds):
        for it in random.sample([CARELOOP, BY_HAND], 2):
            sent = shipments(RATE * SECONDS, f"l{number}{it.name[0]}", spoilt=0)
            result.add(it.name, await measured(stage, it, databases[it.name], sent.records))
    return result


async def measured(stage: Stage, it: Contender, database: Database, records: list[Published]) -> Round:
    worker = it.start(stage, "latency", database)
    reader = AIOKafkaConsumer(*it.out, bootstrap_servers=stage.kafka, auto_offset_reset="latest", fetch_max_wait_ms=500)
    producer = AIOKafkaProducer(bootstrap_servers=stage.kafka, enable_idempotence=True, linger_ms=0)
    await reader.start()
    await producer.start()
    left: dict[str, float] = {}
    took: dict[str, float] = {}

    async def read() -> None:
        async for record in reader:
            id = dict(record.headers)["ce_correlationid"].decode()
            if id in left and id not in took:
                took[id] = perf_counter() - left[id]

    reading = asyncio.create_task(read())
    try:
        await until(lambda: first_through(producer, records[0], left, took), seconds=60, watched=[worker], every=0.2)
        started, used = perf_counter(), stage.cpu(worker)
        for number, record in enumerate(records[1:], 1):
            if (early := started + number / RATE - perf_counter()) > TICK:
                await asyncio.sleep(early)
            left.setdefault(id_of(record), perf_counter())
            await send(producer, record)
        seconds, spent = perf_counter() - started, stage.cpu(worker)
        await until(lambda: len(took) == len(left), seconds=30, watched=[worker])
    finally:
        reading.cancel()
        await reader.stop()
        await producer.stop()
        worker.end()
    counted = sorted(took[id] * 1000 for id, at in left.items() if at > started + UNCOUNTED)
    cut = quantiles(counted, n=100)
    busy = {f"{name} % of a core": (spent[name] - used[name]) / seconds * 100 for name in used}
    return {"p50 ms": cut[49], "p95 ms": cut[94], "p99 ms": cut[98], "worst ms": counted[-1]} | busy


async def first_through(producer: AIOKafkaProducer, record: Published, left: dict[str, float], took: dict[str, float]) -> bool:
    """The worker has its partitions when the first event came out; repeats of it are dropped."""
    left.setdefault(id_of(record), perf_counter())
    await send(producer, record)
    return id_of(record) in took


async def send(producer: AIOKafkaProducer, it: Published) -> None:
    await producer.send(it.topic, it.value, key=it.key, headers=list(it.headers))


def id_of(it: Published) -> str:
    return dict(it.headers)["ce_id"].decode()
