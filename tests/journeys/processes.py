"""Workers and an API as processes, watched from outside as an operator would: probes, metrics, logs, exit codes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson

from deploy.local import issuer
from deploy.local.databases import Database
from deploy.local.leash import a_port
from tests.chaos.checker import everything
from tests.conftest import Databases
from tests.journeys.conftest import Servers
from tests.journeys.taking import begin_here, publish
from tests.makers import Record
from tests.shared.a_room import TABLES, payment

SOURCES = '[sources."/erp"]\ntopics = ["careloop.inbound.orders", "careloop.inbound.customers"]\n'
UNITS = 'default = "headquarters"\n[units.headquarters]\n'
OUT = "careloop.customers"
ROOT = Path(__file__).parents[2]


class Process:
    """One of ours."""

    def __init__(self, command: list[str], settings: dict[str, str], log: Path) -> None:
        self.command, self.log, self.ops_port = command, log, a_port()
        self.settings = settings | {"CARELOOP_OPS_PORT": str(self.ops_port), "PYTHONUNBUFFERED": "1"}
        self.popen = self.spawn()

    def spawn(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", *self.command], env=os.environ | self.settings, stdout=log, stderr=log, cwd=ROOT)

    async def ask(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=5) as client:
            return await client.get(f"http://127.0.0.1:{self.ops_port}/{path}")

    async def probes(self) -> dict[str, int]:
        return {path: (await self.ask(path)).status_code for path in ("livez", "readyz", "startupz")}

    async def is_ready(self) -> bool:
        try:
            return (await self.ask("readyz")).is_success
        except httpx.TransportError:
            return False

    async def health(self) -> Any:
        try:
            return (await self.ask("healthz")).json()
        except httpx.TransportError:
            return {}

    async def waits_for(self, what: str) -> bool:
        return str((await self.health()).get("waits_for") or "").startswith(what)

    async def sees(self, dependency: str, state: str) -> bool:
        return bool((await self.health()).get("dependencies", {}).get(dependency, {}).get("state") == state)

    async def number(self, name: str, **labels: str) -> float:
        lines = (await self.ask("metrics")).text.splitlines()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"careloop_{name}") and all(it in line for it in wanted)
        )

    @property
    def lives(self) -> bool:
        return self.popen.poll() is None

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class System:
    """One database, its processes, and a load of payments of which every one counts."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self.run = uuid4().hex[:8]
        self.processes: list[Process] = []
        self.sent: dict[str, int] = defaultdict(int)
        self.feeding: asyncio.Task[None] | None = None
        self.database: Database
        self.settings: dict[str, str] = {}

    async def prepare(self, databases: Databases, service: str = "customers") -> None:
        self.service, self.database = service, await databases.migrated(service)
        group = f"{service}-{self.run}"
        for it in (group, service):
            await begin_here(self.servers.kafka, it)
        owner = await asyncpg.connect(self.database.owner_dsn)
        await owner.execute(TABLES)
        await owner.close()
        (self.folder / "sources.toml").write_text(SOURCES)
        (self.folder / "units.toml").write_text(UNITS)
        issuer.prepare(self.folder / "issuer", "http://issuer.test")
        self.settings = {
            "JOURNEY_GROUP": group, "CARELOOP_DATABASE": self.database.dsn, "CARELOOP_KAFKA": self.servers.kafka, "CARELOOP_CONFIG": str(self.folder),
            "CARELOOP_ISSUER": "http://issuer.test", "CARELOOP_JWKS": str(self.folder / "issuer" / "jwks.json"), "CARELOOP_ENVIRONMENT": "development",
        }  # fmt: skip

    def worker(self, slot: int = 0, **settings: str) -> Process:
        return self.start(["tests.journeys.worker", self.service], f"worker-{slot}", {"CARELOOP_SLOT": str(slot)} | settings)

    def api(self) -> tuple[Process, httpx.AsyncClient]:
        port = a_port()
        process = self.start(["deploy.command", "api", self.service], "api", {"CARELOOP_PORT": str(port)})
        token = issuer.sign(self.folder / "issuer", ["integration", "specialist", "admin"], subject="journey")
        return process, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=20)

    def start(self, command: list[str], name: str, settings: dict[str, str]) -> Process:
        process = Process(command, self.settings | settings, self.folder / f"{self.service}-{name}-{len(self.processes)}.log")
        self.processes.append(process)
        return process

    async def cut_connections(self) -> None:
        """All that lead to its database, amid whatever they do."""
        admin = await asyncpg.connect(self.servers.postgres.dsn)
        try:
            await admin.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", self.database.name)
        finally:
            await admin.close()

    def clear(self) -> None:
        for process in self.processes:
            if process.lives:
                process.popen.send_signal(signal.SIGKILL)
                process.popen.wait()

    # -- load

    def payments(self, count: int, customers: int = 20) -> list[Record]:
        records = []
        for n in range(count):
            reference = f"erp/{self.run}-{n % customers}"
            self.sent[reference] += 1
            records.append(payment(f"{self.run}-{n}-{self.sent[reference]}", reference, partition=n % customers % 12))
        return sorted(records, key=lambda it: it.partition)

    async def feed(self, count: int = 40) -> None:
        """All of them, once; the broker answers."""
        await publish(self.servers.kafka, self.payments(count))

    async def counted(self) -> dict[str, list[int]]:
        """What the service has announced, by customer, in the order of the topic; repeats of one event are dropped by its id, as any reader does."""
        found: dict[str, list[int]] = defaultdict(list)
        seen = set()
        for record in await everything(self.servers.kafka, OUT):
            id = dict(record.headers)["ce_id"]
            if record.key.decode().startswith(f"erp/{self.run}-") and id not in seen:
                seen.add(id)
                found[record.key.decode()].append(orjson.loads(record.value)["count"])
        return dict(found)

    async def all_counted(self) -> bool:
        return sum(map(len, (await self.counted()).values())) >= sum(self.sent.values())

    async def verdict(self) -> None:
        """Nothing lost, nothing doubled, all in order; nothing parked."""
        assert await self.counted() == {reference: list(range(1, count + 1)) for reference, count in self.sent.items()}
        connection = await asyncpg.connect(self.database.dsn)
        try:
            assert await connection.fetchval("SELECT count(*) FROM parked") == 0
            assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
        finally:
            await connection.close()
