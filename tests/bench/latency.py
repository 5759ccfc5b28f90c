"""How long an event is under way at 1,000 a second: one worker, beside the same work by hand."""

import asyncio
import random
from collections.abc import Sequence
from statistics import quantiles
from time import perf_counter

from deploy.local.databases import Database
from tests.bench.figures import Goal, Result, Round
from tests.bench.path import BY_HAND, CARELOOP, Contender, prepare
from tests.bench.shipments import Published, shipments
from tests.bench.stage import Stage, until
from tests.bench.travels import Travels

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


async def measured(stage: Stage, it: Contender, database: Database, records: Sequence[Published]) -> Round:
    worker = it.start(stage, "latency", database)
    async with Travels(stage.kafka, it.out) as travels:

        async def first_is_through() -> bool:
            """The worker has its partitions when something came out; repeats of the first are dropped."""
            await travels.send(records[0])
            return travels.has(records[0])

        await until(first_is_through, seconds=60, watched=[worker], every=0.2)
        started, used = perf_counter(), stage.cpu(worker)
        for number, record in enumerate(records[1:], 1):
            if (early := started + number / RATE - perf_counter()) > TICK:
                await asyncio.sleep(early)
            await travels.send(record)
        seconds, spent = perf_counter() - started, stage.cpu(worker)
        await until(lambda: travels.complete, seconds=30, watched=[worker])
    worker.end()
    counted = sorted(travels.took[id] * 1000 for id, at in travels.left.items() if at > started + UNCOUNTED)
    cut = quantiles(counted, n=100)
    busy = {f"{name} % of a core": (spent[name] - used[name]) / seconds * 100 for name in used}
    return {"p50 ms": cut[49], "p95 ms": cut[94], "p99 ms": cut[98], "worst ms": counted[-1]} | busy
