"""The room and the API of reception, over one database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.reception.app import service
from tests.apis import Api
from tests.apis import api as over
from tests.rooms import World, world


@pytest.fixture
async def reception(databases) -> AsyncIterator[World]:
    async with world(databases, service) as room:
        yield room


@pytest.fixture
async def api(reception: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with over(service, reception, tmp_path) as served:
        yield served
