"""Follow-up's room and API over a database, and a clock that stands still."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.followup.app import service, trade_of
from tests.apis import Api
from tests.apis import api as over
from tests.makers import LONG_AGO
from tests.rooms import UNITS, World, world

NOON = LONG_AGO + timedelta(hours=26)  # the day after the makers' orders were shipped, noon in Shanghai
TRADE = trade_of(UNITS)


@pytest.fixture(scope="session")
async def _followup(databases) -> AsyncIterator[World]:
    async with world(databases, service, circumstances={"trade": TRADE}) as room:
        yield room


@pytest.fixture
async def followup(_followup: World) -> AsyncIterator[World]:
    await _followup.empty()
    _followup.clock[0] = NOON
    yield _followup


@pytest.fixture
async def api(followup: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """It and the calling job live at the room's time."""
    for place in ("shared.clock.now", "services.followup.actions.calling.now"):
        monkeypatch.setattr(place, lambda: followup.clock[0])
    async with over(service, followup, tmp_path) as served:
        yield served


def local(hour: int, minute: int = 0) -> datetime:
    """Today in Shanghai."""
    return NOON.replace(hour=(hour - 8) % 24, minute=minute) - timedelta(days=1 if hour < 8 else 0)
