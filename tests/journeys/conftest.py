"""A PostgreSQL and a Kafka of the journeys' own: they are stopped, paused and cut off, which no other test has to see."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.kafka import Broker
from deploy.local.postgres import Postgres
from deploy.topics import apply_topics
from tests.chaos.stage import up


class Servers:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres, self.broker = Postgres(folder / "postgres"), Broker(folder / "kafka")

    @property
    def kafka(self) -> str:
        return self.broker.address


@pytest.fixture(scope="package")
async def servers() -> AsyncIterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="careloop journeys "))
    folder.chmod(0o711)
    servers = Servers(folder)
    try:
        await asyncio.gather(up(servers.postgres), up(servers.broker))
        await apply_topics(servers.kafka)
        yield servers
    finally:
        servers.broker.stop()
        servers.postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
