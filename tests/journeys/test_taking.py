"""From the broker into the room, in both shells: new groups, poison on the wire, stops, gaps."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import UnsupportedCodecError
from aiokafka.producer import message_accumulator
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from faststream.middlewares import AckPolicy

from deploy.broker import administrator
from deploy.local.databases import Server
from shared import intake as intake_module
from shared import stops
from shared.contracts.orders import PaymentReceived
from shared.health import Health
from shared.intake import Intake
from shared.outcome import Outcome
from shared.reactions import Listener
from shared.records import Batch
from shared.shell import Shell
from tests.conftest import Databases
from tests.journeys.conftest import Servers
from tests.journeys.taking import SHELLS, Group, publish, until
from tests.makers import Record, declared, record
from tests.rooms import World
from tests.shared.a_room import Receipt, a_world, payment

ORDERS, CUSTOMERS = "careloop.inbound.orders", "careloop.inbound.customers"


@pytest.fixture(scope="module")
async def room(servers: Servers) -> AsyncIterator[World]:
    async with a_world(Databases(Server(servers.postgres.dsn, "journeys"))) as world:
        yield world


@pytest.fixture(params=SHELLS)
async def group(request: pytest.FixtureRequest, room: World, servers: Servers) -> Group:
    await room.empty()
    group = Group(room, servers.kafka, request.param)
    await group.begin_here()
    return group


async def counted(room: World) -> dict[str, int]:
    return {row["reference"]: row["count"] for row in await room.rows("account")}


async def total(room: World) -> int:
    return sum((await counted(room)).values())


def over_partitions(count: int, run: str = "A", **more: Any) -> list[Record]:
    return sorted([payment(n, f"erp/{run}{n % 5}", partition=n % 5, **more) for n in range(count)], key=lambda it: it.partition)


async def test_a_new_group_begins_at_the_earliest(room: World, servers: Servers) -> None:
    await room.empty()
    await publish(servers.kafka, over_partitions(20, "early"))
    group = Group(room, servers.kafka, "faststream")
    async with group.taking():
        await until(lambda: total_of(room, "erp/early", 20))


async def total_of(room: World, prefix: str, expected: int) -> bool:
    return sum(count for name, count in (await counted(room)).items() if name.startswith(prefix)) == expected


async def test_what_is_taken_is_committed_and_does_not_come_again(group: Group, room: World, servers: Servers) -> None:
    before = await group.committed()
    async with group.taking():
        await publish(servers.kafka, over_partitions(200))
        await until(lambda: total_of(room, "erp/A", 200))
    assert await group.committed() == before + 200
    async with group.taking() as intake:
        await publish(servers.kafka, over_partitions(5, "B"))
        await until(lambda: total_of(room, "erp/B", 5))
        assert outcomes(intake) == {"ok": 5}


def outcomes(intake: Intake) -> dict[str, float]:
    seen = Counter[str]()
    for family in intake.metrics.registry.collect():
        for sample in family.samples:
            if sample.name == "careloop_consumer_records_total":
                seen[sample.labels["outcome"]] += sample.value
    return dict(seen)


class Odd(str):
    """A header's name that is no UTF-8."""

    def encode(self, *_: Any) -> bytes:
        return b"odd-\xff\xfe"


async def test_a_header_whose_name_is_not_utf_8_is_no_concern_of_ours(
    group: Group, room: World, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka raises over it from inside its fetcher, with the records of all partitions in its hands."""
    monkeypatch.setattr(message_accumulator, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    odd = [replace(it, headers=[*it.headers, (Odd("odd"), b"x")]) if n % 7 == 3 else it for n, it in enumerate(over_partitions(50))]
    broken = payment("broken", "erp/A0", partition=2, id="broken")
    broken = replace(broken, headers=[(Odd("odd"), None), *broken.headers], value=b"{")
    async with group.taking():
        await publish(servers.kafka, [*odd, broken, *over_partitions(10, "B")])
        await until(lambda: total_of(room, "erp/", 60))
    (row,) = await room.rows("parked")
    assert row["event_id"] == "broken" and row["headers"][0][0] == "odd-\\xff\\xfe"


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_publishers_compress_as_they_like(room: World, servers: Servers, compression: str) -> None:
    await room.empty()
    group = Group(room, servers.kafka, "faststream")
    await group.begin_here()
    async with group.taking():
        await publish(servers.kafka, over_partitions(20, compression), compression=compression)
        await until(lambda: total_of(room, f"erp/{compression}", 20))


async def test_every_kind_of_poison_is_stepped_over_on_the_wire(group: Group, room: World, servers: Servers) -> None:
    good = over_partitions(20)
    poison = [
        replace(payment("p1", id="p1"), headers=[("ce_id", b"\xff")]), replace(payment("p2", id="p2"), value=None), replace(payment("p3", id="p3"), headers=()),
        replace(payment("p4", id="p4"), value=b"x" * 300_000), payment("p5", source="/nobody", id="p5"), payment("p6", does="BUG", id="p6"),
        payment("p7", does="NUL", id="p7"), payment("p8", does="REFUSED", id="p8"), replace(payment("p9", id="p9"), key=None, value=b""),
    ]  # fmt: skip
    async with group.taking():
        await publish(servers.kafka, [*good[:5], *poison, *good[5:]])
        await until(lambda: total_of(room, "erp/A", 20))
        await until(lambda: settled(room, len(poison)))
    kept = {row["value"] for row in await room.rows("parked", "value")}
    assert kept == {it.value for it in poison}


async def settled(room: World, parked: int) -> bool:
    return int(await room.pool.fetchval("SELECT count(*) FROM parked")) == parked


# -- stops


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe is a minute apart; nobody waits that long here."""
    monkeypatch.setattr(stops, "PROBED_EVERY", 0.7)
    monkeypatch.setattr(intake_module, "LOOKED_EVERY", 0.2)


class Switch:
    """A reaction with a bug that can be mended while it runs."""

    def __init__(self) -> None:
        self.broken, self.asked = True, 0

    def listener(self) -> Listener:
        on = Listener(ORDERS)

        @on(PaymentReceived)
        def keep(event: PaymentReceived) -> Outcome:
            self.asked += 1
            if self.broken:
                raise RuntimeError("a bug")
            return [Receipt(id=event_id(event), reference=event.key, number=1)]

        return on


def event_id(event: PaymentReceived) -> Any:
    from shared.ids import made_of

    return made_of(event.key, event.payment_id)


@pytest.fixture
def switch(room: World) -> Any:
    switch, before = Switch(), room.room.gate.listeners
    room.room.gate.listeners = {ORDERS: switch.listener(), CUSTOMERS: Listener(CUSTOMERS)}
    yield switch
    room.room.gate.listeners = before


async def stopped(room: World) -> dict[str, str]:
    async with room.pool.acquire() as connection:
        return await stops.stopped(connection)


async def receipts(room: World) -> int:
    return int(await room.pool.fetchval("SELECT count(*) FROM receipt"))


async def test_a_topic_that_fails_for_a_reason_of_ours_is_stopped_tried_and_goes_on(
    group: Group, room: World, servers: Servers, soon: None, switch: Switch
) -> None:
    async with group.taking() as intake, group.taking(slot=1) as other:
        await publish(servers.kafka, over_partitions(400))
        await until(lambda: stopped(room))
        await until(lambda: ORDERS in intake.health.stopped and ORDERS in other.health.stopped)
        parked = await room.pool.fetchval("SELECT count(*) FROM parked")
        assert parked <= 200, "each of two workers may have found out for itself"
        intake.health.show(intake.metrics)
        assert (
            'careloop_consumption_stopped{service="customers",topic="careloop.inbound.orders"} 1.0'
            in (await intake.metrics.page()).decode()
        )
        # other topics go on: a stranger's record there is still parked
        await publish(servers.kafka, [record("customer.declared.v1", declared(), source="/telephony", topic=CUSTOMERS, id="elsewhere")])
        await until(lambda: any_parked(room, CUSTOMERS))
        # it is tried, by few records, and stays stopped
        asked = switch.asked
        await until(lambda: switch.asked > asked)
        assert switch.asked - asked <= 4 * stops.PROBE
        assert await room.pool.fetchval("SELECT count(*) FROM parked WHERE topic = $1", ORDERS) == parked
        assert list(await stopped(room)) == [ORDERS]
        switch.broken = False
        await until(lambda: nothing_stopped(room))
        await until(lambda: each_is_handled_or_parked(room, 400))
        await until(lambda: not intake.health.stopped and not other.health.stopped)


async def any_parked(room: World, topic: str) -> bool:
    return bool(await room.rows("parked", "id", "topic = $1", topic))


async def nothing_stopped(room: World) -> bool:
    return not await stopped(room)


async def each_is_handled_or_parked(room: World, count: int) -> bool:
    """What one lane had parked when the other found that it must stop, comes again with the batch, and is handled after all."""
    open_ones = await room.pool.fetchval("SELECT count(*) FROM parked WHERE topic = $1 AND state = 'open'", ORDERS)
    return await receipts(room) + int(open_ones) == count


async def has(room: World, count: int) -> bool:
    return await receipts(room) == count


async def test_a_person_resumes_it(group: Group, room: World, servers: Servers, monkeypatch: pytest.MonkeyPatch, switch: Switch) -> None:
    monkeypatch.setattr(intake_module, "LOOKED_EVERY", 0.2)
    async with group.taking() as intake:
        await publish(servers.kafka, over_partitions(250))
        await until(lambda: ORDERS in intake.health.stopped)
        switch.broken = False
        async with room.pool.acquire() as connection:
            await stops.resume(connection, ORDERS)
        await until(lambda: each_is_handled_or_parked(room, 250))
        assert intake.health.stopped == {} and await stopped(room) == {}


async def test_a_worker_that_starts_keeps_to_a_stop(
    group: Group, room: World, servers: Servers, monkeypatch: pytest.MonkeyPatch, switch: Switch
) -> None:
    monkeypatch.setattr(intake_module, "LOOKED_EVERY", 0.2)
    async with room.pool.acquire() as connection:
        await stops.stop(connection, ORDERS, "said so")
    switch.broken = False
    async with group.taking() as intake:
        await until(lambda: ORDERS in intake.health.stopped)
        await publish(servers.kafka, over_partitions(50))
        await publish(servers.kafka, [record("customer.declared.v1", declared(), source="/telephony", topic=CUSTOMERS, id="later")])
        await until(lambda: any_parked(room, CUSTOMERS))
        assert await receipts(room) == 0
        async with room.pool.acquire() as connection:
            await stops.resume(connection, ORDERS)
        await until(lambda: has(room, 50))


# -- gaps


async def test_records_that_the_broker_forgot_are_a_stop_and_a_person_jumps(
    group: Group, room: World, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "LOOKED_EVERY", 0.2)
    async with group.taking():
        await publish(servers.kafka, over_partitions(10))
        await until(lambda: total_of(room, "erp/A", 10))
    await publish(servers.kafka, over_partitions(10, "lost"))
    async with administrator(servers.kafka) as admin:
        place = TopicPartition(ORDERS, 3)
        await admin.delete_records({place: RecordsToDelete(-1)})
    await publish(servers.kafka, over_partitions(10, "kept"))
    async with group.taking() as intake:
        gap = stops.gap(ORDERS, 3)
        await until(lambda: stopped(room))
        assert list(await stopped(room)) == [gap]
        await until(lambda: total_of(room, "erp/kept", 8))
        assert "partition 3" in intake.health.stopped[ORDERS]["reason"]
        assert "erp/kept3" not in await counted(room)
        async with room.pool.acquire() as connection:
            await stops.resume(connection, gap)
        await until(lambda: total_of(room, "erp/kept", 10))
        assert intake.health.stopped == {}
    assert {name: count for name, count in (await counted(room)).items() if "lost" in name} == {f"erp/lost{n}": 2 for n in (0, 1, 2, 4)}


async def test_bytes_that_nobody_can_read_stop_their_partition_alone(
    group: Group, room: World, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a codec that is not installed would, or a disk that forgets: and what other partitions had given when it raised is not lost."""
    monkeypatch.setattr(intake_module, "LOOKED_EVERY", 0.2)
    iterate, broken = Batch.__iter__, True

    def unreadable(batch: Batch) -> Any:
        for it in iterate(batch):
            if broken and it.key == b"erp/A3":
                raise UnsupportedCodecError
            yield it

    monkeypatch.setattr(Batch, "__iter__", unreadable)
    await publish(servers.kafka, over_partitions(100))
    async with group.taking() as intake:
        await until(lambda: stopped(room))
        assert list(await stopped(room)) == [stops.gap(ORDERS, 3)]
        await publish(servers.kafka, over_partitions(100, "B"))
        await until(lambda: total_of(room, "erp/A", 80))
        await until(lambda: total_of(room, "erp/B", 80))
        assert "UnsupportedCodecError" in intake.health.stopped[ORDERS]["reason"]
        broken = False
        async with room.pool.acquire() as connection:
            await stops.resume(connection, stops.gap(ORDERS, 3))
        await until(lambda: total_of(room, "erp/B", 100))
        await until(lambda: total_of(room, "erp/A", 100))


async def test_all_subscribers_say_manual(room: World, servers: Servers) -> None:
    """Every other policy of the shell loses or repeats batches."""
    intake = Intake(room.room, room.room.metrics, Health("customers", "worker"), asyncio.Event())
    shell = Shell(intake, room.room.metrics, servers.kafka, "group", 0)
    assert shell.broker.subscribers == [shell.subscriber]
    for subscriber in shell.broker.subscribers:
        assert subscriber.ack_policy is AckPolicy.MANUAL
