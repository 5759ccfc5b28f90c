"""Our relay in a process of its own. Nobody wakes it: what it relays was written elsewhere, as by an API."""

import asyncio
import gc
import os

import uvloop

from shared.health import Health
from shared.metrics import Metrics
from shared.relay import Relay
from tests.bench.relay_contender import Contender
from tests.bench.relay_rows import fill, writer
from tests.bench.stage import Process, Stage

NAME, OUT = "careloop", "bench.relay.careloop"


async def contender(stage: Stage) -> Contender:
    database = await stage.migrated("followup", "relay_careloop")
    await stage.topic(OUT)

    async def start() -> Process:
        return stage.start("tests.bench.relay_careloop", name="relay_careloop", database=database.dsn)

    async def rest(process: Process) -> None:
        process.end()

    return Contender(NAME, OUT, 100_000, lambda heap: fill(database, heap), lambda: writer(database), start, rest)


async def main() -> None:
    wake = asyncio.Event()
    relay = Relay(
        os.environ["CARELOOP_DATABASE"], os.environ["CARELOOP_KAFKA"], "/bench", wake, Metrics("bench", "0"), Health("bench", "worker")
    )
    gc.collect()  # as a worker does
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    await relay.run()


if __name__ == "__main__":
    uvloop.run(main())
