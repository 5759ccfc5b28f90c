"""When most of a topic fails for a reason of ours, the service stops taking it; what others did wrong never stops anything."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiokafka import TopicPartition

from shared import stops
from shared.delivery import lanes
from shared.health import Health
from shared.intake import Intake
from tests.makers import Record
from tests.rooms import World
from tests.shared.a_room import a_world, payment

TOPIC = "careloop.inbound.orders"


@pytest.fixture(scope="module")
async def _room(databases) -> AsyncIterator[World]:
    async with a_world(databases) as room:
        yield room


@pytest.fixture
async def world(_room: World) -> World:
    await _room.empty()
    return _room


def failing(count: int, does: str = "BUG") -> list[Record]:
    return [payment(n, f"erp/{does}", does=does, id=f"{does} {n}") for n in range(count)]


def sound(count: int, run: str = "A") -> list[Record]:
    return [payment(n, f"erp/{run}") for n in range(count)]


async def parked(world: World) -> int:
    return int(await world.pool.fetchval("SELECT count(*) FROM parked"))


async def stopped(world: World) -> dict[str, str]:
    async with world.pool.acquire() as connection:
        return await stops.stopped(connection)


async def test_half_of_the_last_200_is_parked_and_one_more_stops(world: World) -> None:
    assert await world.handle(*failing(100)) == {}
    assert await parked(world) == 100 and await stopped(world) == {}
    held = await world.handle(payment("one more", does="BUG"))
    assert list(held) == [TOPIC] and "KeyError" in held[TOPIC]
    assert await parked(world) == 100
    assert list(await stopped(world)) == [TOPIC]


async def test_nothing_of_the_batch_that_stops_is_parked_and_it_comes_again_whole(world: World) -> None:
    """What stood beside the failing ones in their lane is not true; what was in the other lane is, and comes again as a repeat."""
    held = await world.handle(*sound(30, "BUG"), *failing(101))
    assert list(held) == [TOPIC]
    assert await parked(world) == 0 and await world.rows("account") == [] == await world.rows("inbox")


async def test_lanes_that_fail_side_by_side_are_counted_together(world: World) -> None:
    records = [replace(it, key=b"erp/%d" % n) for n, it in enumerate(failing(150))]
    assert all(len(lane) < 100 for lane in lanes(records)), "each alone would not stop it"
    held = await world.handle(*records)
    assert list(held) == [TOPIC] and await parked(world) <= 100


@pytest.mark.parametrize("does", ["BUG", "CONSTRAINT"])
async def test_it_does_not_matter_who_found_the_fault(world: World, does: str) -> None:
    held = await world.handle(*failing(150, does))
    assert list(held) == [TOPIC] and len(await stopped(world)) == 1
    assert await parked(world) <= 100


async def test_only_the_last_200_count(world: World) -> None:
    for run in range(4):
        assert (
            await world.handle(
                *[replace(it, headers=[(n, v + b"%d" % run if n == "ce_id" else v) for n, v in it.headers]) for it in failing(50)],
                *sound(150, f"{run}"),
            )
            == {}
        )
    assert await parked(world) == 200
    assert len(world.room.windows.last[TOPIC]) == 200, "and only they are remembered"


async def test_foreign_faults_never_stop_anything(world: World) -> None:
    for run in range(2):
        assert await world.handle(*[replace(payment(f"{run}-{n}"), value=b"{") for n in range(300)]) == {}
    assert await world.handle(*failing(300, "REFUSED")) == {}
    assert await parked(world) == 900 and await stopped(world) == {}


async def test_repeats_do_not_count(world: World) -> None:
    for batch in (sound(200), failing(100), sound(200)):
        assert await world.handle(*batch) == {}
    assert list(await world.handle(payment("one more", does="BUG"))) == [TOPIC], "101 of the last 200 that were no repeats"


async def test_other_topics_of_the_batch_go_on(world: World) -> None:
    stranger = replace(payment("stranger"), topic="careloop.inbound.staff")  # a type that belongs elsewhere: parked, by its own topic
    held = await world.handle(*failing(60), stranger, *[replace(it, key=b"erp/BUG") for it in failing(60, "LATE BUG")])
    assert list(held) == [TOPIC]
    assert [row["topic"] for row in await world.rows("parked", "topic")] == ["careloop.inbound.staff"]


async def test_a_probe_is_judged_by_itself(world: World) -> None:
    """What lies in the window from before the stop does not hold a topic that works again."""
    await world.handle(*failing(100))
    world.room.windows.probed.add(TOPIC)
    try:
        assert list(await world.handle(*failing(3, "LATE BUG"), *sound(2))) == [TOPIC]
        assert await world.handle(*failing(2, "LATE BUG"), *sound(3)) == {}
    finally:
        world.room.windows.probed.clear()


async def test_what_an_operator_resumes_is_gone(world: World) -> None:
    await world.handle(*failing(101))
    async with world.pool.acquire() as connection:
        told = await stops.resume(connection, TOPIC)
        assert list(told) == [TOPIC] and await stops.resume(connection, TOPIC) == {}
    assert await stopped(world) == {}


class Consumer:
    """Remembers what is paused."""

    def __init__(self) -> None:
        self.paused = set[TopicPartition]()

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= {*partitions}


async def test_a_worker_that_starts_keeps_to_the_stops_before_its_first_record(world: World) -> None:
    """Otherwise each restart would park another hundred."""
    await world.handle(*sound(30), *failing(101))
    assert list(await stopped(world)) == [TOPIC]
    async with world.pool.acquire() as connection:
        await stops.stop(connection, stops.gap("careloop.contacts", 3), "gone")
    intake, consumer = Intake(world.room, world.room.metrics, Health("customers", "worker"), asyncio.Event()), Consumer()
    assert await intake.recall()
    here, other = TopicPartition(TOPIC, 0), TopicPartition("careloop.contacts", 3)
    intake.consumer = consumer  # type: ignore[assignment]
    await intake.on_partitions_assigned([here, other])
    assert consumer.paused == {here} and list(intake.health.stopped) == [TOPIC]
