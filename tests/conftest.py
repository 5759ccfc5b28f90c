"""A real PostgreSQL and a real Apache Kafka, started once for all tests that ask for them, or those that CARELOOP_POSTGRES and CARELOOP_KAFKA name."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
import structlog

from deploy.local.databases import Database, Server
from deploy.local.kafka import Broker
from deploy.local.postgres import Postgres
from shared.migrations import migrate

structlog.configure(  # tracebacks without colours and locals: the pretty ones take so long that a transaction times out
    processors=[
        structlog.stdlib.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Data of embedded servers: PostgreSQL's account must be able to enter, so it is no folder of pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="careloop tests "))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(folder: Path) -> Iterator[str]:
    """An administrator's DSN."""
    if given := os.environ.get("CARELOOP_POSTGRES"):
        yield given
        return
    server = Postgres(folder / "postgres")
    server.start()
    yield server.dsn
    server.kill()  # of a thousand databases that nobody reads again nothing has to be saved


@pytest.fixture(scope="session")
def kafka(folder: Path) -> Iterator[str]:
    """Where the broker answers; topics and groups must be unique per test."""
    if given := os.environ.get("CARELOOP_KAFKA"):
        yield given
        return
    broker = Broker(folder / "kafka")
    broker.start()
    yield broker.address
    broker.stop()


class Databases:
    """Databases for one test each: `await databases.migrated("customers")` copies a template that was migrated once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.made: list[Database] = []
        self.templates: dict[str, Database] = {}
        self.run = uuid4().hex[:8]

    async def empty(self, service: str) -> Database:
        """Roles and privileges as in production, and no table."""
        return self._remember(await self.server.provide(service, self._name(service)))

    async def migrated(self, service: str) -> Database:
        if service not in self.templates:
            template = await self.empty(service)
            await migrate(import_module(f"services.{service}.app").service, template.owner_dsn)
            self.templates[service] = template
        return self._remember(await self.server.copy(service, self.templates[service], self._name(service)))

    async def drop(self) -> None:
        for database in self.made:
            await self.server.drop(database)

    def _name(self, service: str) -> str:
        return f"{service}_{self.run}_{len(self.made)}"

    def _remember(self, database: Database) -> Database:
        self.made.append(database)
        return database


@pytest.fixture(scope="session")
async def databases(postgres: str) -> AsyncIterator[Databases]:
    databases = Databases(Server(postgres, "tests"))
    yield databases
    if "CARELOOP_POSTGRES" in os.environ:
        await databases.drop()
