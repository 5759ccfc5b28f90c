"""Migrations of every service: what they make is what the entities say, and the last step can be taken back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.migrations import differences, head, migrate
from shared.service import Service
from shared.topics import SERVICES


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


def service_of(name: str) -> Service:
    service: Service = import_module(f"services.{name}.app").service
    return service


@pytest.mark.parametrize("name", sorted(SERVICES))
async def test_from_nothing_to_what_the_entities_say(databases: Any, name: str) -> None:
    service, database = service_of(name), await databases.empty(name)
    assert await migrate(service, database.owner_dsn) == (None, head(service.migrations))
    async with connected(database.owner_dsn) as connection:
        assert await connection.run_sync(differences, service) == []


@pytest.mark.parametrize("name", sorted(SERVICES))
async def test_the_last_step_can_be_taken_back_and_again(databases: Any, name: str) -> None:
    service, database = service_of(name), await databases.migrated(name)
    last = head(service.migrations)
    before, after = await migrate(service, database.owner_dsn, to="-1")
    assert before == last and after != last
    assert await migrate(service, database.owner_dsn) == (after, last)
    async with connected(database.owner_dsn) as connection:
        assert await connection.run_sync(differences, service) == []


async def test_what_the_entities_do_not_know_is_noticed(databases: Any) -> None:
    database = await databases.migrated("customers")
    async with connected(database.owner_dsn) as connection:
        await connection.exec_driver_sql("ALTER TABLE customer ADD COLUMN colour varchar")
        assert await connection.run_sync(differences, service_of("customers"))
