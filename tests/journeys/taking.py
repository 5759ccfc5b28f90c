"""A worker's intake on a real broker inside the test, in either shell; and a publisher that writes what it is given, byte by byte."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.delivery import Room
from shared.health import Health
from shared.intake import Intake
from shared.kafka import consume
from shared.metrics import Metrics
from shared.shell import Shell
from shared.topics import TOPICS
from tests.makers import Record
from tests.rooms import UNITS, World

SHELLS = ("faststream", "bare")


@dataclass
class Group:
    """One consumer group, new for the test, and its world."""

    world: World
    kafka: str
    shell: str
    name: str = field(default_factory=lambda: f"test-{uuid4().hex[:8]}")

    @asynccontextmanager
    async def taking(self, slot: int = 0) -> AsyncIterator[Intake]:
        """A worker, until the block ends."""
        room = self.world.room
        another = Room(room.pool, room.gate, room.circumstances, Metrics("customers", "test"), unit=UNITS.default)
        intake = Intake(another, another.metrics, Health("customers", "worker"), asyncio.Event())
        tasks = [asyncio.create_task(intake.watch())]
        shell = Shell(intake, another.metrics, self.kafka, self.name, slot) if self.shell == "faststream" else None
        if shell:
            await shell.start()
        else:
            tasks.append(asyncio.create_task(consume(intake, self.kafka, self.name, slot)))
        try:
            await asyncio.wait_for(intake.joined.wait(), 20)
            yield intake
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            if shell:
                await shell.end()
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])

    async def begin_here(self) -> None:
        await begin_here(self.kafka, self.name)

    async def committed(self) -> int:
        """The sum of what the group has committed on the topic of orders."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=self.name, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [TopicPartition("careloop.inbound.orders", n) for n in range(12)]
            return sum([await consumer.committed(it) or 0 for it in partitions])
        finally:
            await consumer.stop()


async def begin_here(kafka: str, group: str) -> None:
    """What other tests left on the topics is none of this group's business."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, n) for topic in TOPICS.values() for n in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()


async def publish(kafka: str, records: Sequence[Record], *, compression: str | None = None) -> None:
    """Each to the partition that it names."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, compression_type=compression, max_request_size=4 * 1024 * 1024)
    await producer.start()
    try:
        for (topic, partition), group in itertools.groupby(records, key=lambda it: (it.topic, it.partition)):
            batch = producer.create_batch()
            for it in group:
                told = {"key": it.key, "value": it.value, "timestamp": it.timestamp, "headers": list(it.headers)}
                if batch.append(**told) is None:
                    await (await producer.send_batch(batch, topic, partition=partition))
                    batch = producer.create_batch()
                    assert batch.append(**told)
            await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()


async def until(done: Callable[[], Awaitable[Any] | Any], seconds: float = 60) -> None:
    """Waits for what can be seen."""
    async with asyncio.timeout(seconds):
        while True:
            seen = done()
            if await seen if asyncio.iscoroutine(seen) else seen:
                return
            await asyncio.sleep(0.05)
