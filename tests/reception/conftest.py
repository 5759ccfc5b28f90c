"""The room and the API of reception over one database, its jobs, and a clock that can be set."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.reception.app import service, trade_of
from shared import clock
from shared.service import Means
from tests.apis import Api
from tests.apis import api as over
from tests.rooms import UNITS, World, world

TRADE = trade_of(UNITS)
SetClock = Callable[[datetime], None]


@pytest.fixture(scope="session")
async def _reception(databases) -> AsyncIterator[World]:
    async with world(databases, service, circumstances={"trade": TRADE}) as room:
        yield room


@pytest.fixture
async def reception(_reception: World) -> AsyncIterator[World]:
    await _reception.empty()
    yield _reception


@pytest.fixture
async def api(reception: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with over(service, reception, tmp_path) as served:
        yield served


@pytest.fixture
def worker(reception: World, api: Api) -> Means:
    """What a job has at hand."""
    return replace(api.means, pool=reception.pool)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """From then on it is that time, for the API, the room and the jobs."""

    def to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "OFFSET", moment - datetime.now(UTC))

    return to
