"""The room of the customer file and its API, over one database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.customers.app import service
from tests.apis import Api
from tests.apis import api as over
from tests.rooms import World, world


@pytest.fixture(scope="session")
async def _customers(databases) -> AsyncIterator[World]:
    async with world(databases, service) as room:
        yield room


@pytest.fixture
async def customers(_customers: World) -> AsyncIterator[World]:
    await _customers.empty()
    _customers.clock[0] = None
    yield _customers


@pytest.fixture
async def api(customers: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with over(service, customers, tmp_path) as served:
        yield served
