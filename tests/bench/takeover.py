"""How long customers wait when a worker is killed: the longest delay of an event, with slots and without.

A supervisor starts the killed one again at once, as Kubernetes does. With a slot it takes its partitions back; without, the group first has to
find out that somebody is missing.
"""

import asyncio
import random
from time import perf_counter

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.databases import Database
from tests.bench.figures import Goal, Result, Round
from tests.bench.latency import id_of, send
from tests.bench.path import CARELOOP, prepare
from tests.bench.shipments import shipments
from tests.bench.stage import Process, Stage, until

RATE = 200
BEFORE, AFTER = 4, 16  # seconds
LONGEST = "longest delay s"


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "takeover",
        f"kill -9 of one of two workers at {RATE}/s",
        [Goal(LONGEST, "with slots", most=1.5), Goal(LONGEST, "with slots", "without")],
    )
    database = (await prepare(stage, "takeover", [CARELOOP]))[CARELOOP.name]
    for number in range(rounds):
        for kind in random.sample(["with slots", "without"], 2):
            result.add(kind, await killed(stage, database, f"k{number}{kind[-1]}", kind))
    return result


async def killed(stage: Stage, database: Database, seed: str, kind: str) -> Round:
    def start(slot: int) -> Process:
        return CARELOOP.start(stage, "takeover", database, slot, *(["--without-slots"] if kind == "without" else []))

    workers = [start(0), start(1)]
    records = shipments(RATE * (BEFORE + AFTER), seed, spoilt=0).records
    reader = AIOKafkaConsumer(*CARELOOP.out, bootstrap_servers=stage.kafka, auto_offset_reset="latest")
    producer = AIOKafkaProducer(bootstrap_servers=stage.kafka, enable_idempotence=True)
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
        await until(lambda: both_have_work(stage, workers), seconds=60, watched=workers, every=0.2)
        started, dead = perf_counter(), False
        for number, record in enumerate(records):
            if (early := started + number / RATE - perf_counter()) > 0:
                await asyncio.sleep(early)
            if number == RATE * BEFORE:
                workers[0].kill()
                workers[0], dead = start(0), True
            left.setdefault(id_of(record), perf_counter())
            await send(producer, record)
        assert dead
        await until(lambda: len(took) == len(left), seconds=60, watched=workers)
    finally:
        reading.cancel()
        await reader.stop()
        await producer.stop()
        for it in workers:
            it.end()
    late = max(took.values())
    return {LONGEST: late, "events later than 1 s": sum(it > 1 for it in took.values())}


async def both_have_work(stage: Stage, workers: list[Process]) -> bool:
    return all([await it.assigned() > 0 for it in workers])
