"""Nothing is handled twice, whoever gets it, and what no topic can bring back is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared import housekeeping, inbox
from shared.delivery import Room
from shared.ids import uuid7
from shared.metrics import Metrics
from shared.topics import TOPICS
from tests.rooms import World
from tests.shared.a_room import a_world, payment


@pytest.fixture(scope="module")
async def world(databases) -> AsyncIterator[World]:
    async with a_world(databases) as world:
        yield world


def test_our_own_id_is_its_own_key_and_a_foreign_one_is_known_by_its_source_too() -> None:
    ours, foreign = uuid7(), str(uuid4())
    assert inbox.key_of("/careloop/followup", str(ours)) == ours
    assert inbox.key_of("/erp", foreign) == inbox.key_of("/erp", foreign) != inbox.key_of("/shop", foreign)
    assert len({inbox.key_of("/erp", id) for id in ("1", "2", "1/2", "")} | {inbox.key_of("/er", "p1"), inbox.key_of("/erp1", "")}) == 6


async def test_a_rebalance_gives_the_same_records_to_two_workers_at_once(world: World) -> None:
    await world.empty()
    room = world.room
    other = Room(room.pool, room.gate, room.circumstances, Metrics("customers", "test"), unit="headquarters")
    records = [payment(n, f"erp/{n % 7}") for n in range(200)]
    for start in range(0, 200, 40):
        part = records[start : start + 40]
        await asyncio.gather(room.handle(part), other.handle(list(reversed(part))), room.handle(part))
    assert sum(row["count"] for row in await world.rows("account", "count")) == 200
    assert len(await world.announced()) == 200 and await world.rows("parked") == []


async def test_what_no_topic_can_bring_back_is_forgotten_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.empty()
    monkeypatch.setattr(inbox, "CHUNK", 3)
    now = datetime.now(UTC)
    longest = max(topic.retention for topic in TOPICS.values())
    ages = [longest + timedelta(days=2, hours=1)] * 4 + [longest + timedelta(days=1)] * 2 + [timedelta()]
    await world.pool.executemany("INSERT INTO inbox (id, arrived_at) VALUES ($1, $2)", [(uuid4(), now - age) for age in ages])
    async with world.pool.acquire() as connection:
        assert await inbox.purge(connection) is True
        assert await inbox.purge(connection) is False
    assert len(await world.rows("inbox")) == 3


async def test_a_worker_whose_clock_goes_ahead_forgets_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody moves the clock on purpose."""
    await world.empty()
    await world.room.handle([payment(1)])
    monkeypatch.setattr("shared.clock.OFFSET", timedelta(days=400))
    await housekeeping.purge(type("Means", (), {"pool": world.pool}))  # type: ignore[arg-type]
    assert len(await world.rows("inbox")) == 1
    await world.room.handle([payment(1)])
    assert [row["count"] for row in await world.rows("account", "count")] == [1]
