"""What is killed: a PostgreSQL and a Kafka of this test's own, follow-up's workers and its API as processes, and a gateway that keeps a log."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import uvicorn

from deploy.local import issuer
from deploy.local.databases import Database, Server
from deploy.local.gateways import smtp, web
from deploy.local.kafka import Broker
from deploy.local.leash import a_port
from deploy.local.mailbox import Mailbox
from deploy.local.postgres import Postgres
from deploy.topics import apply_topics
from services.complaints.app import service as complaints
from services.followup.app import service
from shared.migrations import migrate
from shared.service import Service

SOURCES = '[sources."/erp"]\ntopics = ["careloop.inbound.orders"]\n'
UNITS = 'default = "headquarters"\n[units.headquarters]\n'


class Other:
    """A process that comes back at the same ports."""

    def __init__(self, command: list[str], settings: dict[str, str], log: Path, port: int) -> None:
        self.command, self.settings, self.log = [sys.executable, "-m", *command], settings, log
        self.address = f"http://127.0.0.1:{port}"
        self.spawn()

    def spawn(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(self.command, env=self.settings, stdout=log, stderr=log, cwd=Path(__file__).parents[2])

    def poll(self) -> int | None:
        return self.popen.poll()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def wait(self) -> None:
        self.popen.wait()


class Stage:
    """Everything the test needs; each control gets a database of its own on the same servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres, self.broker = Postgres(folder / "postgres"), Broker(folder / "kafka")
        self.mailbox = Mailbox(folder / "mailbox" / "requests.jsonl")
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self.settings: dict[str, str] = {}
        self.sabotage: tuple[str, ...] = ()
        self.ops: dict[int | str, int] = {}
        self.kills = {"worker": 0, "postgres": 0, "broker": 0, "complaints": 0, "api": 0}
        self.others: dict[str, Other] = {}

    async def prepare(self) -> None:
        await asyncio.gather(up(self.postgres), up(self.broker))
        await apply_topics(self.broker.address)
        config = self.folder / "config"
        config.mkdir()
        (config / "sources.toml").write_text(SOURCES)
        (config / "units.toml").write_text(UNITS)
        issuer.prepare(self.folder / "issuer", "http://issuer.test")

    async def play(self, name: str, smtp_port: int, http_port: int, *sabotage: str) -> None:
        """A fresh database, two workers."""
        database = await self.database(service, name)
        self.sabotage = sabotage
        self.settings = dict(
            os.environ, CARELOOP_DATABASE=database.dsn, CARELOOP_KAFKA=self.broker.address, CARELOOP_CONFIG=str(self.folder / "config"),
            CARELOOP_ENVIRONMENT="development", CARELOOP_ISSUER="http://issuer.test", CARELOOP_JWKS=str(self.folder / "issuer" / "jwks.json"),
            CARELOOP_SMTP=f"smtp://127.0.0.1:{smtp_port}", CARELOOP_SMS=f"http://127.0.0.1:{http_port}/messages", CARELOOP_MAIL_FROM="care@example.com",
        )  # fmt: skip
        for slot in (0, 1):
            self.spawn(slot)
        await until(self.ready, 60)

    async def database(self, service: Service, name: str) -> Database:
        database = await Server(self.postgres.dsn, "chaos").provide(service.name, name)
        await migrate(service, database.owner_dsn)
        return database

    async def open_the_desk(self) -> None:
        """Complaints beside follow-up: its worker, and the APIs of both."""
        theirs = {"CARELOOP_DATABASE": (await self.database(complaints, "complaints")).dsn}
        self.start("complaints", ["worker", "complaints"], theirs)
        self.start("complaints-api", ["api", "complaints"], theirs)
        self.start("followup-api", ["api", "followup"], {})
        await until(self.ready, 60)

    def start(self, name: str, command: list[str], settings: dict[str, str]) -> None:
        port, self.ops[name] = a_port(), a_port()
        settings = {"CARELOOP_PORT": str(port), "CARELOOP_OPS_PORT": str(self.ops[name]), "CARELOOP_SLOT": "0"} | settings
        self.others[name] = Other(["deploy.command", *command], self.settings | settings, self.folder / f"{name}.log", port)

    def kill_other(self, name: str) -> None:
        """It comes back where it was."""
        self.others[name].kill()
        self.kills["complaints" if name == "complaints" else "api"] += 1
        self.others[name].spawn()

    @contextlib.asynccontextmanager
    async def staff(self) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        """Somebody who may do everything at the desk, at each service's door."""
        token = issuer.sign(self.folder / "issuer", ["supervisor"], subject="staff")
        async with contextlib.AsyncExitStack() as doors:
            yield {
                name: await doors.enter_async_context(
                    httpx.AsyncClient(base_url=self.others[f"{name}-api"].address, headers={"Authorization": f"Bearer {token}"}, timeout=10)
                )
                for name in ("complaints", "followup")
            }

    async def ready(self) -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return all([(await client.get(f"http://127.0.0.1:{port}/readyz")).is_success for port in self.ops.values()])
            except httpx.TransportError:
                return False

    def spawn(self, slot: int) -> None:
        log = (self.folder / f"worker-{slot}.log").open("ab")
        self.ops[slot] = a_port()
        settings = self.settings | {"CARELOOP_SLOT": str(slot), "CARELOOP_OPS_PORT": str(self.ops[slot])}
        command = [sys.executable, "-m", "tests.chaos.worker", *self.sabotage]
        self.workers[slot] = subprocess.Popen(command, env=settings, stdout=log, stderr=log, cwd=Path(__file__).parents[2])

    def kill_worker(self, slot: int) -> None:
        self.workers[slot].kill()
        self.workers[slot].wait()
        self.kills["worker"] += 1
        self.spawn(slot)

    async def kill_postgres(self) -> None:
        self.postgres.kill()
        self.kills["postgres"] += 1
        await asyncio.sleep(0.5)
        await up(self.postgres)

    async def kill_broker(self) -> None:
        self.broker.kill()
        self.kills["broker"] += 1
        await asyncio.sleep(0.5)
        await up(self.broker)

    def deaths(self) -> list[int | str]:
        """Processes that ended by themselves, which none may."""
        return [name for name, it in [*self.workers.items(), *self.others.items()] if it.poll() is not None]

    def last_words(self, lines: int = 12) -> str:
        """What the workers said last."""
        return "\n".join(
            line[:2000]
            for log in sorted(self.folder.glob("*.log"))
            for line in [log.name, *log.read_text(errors="replace").splitlines()[-lines:]]
        )

    def clear(self) -> None:
        for it in [*self.workers.values(), *self.others.values()]:
            it.kill()
            it.wait()
        self.workers, self.others, self.ops = {}, {}, {}

    @contextlib.asynccontextmanager
    async def gateways(self) -> AsyncIterator[tuple[int, int]]:
        port = a_port()
        server = uvicorn.Server(
            uvicorn.Config(web(self.mailbox), host="127.0.0.1", port=port, access_log=False, log_level="error", lifespan="off")
        )
        serving = asyncio.create_task(server.serve())
        async with smtp(self.mailbox, 0) as smtp_port:
            yield smtp_port, port
        server.should_exit = True
        await serving

    def close(self) -> None:
        self.clear()
        self.broker.stop()
        self.postgres.stop()


async def up(server: Postgres | Broker) -> None:
    """Launched from the main thread, whose death would be its own; the rest is waiting."""
    await asyncio.to_thread(server.prepare)
    server.launch()
    await asyncio.to_thread(server.wait)


async def until(done: Callable[[], object], seconds: float) -> None:
    """Waits for what can be seen."""
    async with asyncio.timeout(seconds):
        while True:
            seen = done()
            if await seen if asyncio.iscoroutine(seen) else seen:
                return
            await asyncio.sleep(0.1)
