"""What is broken: a PostgreSQL and a Kafka of this test's own, the processes of all services, and a gateway that keeps a log."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from pathlib import Path

import asyncpg
import httpx

from deploy.local import issuer
from deploy.local.databases import SERVICES, Database, Server
from deploy.local.kafka import Broker
from deploy.local.leash import CannotStart, children_of
from deploy.local.postgres import Postgres
from deploy.topics import apply_topics
from shared.migrations import migrate
from tests.chaos.disk import Disks
from tests.chaos.gateway import Gateway, a_gateway
from tests.chaos.processes import Process, is_ours, service_of
from tests.chaos.schedule import PROCESSES

SOURCES = '[sources."/erp"]\ntopics = ["careloop.inbound.orders", "careloop.inbound.customers"]\n'
UNITS = 'default = "headquarters"\n[units.headquarters]\n'
ROLES = ["supervisor", "auditor"]
SETTINGS = {"recovery_init_sync_method": "syncfs"}  # of PostgreSQL: back in a second, where thousands of files would be synced one by one


class StampingBroker(Broker):
    """Records bear the time at which the broker took them."""

    def _properties(self) -> Path:
        file = super()._properties()
        file.write_text(file.read_text() + "log.message.timestamp.type=LogAppendTime\n")
        return file


class Stage:
    """`prepare` once, then one play after the other, each on databases of its own."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self.folder, self.gateway = folder, gateway
        self.disks = Disks(folder)
        self.postgres, self.broker = Postgres(folder / "postgres"), StampingBroker(folder / "kafka")
        self.processes: dict[str, Process] = {}
        self.changes: tuple[str, ...] = ()
        self.databases: dict[str, Database] = {}
        self.mending: dict[str, asyncio.Lock] = defaultdict(
            asyncio.Lock
        )  # by victim: one that takes long to come back is not hit before it has

    async def prepare(self, *, small_disks: bool = False) -> None:
        if small_disks:
            self.disks.mount()
        await asyncio.to_thread(self.postgres.prepare)
        self.disks.move_wal(self.postgres)
        with (self.postgres.data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        await asyncio.gather(up(self.postgres), up(self.broker))
        await apply_topics(self.broker.address)
        config = self.folder / "config"
        config.mkdir()
        (config / "sources.toml").write_text(SOURCES)
        (config / "units.toml").write_text(UNITS)
        issuer.prepare(self.folder / "issuer", "http://issuer.test")

    async def play(self, name: str, *changes: str, cast: tuple[str, ...] = PROCESSES) -> None:
        """Fresh databases, and these processes. `changes`: what is different about the workers of follow-up."""
        self.changes, self.databases = changes, {}
        for service in SERVICES:
            if any(service_of(it) == service for it in cast):
                self.databases[service] = await self.database(service, f"{service}_{name}")
        for it in cast:
            self.process(it).start()
        await until(self.ready, 90)

    async def database(self, service: str, name: str) -> Database:
        database = await Server(self.postgres.dsn, "chaos").provide(service, name)
        await migrate(import_module(f"services.{service}.app").service, database.owner_dsn)
        return database

    def process(self, name: str) -> Process:
        """Made when it is first asked for."""
        if name not in self.processes:
            settings = self.gateway.settings | {
                "CARELOOP_DATABASE": self.databases[service_of(name)].dsn, "CARELOOP_KAFKA": self.broker.address, "CARELOOP_CONFIG": str(self.folder / "config"),
                "CARELOOP_ENVIRONMENT": "development", "CARELOOP_ISSUER": "http://issuer.test", "CARELOOP_JWKS": str(self.folder / "issuer" / "jwks.json"),
                "CARELOOP_MAIL_FROM": "care@example.com",
            }  # fmt: skip
            self.processes[name] = Process(name, settings, self.folder / f"{name}.log", *(self.changes if is_ours(name) else ()))
        return self.processes[name]

    @contextlib.asynccontextmanager
    async def staff(self) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        """Somebody who may do everything at the desk, at each service's door."""
        token = issuer.sign(self.folder / "issuer", ROLES, subject="staff")
        doors = {service_of(name): it.address for name, it in self.processes.items() if name.endswith("-api")}
        async with contextlib.AsyncExitStack() as open_doors:
            yield {
                name: await open_doors.enter_async_context(
                    httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False)
                )
                for name, address in doors.items()
            }

    async def ready(self) -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                wanted = [it.ops_port for it in self.processes.values() if it.wanted]
                return all([(await client.get(f"http://127.0.0.1:{port}/readyz")).is_success for port in wanted])
            except httpx.TransportError:
                return False

    async def supervise(self) -> None:
        """Whatever ends by itself is started again, and remembered."""
        while True:
            for process in self.processes.values():
                if process.notice():
                    process.start()
            await asyncio.sleep(0.5)

    def deaths(self) -> list[str]:
        """Processes that ended by themselves, or not when they were asked to."""
        for process in self.processes.values():
            process.notice()
        return [it for process in self.processes.values() for it in process.died]

    def last_words(self) -> str:
        return "\n".join(f"{name}:\n{it.last_words()}" for name, it in self.processes.items())

    def clear(self) -> None:
        for it in self.processes.values():
            if it.wanted:
                it.kill()
        self.processes = {}

    # -- servers

    async def restore_postgres(self) -> None:
        """It may be recovering, or have given up."""
        child = self.postgres.child
        if child is not None and child.poll() is None:
            with contextlib.suppress(CannotStart):
                await asyncio.to_thread(self.postgres.wait)
                return
        await up(self.postgres)

    async def restore_broker(self) -> None:
        await up(self.broker)

    def pause_postgres(self) -> None:
        self._signal_postgres(signal.SIGSTOP)

    def resume_postgres(self) -> None:
        self._signal_postgres(signal.SIGCONT)

    def _signal_postgres(self, number: signal.Signals) -> None:
        """The postmaster first, so that nobody is born meanwhile."""
        assert self.postgres.child
        for pid in (self.postgres.child.pid, *children_of(self.postgres.child.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def cut_connections(self) -> None:
        try:
            admin = await asyncpg.connect(self.postgres.dsn, timeout=5)
            await admin.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
            )
            await admin.close(timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return  # there is nothing left to cut

    def close(self) -> None:
        self.clear()
        self.broker.stop()
        self.postgres.stop()
        self.disks.unmount()


@contextlib.asynccontextmanager
async def a_stage(*, small_disks: bool = False) -> AsyncIterator[Stage]:
    """In a folder that PostgreSQL's account may enter; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="careloop chaos ", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        async with a_gateway(folder) as gateway:
            stage = Stage(folder, gateway)
            try:
                await stage.prepare(small_disks=small_disks)
                yield stage
            finally:
                stage.close()


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
