"""The room and the API of complaints, over one database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.complaints.app import service
from tests.apis import Api
from tests.apis import api as over
from tests.rooms import World, world


@pytest.fixture
async def complaints(databases) -> AsyncIterator[World]:
    async with world(databases, service) as room:
        yield room


@pytest.fixture
async def api(complaints: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with over(service, complaints, tmp_path) as served:
        yield served
