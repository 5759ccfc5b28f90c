"""Many writers, few keys: what is said of one key is published in the order in which it became true, whoever said it, and nobody waits in a circle.

The same checker must see what happens without the locks of keys; otherwise it proves nothing.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated, Any
from uuid import uuid4

import orjson
import pytest
from pydantic import computed_field

from deploy.topics import apply_topics
from shared import outbox
from shared.contracts import Event
from shared.contracts.orders import PaymentReceived
from shared.database import keep, open_pool, transaction
from shared.health import Health
from shared.jobs import in_one_batch
from shared.outcome import Outcome
from shared.reactions import Listener, among, one
from shared.relay import Relay
from tests.chaos.checker import everything
from tests.rooms import World
from tests.shared.a_room import Account, Receipt, a_world, payment

KEYS = 10
SECONDS = 3.0
TOPIC = "careloop.customers"
drawn = Counter[str]()


class Said(Event):
    """Its number is drawn when its row is written: behind the lock of its key, if there is one."""

    name = "customer.said.v1"
    topic = TOPIC
    about: str

    @property
    def key(self) -> str:
        return self.about

    @computed_field
    def number(self) -> int:
        drawn[self.about] += 1
        return drawn[self.about]


def keys_in(event: PaymentReceived) -> list[str]:
    return (event.order_id or "").split(",")


Named = Annotated[list[Account], among(Account, reference=keys_in)]


def say(event: PaymentReceived, named: Named, *, run: str) -> Outcome:
    """Rows of several kinds, events of several keys."""
    there = {it.reference: it for it in named}
    accounts = [there.get(name) or Account(reference=name) for name in keys_in(event)]
    for account in accounts:
        account.count += 1
    return [
        *accounts,
        Receipt(id=uuid4(), reference=event.key, number=1),
        *[Said(about=f"{run}/{name}") for name in random.sample(names(), 3)],
    ]


def names() -> list[str]:
    return [f"K{n}" for n in range(KEYS)]


class Writers:
    def __init__(self, world: World, run: str) -> None:
        self.world, self.run, self.until = world, run, monotonic() + SECONDS
        self.deadlocks = 0
        self.done = Counter[str]()

    async def everybody(self) -> None:
        await asyncio.gather(*(writer() for writer in (self.room, self.session, self.job, self.other) for _ in range(2)))

    async def room(self) -> None:
        while monotonic() < self.until:
            batch = [
                payment(uuid4().hex, f"erp/{uuid4().hex[:8]}", does=",".join(random.sample(names(), 2)))
                for _ in range(random.randint(1, 12))
            ]
            await self.world.handle(*batch)
            self.done["room"] += len(batch)

    async def session(self) -> None:
        """An action behind HTTP: rows by primary key, then what is new, then the announcements."""
        while monotonic() < self.until:
            async with transaction(self.world.engine) as session:
                wanted = sorted(random.sample(names(), 2))
                for name in wanted:
                    await session.get(Account, name, with_for_update=True)
                keep(session, [Receipt(id=uuid4(), reference="session", number=1)])
                keep(session, [Said(about=f"{self.run}/{name}") for name in random.sample(names(), 3)])
            self.done["session"] += 1

    async def job(self) -> None:
        while monotonic() < self.until:
            need = one(Account, reference=lambda name: name)
            async with in_one_batch(self.world.pool, [(need, name) for name in random.sample(names(), 3)]) as batch:
                for account in batch.of(Account):
                    account.count += 1
                batch.keep([Said(about=f"{self.run}/{name}") for name in random.sample(names(), 2)])
            self.done["job"] += 1

    async def other(self) -> None:
        """Somebody with nothing to lock, whose commit takes its time."""
        while monotonic() < self.until:
            async with self.world.pool.acquire() as connection, connection.transaction():
                await outbox.write(connection, [(Said(about=f"{self.run}/{random.choice(names())}"), outbox.Cause())])
                await asyncio.sleep(random.random() * 0.004)
            self.done["other"] += 1


@pytest.fixture(scope="module")
async def world(databases) -> AsyncIterator[World]:
    on = Listener("careloop.inbound.orders")
    on(PaymentReceived)(say)
    facts: dict[str, Any] = {"run": ""}
    async with a_world(databases, listeners=[on], circumstances=facts) as it:
        it.pool.terminate()
        it.room.pool = it.pool = await open_pool(it.dsn, size=8)
        yield it
        it.pool.terminate()


async def published(world: World, kafka: str, run: str) -> list[tuple[str, int]]:
    """Keys and numbers in the order of the topic, as soon as the outbox is empty."""
    relay = Relay(world.dsn, kafka, "/careloop/customers", asyncio.Event(), world.room.metrics, Health("customers", "worker"))
    writers = Writers(world, run)
    task = asyncio.create_task(relay.run())
    try:
        await writers.everybody()
        async with asyncio.timeout(20):
            while await world.pool.fetchval("SELECT count(*) FROM outbox"):
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert min(writers.done.values()) > 20, writers.done
    bodies = [orjson.loads(record.value) for record in await everything(kafka, TOPIC) if record.key.startswith(run.encode())]
    return [(body["about"], body["number"]) for body in bodies]


def out_of_order(said: list[tuple[str, int]]) -> int:
    last, wrong = Counter[str](), 0
    for key, number in said:
        wrong += number < last[key]
        last[key] = max(last[key], number)
    return wrong


@pytest.mark.parametrize("locked", [True, False])
async def test_order_per_key(world: World, kafka: str, monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    await apply_topics(kafka)
    await world.empty()
    await world.pool.executemany("INSERT INTO account VALUES ($1, 0, '')", [(name,) for name in names()])
    run = uuid4().hex[:8]
    world.room.circumstances = lambda: {"run": run}
    if not locked:
        monkeypatch.setattr(outbox, "LOCK_KEYS", "SELECT count(*) FROM unnest($1::text[])")
    clashes = world.room.metrics.db_errors_total.labels(kind="clash")._value.get()
    said = await published(world, kafka, run)
    assert len(said) == sum(count for key, count in drawn.items() if key.startswith(run)) > 1000, "nothing is lost"
    assert (out_of_order(said) == 0) is locked
    if locked:
        assert len(set(said)) == len(said), "nor doubled"
        assert world.room.metrics.db_errors_total.labels(kind="clash")._value.get() == clashes, "nor did anybody wait in a circle"
        assert await world.rows("parked") == []
