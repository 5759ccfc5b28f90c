"""How long customers wait when a worker is killed: the longest delay of an event, with slots and without.

A supervisor starts the killed one again at once, as Kubernetes does. With a slot it takes its partitions back; without, the group first has to
find out that somebody is missing.
"""

import asyncio
import random
from time import perf_counter

from deploy.local.databases import Database
from tests.bench.figures import Goal, Result, Round
from tests.bench.path import CARELOOP, prepare
from tests.bench.shipments import shipments
from tests.bench.stage import Process, Stage, until
from tests.bench.travels import Travels

RATE = 200
BEFORE, AFTER = 4, 16  # seconds
LONGEST = "longest delay s"
WITH, WITHOUT = "with slots", "without"


async def run(stage: Stage, rounds: int) -> Result:
    result = Result("takeover", f"kill -9 of one of two workers at {RATE}/s", [Goal(LONGEST, WITH, most=1.5), Goal(LONGEST, WITH, WITHOUT)])
    database = (await prepare(stage, "takeover", [CARELOOP]))[CARELOOP.name]
    for number in range(rounds):
        for kind in random.sample([WITH, WITHOUT], 2):
            result.add(kind, await killed(stage, database, f"k{number}{kind[-1]}", kind))
    return result


async def killed(stage: Stage, database: Database, seed: str, kind: str) -> Round:
    def start(slot: int) -> Process:
        return CARELOOP.start(stage, "takeover", database, slot, *(["--without-slots"] if kind == WITHOUT else []))

    workers = [start(0), start(1)]
    async with Travels(stage.kafka, CARELOOP.out) as travels:
        await until(lambda: both_have_work(workers), seconds=60, watched=workers, every=0.2)
        started = perf_counter()
        for number, record in enumerate(shipments(RATE * (BEFORE + AFTER), seed, spoilt=0).records):
            if (early := started + number / RATE - perf_counter()) > 0:
                await asyncio.sleep(early)
            if number == RATE * BEFORE:
                workers[0].kill()
                workers[0] = start(0)
            await travels.send(record)
        await until(lambda: travels.complete, seconds=60, watched=workers)
    for it in workers:
        it.end()
    took = travels.took.values()
    return {LONGEST: max(took), "events later than 1 s": sum(it > 1 for it in took)}


async def both_have_work(workers: list[Process]) -> bool:
    return all([await it.assigned() > 0 for it in workers])
