"""The relay publishes all that was announced, whatever else happens: one leader, nothing removed before the broker has it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaTimeoutError

from deploy.broker import administrator
from deploy.topics import apply_topics
from shared import outbox, relay
from shared.contracts import Event
from shared.database import open_pool
from shared.health import Health
from shared.outbox import Cause
from shared.relay import Relay
from tests.chaos.checker import everything
from tests.rooms import World
from tests.shared.a_room import a_world

TOPIC = "careloop.customers"


class Said(Event):
    name = "customer.said.v1"
    topic = TOPIC
    subject_in = "about"
    about: str
    text: str = ""

    @property
    def key(self) -> str:
        return self.about

    @property
    def unit_of(self) -> str:
        return "headquarters"


@pytest.fixture(scope="module")
async def world(databases, kafka: str) -> AsyncIterator[World]:
    await apply_topics(kafka)
    async with a_world(databases) as it:
        it.pool.terminate()
        it.room.pool = it.pool = await open_pool(it.dsn, size=8)
        yield it
        it.pool.terminate()


@asynccontextmanager
async def relaying(world: World, kafka: str) -> AsyncIterator[Health]:
    health = Health("customers", "worker")
    task = asyncio.create_task(Relay(world.dsn, kafka, "/careloop/customers", asyncio.Event(), world.room.metrics, health).run())
    try:
        yield health
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def say(world: World, *said: Said) -> None:
    async with world.pool.acquire() as connection, connection.transaction():
        await outbox.write(connection, [(it, Cause("because", "00-" + "a" * 32 + "-" + "b" * 16 + "-01")) for it in said])


async def drained(world: World) -> None:
    async with asyncio.timeout(15):
        while await world.pool.fetchval("SELECT count(*) FROM outbox"):
            await asyncio.sleep(0.02)


async def texts(kafka: str, about: str) -> list[str]:
    return [orjson.loads(record.value)["text"] for record in await everything(kafka, TOPIC) if record.key == about.encode()]


async def test_an_announcement_says_all_about_itself(world: World, kafka: str) -> None:
    about = uuid4().hex
    async with relaying(world, kafka):
        await say(world, Said(about=about, text="x"))
        await drained(world)
    (record,) = [it for it in await everything(kafka, TOPIC) if it.key == about.encode()]
    told = {name: value.decode() for name, value in record.headers}
    assert told.pop("ce_id") and told.pop("ce_time")
    assert told == {
        "ce_specversion": "1.0", "ce_source": "/careloop/customers", "ce_type": "customer.said.v1", "content-type": "application/json", "ce_subject": about,
        "ce_orgunit": "headquarters", "ce_correlationid": "because", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    }  # fmt: skip


async def test_more_than_a_page_and_more_than_a_batch_stays_in_order(world: World, kafka: str) -> None:
    """Pages of a thousand, batches of half a megabyte: what does not fit waits with all that follows on its partition."""
    one, other = uuid4().hex, uuid4().hex
    long = "x" * 50_000
    for start in range(0, 1500, 500):
        await say(world, *[Said(about=(one, other)[n % 2], text=f"{n} {long if n % 50 == 0 else ''}") for n in range(start, start + 500)])
    async with relaying(world, kafka):
        await drained(world)
    for parity, about in enumerate((one, other)):
        assert [int(text.split()[0]) for text in await texts(kafka, about)] == list(range(parity, 1500, 2))


async def test_what_no_broker_takes_is_put_aside_and_the_rest_goes_on(world: World, kafka: str) -> None:
    about = uuid4().hex
    await say(world, Said(about=about, text="before"), Said(about=about, text="x" * 1_200_000), Said(about=about, text="after"))
    async with relaying(world, kafka):
        await drained(world)
    assert await texts(kafka, about) == ["before", "after"]
    (row,) = await world.rows("parked", "code, ours, topic", "key = $1", about.encode())
    await world.pool.execute("DELETE FROM parked")
    assert row == {"code": "too_large", "ours": True, "topic": TOPIC}


async def test_what_is_committed_late_is_not_passed_over(world: World, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its position is below what was published long ago."""
    monkeypatch.setattr(relay, "SETTLED", 0.1)
    monkeypatch.setattr(relay, "SWEEP", 1.0)
    late, others = uuid4().hex, uuid4().hex
    async with relaying(world, kafka):
        async with world.pool.acquire() as connection, connection.transaction():
            await outbox.write(connection, [(Said(about=late, text="late"), Cause())])
            for n in range(20):
                await say(world, Said(about=others, text=str(n)))
                await asyncio.sleep(0.02)
        await drained(world)
    assert await texts(kafka, late) == ["late"]


async def test_one_relay_leads_and_the_next_takes_over(world: World, kafka: str) -> None:
    about = uuid4().hex
    leaders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

    async def say_and_wait(text: str) -> Any:
        await say(world, Said(about=about, text=text))
        await drained(world)
        return await world.pool.fetchval(leaders)

    async with relaying(world, kafka):
        assert await say_and_wait("1") == 1
        async with relaying(world, kafka) as second:
            first_beat = second.loops.get("relay")
            assert await say_and_wait("2") == 1
            await world.pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relay' AND datname = current_database()"
            )
            assert await say_and_wait("3") == 1
            assert second.loops["relay"] != first_beat, "whoever waits for its turn lives"
    assert await texts(kafka, about) == ["1", "2", "3"]


async def test_what_the_broker_did_not_confirm_is_sent_again_in_order(world: World, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of it had arrived; readers drop repeats by their id, and what they see first is in order."""
    about, refused = uuid4().hex, 4
    send_batch = AIOKafkaProducer.send_batch

    async def send_and_fail(producer: AIOKafkaProducer, batch: Any, topic: str, *, partition: int) -> Any:
        nonlocal refused
        refused -= 1
        if refused < 0:
            return await send_batch(producer, batch, topic, partition=partition)
        if refused % 2:  # it arrived, and the answer did not
            await (await send_batch(producer, batch, topic, partition=partition))
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.set_exception(KafkaTimeoutError())
        return answer

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", send_and_fail)
    await say(world, *[Said(about=about, text=str(n)) for n in range(50)])
    async with relaying(world, kafka):
        await say(world, *[Said(about=about, text=str(n)) for n in range(50, 100)])
        await drained(world)
    seen = await texts(kafka, about)
    assert len(seen) > 100 and list(dict.fromkeys(seen)) == [str(n) for n in range(100)]


async def test_a_broker_that_takes_less_gets_less_at_a_time(world: World, kafka: str) -> None:
    about = uuid4().hex
    await set_on(kafka, "max.message.bytes", "60000")
    try:
        await say(world, *[Said(about=about, text=f"{n} {'x' * (70_000 if n == 7 else 20_000)}") for n in range(12)])
        async with relaying(world, kafka):
            await drained(world)
    finally:
        await set_on(kafka, "cleanup.policy", "delete")  # this request forgets what it does not name
        await apply_topics(kafka)
    assert [int(text.split()[0]) for text in await texts(kafka, about)] == [n for n in range(12) if n != 7]


async def set_on(kafka: str, name: str, value: str) -> None:
    async with administrator(kafka) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, {name: value})])
