"""What the records run through: a PostgreSQL and a Kafka of the run's own, and a worker process of every service, as they are in production.

Their clock stands where the samples do, so that a run of last year's seed is the same run today.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import asyncpg
import httpx
import uvicorn
from pydantic import TypeAdapter

from deploy.lag import lags
from deploy.local.databases import Database, Server
from deploy.local.gateways import smtp, web
from deploy.local.kafka import Broker
from deploy.local.leash import a_port, end, spawn
from deploy.local.mailbox import Mailbox
from deploy.local.postgres import Postgres
from deploy.topics import apply_topics
from shared.clock import now
from shared.migrations import migrate
from shared.service import Service
from shared.topics import SERVICES, TOPICS
from tests.chaos.stage import up
from tests.fuzz.draft import NOW

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "deploy" / "local" / "config"
DUE = "SELECT count(*) FROM notice WHERE state IN ('planned', 'held', 'sending') AND due_at <= $1"


class Stage:
    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)
        self.folder = folder
        self.postgres, self.broker = Postgres(folder / "postgres"), Broker(folder / "kafka")
        self.mailbox = Mailbox(folder / "mailbox" / "requests.jsonl")
        self.services: dict[str, Service] = {name: import_module(f"services.{name}.app").service for name in SERVICES}
        self.databases: dict[str, Database] = {}
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.ops = {name: a_port() for name in SERVICES}
        self.offset = NOW - now()

    @property
    def reads(self) -> dict[str, list[str]]:
        """Which topics each service reads."""
        owned = {name: {topic.name for topic in TOPICS.values() if topic.owner == name} for name in SERVICES}
        return {name: sorted(owned[name] | {it.topic for it in service.listeners}) for name, service in self.services.items()}

    @property
    def readers(self) -> dict[str, set[str]]:
        """Which services react to each type."""
        found: dict[str, set[str]] = {}
        for name, service in self.services.items():
            for contract in (contract for it in service.listeners for contract in it.reactions):
                found.setdefault(contract.name, set()).add(name)
        return found

    async def start(self) -> None:
        await asyncio.gather(up(self.postgres), up(self.broker))
        await apply_topics(self.broker.address)
        for name in SERVICES:  # Alembic keeps where it is in globals
            await self.prepare(name)

    async def prepare(self, name: str) -> None:
        self.databases[name] = await Server(self.postgres.dsn, "fuzz").provide(name)
        await migrate(self.services[name], self.databases[name].owner_dsn)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """All four, and gateways that take what they send."""
        port = a_port()
        gateway = uvicorn.Server(
            uvicorn.Config(web(self.mailbox), host="127.0.0.1", port=port, log_level="error", access_log=False, lifespan="off")
        )
        gateway.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(gateway.serve())
        try:
            async with smtp(self.mailbox, 0) as smtp_port:
                for name in SERVICES:
                    self.workers[name] = self.worker(name, smtp_port, port)
                await self.until_all_are_ready()
                yield
        finally:
            gateway.should_exit = True
            await serving

    def worker(self, name: str, smtp_port: int, sms_port: int) -> "subprocess.Popen[bytes]":
        settings = {
            "CARELOOP_DATABASE": self.databases[name].dsn, "CARELOOP_KAFKA": self.broker.address, "CARELOOP_CONFIG": str(CONFIG),
            "CARELOOP_OPS_PORT": str(self.ops[name]), "CARELOOP_ENVIRONMENT": "development",
            "CARELOOP_CLOCK_OFFSET": TypeAdapter(type(self.offset)).dump_python(self.offset, mode="json"),
            "CARELOOP_SMTP": f"smtp://127.0.0.1:{smtp_port}", "CARELOOP_SMS": f"http://127.0.0.1:{sms_port}/messages",
            "CARELOOP_LOCAL_CHAT": f"http://127.0.0.1:{sms_port}/chats/staff",
        }  # fmt: skip
        command = [sys.executable, "-m", "deploy.command", "worker", name]
        return spawn(command, log=self.log(name), on_our_death=signal.SIGKILL, env=os.environ | settings, folder=ROOT)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    async def until_all_are_ready(self) -> None:
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            for port in self.ops.values():
                while True:
                    with contextlib.suppress(httpx.TransportError):
                        if (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success:
                            break
                    await asyncio.sleep(0.1)

    async def behind(self) -> dict[str, int]:
        """By topic, how many records somebody has still to take; and what waits in the outboxes and to be sent."""
        found: dict[str, int] = {}
        for it in await lags(self.broker.address, self.reads):
            if it.lag:
                found[f"{it.topic} for {it.group}"] = found.get(f"{it.topic} for {it.group}", 0) + it.lag
        for name, database in self.databases.items():
            connection = await asyncpg.connect(database.dsn)
            try:
                if waiting := await connection.fetchval("SELECT count(*) FROM outbox"):
                    found[f"outbox of {name}"] = waiting
                if name == "followup" and (due := await connection.fetchval(DUE, now() + self.offset)):
                    found["messages to be sent"] = due
            finally:
                await connection.close()
        return found

    def deaths(self) -> list[str]:
        """Processes that ended by themselves, which none may."""
        return [
            f"{name}'s worker ended with {it.returncode}: {self.log(name).read_text(errors='replace')[-600:]}"
            for name, it in self.workers.items()
            if it.poll() is not None
        ]

    def close(self) -> None:
        for it in self.workers.values():
            end(it, signal.SIGTERM, patience=10)
        self.broker.stop()
        self.postgres.stop()
