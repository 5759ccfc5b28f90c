"""Where benches run: the PostgreSQL and the Kafka of `make run`, on ports of their own; contenders as processes, each with a database of its own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.databases import Database, Server
from deploy.local.kafka import Broker
from deploy.local.leash import a_port
from deploy.local.postgres import Postgres
from deploy.topics import apply_topics
from shared.migrations import migrate
from tests.chaos.stage import up

ROOT = Path(__file__).parents[2]
SOURCES = '[sources."/logistics"]\ntopics = ["careloop.inbound.orders"]\n'
UNITS = 'default = "headquarters"\n[units.headquarters]\n'
WARM = "bench.warm"
WARMING = 500_000  # messages until the broker's JVM has compiled what it needs


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres, self.broker = Postgres(folder / "postgres"), Broker(folder / "kafka")
        self.processes: list[Process] = []

    async def prepare(self) -> None:
        await asyncio.gather(up(self.postgres), up(self.broker))
        await apply_topics(self.kafka)
        (self.folder / "sources.toml").write_text(SOURCES)
        (self.folder / "units.toml").write_text(UNITS)

    @property
    def kafka(self) -> str:
        return self.broker.address

    @property
    def server(self) -> Server:
        return Server(self.postgres.dsn, "bench")

    async def warm(self) -> None:
        """Half a million messages through the broker, in and out, that nobody counts."""
        await self.topic(WARM)
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, enable_idempotence=True, max_batch_size=128 * 1024)
        consumer = AIOKafkaConsumer(WARM, bootstrap_servers=self.kafka, group_id="warm", auto_offset_reset="earliest")
        await producer.start()
        await consumer.start()
        try:
            for number in range(WARMING // 100):
                batch = producer.create_batch()
                for n in range(100):
                    batch.append(key=b"%d" % n, value=b"x" * 700, timestamp=None, headers=[("ce_id", b"1")])
                await producer.send_batch(batch, WARM, partition=number % 12)
            await producer.flush()
            seen = 0
            while seen < WARMING:
                seen += sum(map(len, (await consumer.getmany(timeout_ms=500)).values()))
        finally:
            await producer.stop()
            await consumer.stop()

    async def topic(self, name: str, partitions: int = 12) -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1)])
        finally:
            await admin.close()
        return name

    async def migrated(self, service: str, name: str) -> Database:
        database = await self.server.provide(service, name)
        await migrate(import_module(f"services.{service}.app").service, database.owner_dsn)
        return database

    async def copy(self, service: str, template: Database, name: str) -> Database:
        return await self.server.copy(service, template, name)

    def start(self, *command: str, name: str | None = None, **settings: str) -> "Process":
        """`python -m command`; settings are variables without their CARELOOP_."""
        told = {"KAFKA": self.kafka, "CONFIG": str(self.folder), "ENVIRONMENT": "development", "OPS_PORT": str(a_port())} | {
            key.upper(): value for key, value in settings.items()
        }
        process = Process(command, {f"CARELOOP_{key}": value for key, value in told.items()}, self.folder / f"{name or command[0]}.log")
        self.processes.append(process)
        return process

    def cpu(self, *ours: "Process") -> dict[str, float]:
        """Seconds that each part has used so far."""
        assert self.postgres.child and self.broker.child
        return {
            "worker": sum(it.cpu for it in ours),
            "database": cpu_of(self.postgres.child.pid),
            "broker": cpu_of(self.broker.child.pid),
            "generator": cpu_of(os.getpid(), children=False),
        }

    def close(self) -> None:
        for it in self.processes:
            it.kill()
        self.broker.stop()
        self.postgres.stop()


class Process:
    """One contender."""

    def __init__(self, command: Sequence[str], settings: dict[str, str], log: Path) -> None:
        self.log, self.ops_port = log, settings["CARELOOP_OPS_PORT"]
        with log.open("ab") as sink:
            self.popen = subprocess.Popen([sys.executable, "-m", *command], env=os.environ | settings, stdout=sink, stderr=sink, cwd=ROOT)
        self.last = 0.0

    @property
    def cpu(self) -> float:
        """Also after its end, as it was last seen."""
        with contextlib.suppress(psutil.Error):
            self.last = cpu_of(self.popen.pid)
        return self.last

    @property
    def memory(self) -> float:
        """Resident, in MiB."""
        return float(psutil.Process(self.popen.pid).memory_info().rss / 2**20)

    def alive(self) -> None:
        if self.popen.poll() is not None:
            raise SystemExit(f"{self.log.stem} ended by itself:\n{self.said()}")

    async def assigned(self) -> float:
        """Partitions that are this worker's, as it tells Prometheus."""
        async with httpx.AsyncClient() as client:
            try:
                page = (await client.get(f"http://127.0.0.1:{self.ops_port}/metrics")).text
            except httpx.TransportError:
                return 0
        return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith("careloop_consumer_assigned_partitions{"))

    def said(self) -> str:
        """Last."""
        return self.log.read_text(errors="replace")[-3000:]

    def end(self) -> None:
        """As an operator would."""
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()


def cpu_of(pid: int, *, children: bool = True) -> float:
    """Seconds of a process; with its children, living and dead."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    used = times.user + times.system
    if children:
        used += times.children_user + times.children_system
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                theirs = child.cpu_times()
                used += theirs.user + theirs.system
    return float(used)


class Ends:
    """How much lies in some topics."""

    def __init__(self, kafka: str, *topics: str) -> None:
        self.topics = topics
        self.consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka)

    async def __aenter__(self) -> "Ends":
        await self.consumer.start()
        self.places = [TopicPartition(it, number) for it in self.topics for number in self.consumer.partitions_for_topic(it) or ()]
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.consumer.stop()

    async def count(self) -> int:
        return sum((await self.consumer.end_offsets(self.places)).values())


async def until(seen: Callable[[], Any], *, seconds: float, watched: Sequence[Process] = (), every: float = 0.02) -> None:
    """Waits for what can be seen; a contender that ends meanwhile ends the bench."""
    limit = monotonic() + seconds
    while True:
        found = seen()
        if await found if asyncio.iscoroutine(found) else found:
            return
        for it in watched:
            it.alive()
        if monotonic() > limit:
            raise SystemExit("\n".join([f"Nothing came of it in {seconds:.0f} s.", *(f"{it.log.stem}: {it.said()}" for it in watched)]))
        await asyncio.sleep(every)


async def answers(port: int, path: str) -> bool:
    """Does a process answer this with yes?"""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return b" 200 " in await reader.readline()
        finally:
            writer.close()
    except OSError:
        return False
