"""Outages are waited for: no process ends, nothing is parked, probes stay green, the API takes work, and all drains in order.

A broker is paused for 12 s here: longer than any session, heartbeat and transaction of ours lasts (10 s), so that whatever breaks after a minute
breaks after that. Sixty seconds were tried by hand.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic

import pytest
from aiokafka.errors import KafkaError

from deploy.local.databases import Server
from tests.chaos.stage import up
from tests.conftest import Databases
from tests.journeys.conftest import Servers
from tests.journeys.processes import Process, System
from tests.journeys.taking import publish, until

PAUSE = float(os.environ.get("CARELOOP_TEST_PAUSE", "12"))
GREEN = {"livez": 200, "readyz": 200, "startupz": 200}


@pytest.fixture
async def system(servers: Servers, tmp_path: Path) -> AsyncIterator[System]:
    system = System(servers, tmp_path)
    await system.prepare(Databases(Server(servers.postgres.dsn, "journeys")))
    try:
        yield system
    finally:
        system.clear()


@contextlib.asynccontextmanager
async def under_load(system: System) -> AsyncIterator[Callable[[], int]]:
    """Feeds all the while, and again what the broker did not confirm: under the same ids."""
    ended, rounds = asyncio.Event(), 0

    async def feed() -> None:
        nonlocal rounds
        while not ended.is_set():
            records = system.payments(20)
            while True:
                try:
                    await asyncio.wait_for(publish(system.servers.kafka, records), 5)
                    break
                except (KafkaError, TimeoutError, OSError):
                    await asyncio.sleep(0.2)
            rounds += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 0.1)

    feeding = asyncio.create_task(feed())
    try:
        yield lambda: rounds
    finally:
        ended.set()
        await feeding


async def more(rounds: Callable[[], int], by: int = 5) -> None:
    begun = rounds()
    await until(lambda: rounds() >= begun + by)


async def test_servers_that_stop_pause_and_come_back(system: System, servers: Servers) -> None:
    one, two = system.worker(0), system.worker(1)
    api, client = system.api()
    await until(lambda: all_ready(one, two, api), 90)
    async with client, under_load(system) as rounds:
        # PostgreSQL is restarted
        await more(rounds)
        servers.postgres.stop()
        await up(servers.postgres)
        await more(rounds)

        # connections are cut, and the next one is answered at once
        for _ in range(6):
            await system.cut_connections()
            await more(rounds, 1)

        # PostgreSQL refuses connections for as long as it takes all to notice
        servers.postgres.stop()
        for worker in (one, two):
            await until(lambda worker=worker: worker.waits_for("postgres"))
            assert await worker.probes() == GREEN
            assert await worker.number("consumer_paused") == 1
        assert (await client.get("/v1/customers")).status_code == 503
        assert await api.probes() == GREEN
        await up(servers.postgres)
        for worker in (one, two):
            await until(lambda worker=worker: worker.sees("postgres", "up"))
        await more(rounds)

        # the broker is restarted
        servers.broker.stop()
        for worker in (one, two):
            await until(lambda worker=worker: worker.sees("kafka", "down"), 30)
            assert await worker.probes() == GREEN
        await up(servers.broker)
        for worker in (one, two):
            await until(lambda worker=worker: worker.sees("kafka", "up"), 30)
        await more(rounds)

        # the broker stays connected and says nothing
        servers.broker.pause()
        begun = monotonic()
        try:
            for n in range(20):
                answer = await client.put(
                    f"/v1/customers/by-reference/erp/{system.run}-api-{n}", json={"kind": "company", "display_name": "Example Steel"}
                )
                assert answer.is_success, answer.text
            await until(lambda: waiting_outbox(one, 20))
            while monotonic() - begun < PAUSE:
                for process in (one, two, api):
                    assert await process.probes() == GREEN
                await asyncio.sleep(1)
            assert await one.sees("kafka", "down") and await two.sees("kafka", "down")
        finally:
            servers.broker.resume()
        await more(rounds)
    await until(system.all_counted, 90)
    await until(lambda: drained(one), 90)
    for process in (one, two, api):
        assert process.lives, process.said()[-3000:]
        assert "Traceback" not in process.said()
    await system.verdict()


async def all_ready(*processes: Process) -> bool:
    for process in processes:
        assert process.lives, process.said()[-3000:]
    return all([await process.is_ready() for process in processes])


async def waiting_outbox(worker: Process, count: int) -> bool:
    return await worker.number("outbox_pending") >= count


async def drained(worker: Process) -> bool:
    return await worker.number("outbox_pending") == 0


async def test_who_starts_before_its_servers_waits_for_them(system: System, servers: Servers) -> None:
    servers.postgres.stop()
    servers.broker.stop()
    worker = system.worker()
    await until(lambda: worker.waits_for("postgres"))
    assert await worker.probes() == {"livez": 200, "readyz": 503, "startupz": 503}
    await up(servers.postgres)
    await until(lambda: worker.waits_for("kafka"))
    assert (await worker.ask("livez")).status_code == 200
    await up(servers.broker)
    await until(lambda: all_ready(worker), 90)
    await system.feed()
    await until(system.all_counted, 90)
    await system.verdict()


async def test_the_signal_to_stop_finishes_and_commits(system: System) -> None:
    """Nothing is lost, and nothing comes twice."""
    worker = system.worker()
    await until(worker.is_ready, 90)
    async with under_load(system) as rounds:
        for _ in range(2):
            await more(rounds, 8)
            begun = monotonic()
            worker.popen.send_signal(signal.SIGTERM)
            await until(lambda: not worker.lives, 40)
            assert worker.popen.returncode == 0, worker.said()[-3000:]
            assert monotonic() - begun < 15, "25 s are the limit; a worker with nothing that hangs needs none of it"
            worker.popen = worker.spawn()
            await until(worker.is_ready, 90)
        await more(rounds)
    await until(system.all_counted, 90)
    assert await worker.number("consumer_records_total", outcome="ok") > 0
    assert await worker.number("consumer_records_total", outcome="duplicate") == 0, "offsets were committed behind the work"
    await system.verdict()


async def test_a_killed_worker_has_its_partitions_back_when_it_is_back(system: System) -> None:
    """Its slot is a static member of the group: the broker waits 10 s for anybody else."""
    worker = system.worker()
    await until(worker.is_ready, 90)
    await system.feed()
    await until(system.all_counted, 90)
    worker.kill()
    await system.feed()
    begun = monotonic()
    worker.popen = worker.spawn()
    await until(worker.is_ready, 90)
    await until(system.all_counted, 90)
    assert monotonic() - begun < 9, "of the 10 s that anybody else would wait, most of it is the start of the process"
    await system.verdict()
