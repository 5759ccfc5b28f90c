"""The ten faults of the drill: what is broken, who has to be told, and by which words its cause is known."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg

from shared.relay import LEADER
from tests.chaos.stage import until

if TYPE_CHECKING:
    from tests.deploy_tools.drill import Drill

ILL = "tests.deploy_tools.ill_worker"


@dataclass(frozen=True)
class Fault:
    slug: str
    name: str
    alert: str
    severity: str
    names: str  # what the first command says, as a pattern
    breaks: "Callable[[Drill], AbstractAsyncContextManager[None]]"
    also: tuple[str, ...] = ()  # who may be woken beside


def ill(illness: str) -> "Callable[[Drill], AbstractAsyncContextManager[None]]":
    """The worker of follow-up in the place of a well one."""

    @asynccontextmanager
    async def breaks(drill: "Drill") -> AsyncIterator[None]:
        worker = drill.stage.processes["followup"]
        well = worker.command
        worker.kill()
        worker.command = [well[0], "-m", ILL, "followup", illness]
        worker.start()
        try:
            yield
        finally:
            worker.kill()
            worker.command = well
            worker.start()

    return breaks


@asynccontextmanager
async def dead(drill: "Drill") -> AsyncIterator[None]:
    worker = drill.stage.processes["followup"]
    worker.kill()
    try:
        yield
    finally:
        worker.start()


@asynccontextmanager
async def kafka_down(drill: "Drill") -> AsyncIterator[None]:
    drill.stage.broker.kill()
    try:
        yield
    finally:
        await drill.stage.restore_broker()


@asynccontextmanager
async def postgres_down(drill: "Drill") -> AsyncIterator[None]:
    drill.stage.postgres.kill()
    try:
        yield
    finally:
        await drill.stage.restore_postgres()


@asynccontextmanager
async def poison(drill: "Drill") -> AsyncIterator[None]:
    """A publisher that sends what nobody can read, several a second."""

    async def flood() -> None:
        number = 0
        while True:
            number += 1
            topic, key, _, headers = drill.load.record(
                "careloop.inbound.orders", 0, "payment.received.v1", f"poison.{number}", {"customer": drill.load.customer(0)}
            )
            await drill.load.publish([(topic, key, b'{"amount": "much"}', headers)])
            await asyncio.sleep(0.2)

    flooding = asyncio.create_task(flood())
    try:
        yield
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        for database in drill.stage.databases.values():
            connection = await asyncpg.connect(database.dsn)
            await connection.execute("UPDATE parked SET state = 'discarded', closed_at = now() WHERE state = 'open'")
            await connection.close()


@asynccontextmanager
async def slow(drill: "Drill") -> AsyncIterator[None]:
    drill.heart = 0.1
    try:
        async with ill("slow")(drill):
            yield
    finally:
        drill.heart = 1.0


@asynccontextmanager
async def outbox_stuck(drill: "Drill") -> AsyncIterator[None]:
    """Somebody's forgotten session has the lock of the one who publishes."""
    parts, admin = urlsplit(drill.stage.databases["followup"].dsn), urlsplit(drill.stage.postgres.dsn)
    connection = await asyncpg.connect(admin._replace(path=parts.path).geturl())
    waiting = asyncio.create_task(connection.execute("SELECT pg_advisory_lock($1::bigint)", LEADER))
    other = await asyncpg.connect(admin._replace(path=parts.path).geturl())
    try:
        await asyncio.sleep(0.5)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = $1 AND pid <> $2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            LEADER, connection.get_server_pid(),
        )  # fmt: skip
        await waiting
        yield
    finally:
        waiting.cancel()
        await other.close()
        connection.terminate()


@asynccontextmanager
async def provider_down(drill: "Drill") -> AsyncIterator[None]:
    await drill.stage.gateway.close()
    try:
        yield
    finally:
        await drill.stage.gateway.open()


@asynccontextmanager
async def disk_full(drill: "Drill") -> AsyncIterator[None]:
    """The worker writes to a small disk of its own, and something fills it."""
    place = drill.stage.folder / "small disk"
    place.mkdir(exist_ok=True)
    await asyncio.to_thread(subprocess.run, ["mount", "-t", "tmpfs", "-o", "size=8m", "drill", place], check=True)
    worker = drill.stage.processes["followup"]
    try:
        worker.kill()
        worker.start(TMPDIR=str(place))
        await until(drill.stage.ready, 60)
        (place / "filler").write_bytes(b"x" * 7_900_000)
        (place / "more").write_bytes(b"x" * 250_000)
        yield
    finally:
        worker.kill()
        worker.start()
        await asyncio.to_thread(subprocess.run, ["umount", "-l", place], check=False)


FAULTS = (
    Fault("wedged", "a worker is wedged", "CareloopProcessWedged", "page", "followup-worker: .*has not turned", ill("wedged")),
    Fault("dead", "a worker is dead", "CareloopTargetDown", "page", "followup-worker is not there", dead),
    Fault("kafka", "Kafka is down", "CareloopDependencyDown", "page", "can't reach kafka", kafka_down),
    Fault("postgres", "PostgreSQL is down", "CareloopDependencyDown", "page", "can't reach postgres", postgres_down),
    Fault(
        "poison", "a flood of what nobody can read", "CareloopParkedFlood", "page", r"puts records of careloop.inbound.orders aside", poison
    ),
    Fault("outbox", "the outbox is stuck", "CareloopOutboxStuck", "page", "holds the lock of the one who publishes", outbox_stuck),
    Fault("provider", "a provider is down", "CareloopProviderDown", "page", "leaves .* alone", provider_down),
    Fault("clock", "a clock is wrong", "CareloopClockSkewed", "page", "clock is 90 s before", ill("skewed")),
    Fault("disk", "a disk is nearly full", "CareloopDiskNearlyFull", "page", "of its disk left", disk_full),
    Fault(
        "slow", "a reaction is slow", "CareloopConsumerLagGrowing", "page", "for a record", slow, also=("CareloopEventFreshnessBudgetBurn",)
    ),
)
