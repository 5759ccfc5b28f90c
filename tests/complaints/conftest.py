"""The room and the API of complaints, over one database, and a clock that stands still for both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.complaints.app import service
from shared.http import now
from tests.apis import Api
from tests.apis import api as over
from tests.complaints.making import NOON, TRADE
from tests.rooms import World, world


@pytest.fixture(scope="session")
async def _complaints(databases) -> AsyncIterator[World]:
    async with world(databases, service, circumstances={"trade": TRADE}) as room:
        yield room


@pytest.fixture
async def complaints(_complaints: World) -> AsyncIterator[World]:
    await _complaints.empty()
    _complaints.clock[0] = NOON
    yield _complaints


@pytest.fixture
async def api(complaints: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with over(service, complaints, tmp_path) as served:
        served.app.dependency_overrides[now] = lambda: complaints.clock[0]
        yield served
