"""`careloop resume`: nobody but a person lets a service read on where it had stopped, least of all over records that are gone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from services.followup.app import service
from shared import stops
from shared.gate import Gate
from shared.health import Health
from shared.ids import uuid7
from shared.intake import Intake
from shared.kafka import consume
from tests.deploy.here import careloop_here
from tests.deploy.topics import make
from tests.rooms import World, world
from tests.waiting import until

TOPIC = "careloop.complaints"  # one that no other test reads or writes
PLACE = TopicPartition(TOPIC, 0)
ORDERS = "careloop.inbound.orders"


@pytest.fixture(scope="module")
async def followup(databases) -> AsyncIterator[World]:
    async with world(databases, service, listeners=[]) as followup:
        yield followup


def dsn_of(world: World) -> str:
    return world.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


async def test_a_stop_is_lifted_and_told(followup):
    async with followup.pool.acquire() as connection:
        await stops.stop(connection, ORDERS, "KeyError at orders.py:12")
    told = await careloop_here("resume", "followup", ORDERS, CARELOOP_DATABASE=dsn_of(followup))
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"followup reads {ORDERS} again; it had stopped: KeyError at orders.py:12 (since ")
    assert await followup.rows("stopped") == []
    told = await careloop_here("resume", "followup", ORDERS, CARELOOP_DATABASE=dsn_of(followup))
    assert (told.returncode, told.stderr) == (1, f"Followup has not stopped reading {ORDERS}.\n")
    told = await careloop_here("resume", "followup", "orders", CARELOOP_DATABASE=dsn_of(followup))
    assert (told.returncode, told.stderr.startswith("There is no topic 'orders' in the catalogue")) == (1, True)


async def send(kafka: str, count: int) -> int:
    """The offset of the last."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        return [(await producer.send_and_wait(TOPIC, b"{}", partition=0)).offset for _ in range(count)][-1]
    finally:
        await producer.stop()


async def forget_before(kafka: str, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_records({PLACE: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def commit(kafka: str, group: str, offset: int) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([PLACE])
        await consumer.commit({PLACE: offset})
    finally:
        await consumer.stop()


async def committed(kafka: str, group: str) -> int | None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group)
        return found[PLACE].offset if PLACE in found else None
    finally:
        await admin.close()


async def test_records_that_are_gone_stop_their_partition_until_a_person_says_so(kafka, followup):
    await make(kafka, [TOPIC, "careloop.notes"])
    group = f"complaints-{uuid7()}"
    last = await send(kafka, 10)
    await commit(kafka, group, last - 8)
    await forget_before(kafka, last - 3)
    room = followup.room
    room.gate = Gate("complaints", [], room.gate.sources, room.gate.clock)
    health = Health("complaints", "worker")
    intake = Intake(room, room.metrics, health, asyncio.Event())
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(consume(intake, kafka, group, 0)), tasks.create_task(intake.watch())]
        stopped = await until(lambda: followup.rows("stopped"), seconds=20)
        assert [row["topic"] for row in stopped] == [f"{TOPIC}/0"]
        assert f"records from offset {last - 8} on are gone" in health.stopped[TOPIC]["reason"]
        await asyncio.sleep(2)
        assert await committed(kafka, group) == last - 8
        told = await careloop_here("resume", "complaints", TOPIC, CARELOOP_DATABASE=dsn_of(followup))
        assert told.stdout.startswith(
            f"complaints goes on in partition 0 of {TOPIC} with the earliest record that is left: records from offset {last - 8} on"
        )
        await until(lambda: done(kafka, group, last + 1), seconds=20)
        assert health.stopped == {}
        assert await followup.rows("stopped") == []
        after = await send(kafka, 1)
        await until(lambda: done(kafka, group, after + 1), seconds=20)
        for task in working:
            task.cancel()


async def done(kafka: str, group: str, offset: int) -> bool:
    return await committed(kafka, group) == offset
