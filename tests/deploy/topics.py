"""Inbound topics on the broker of the tests, and what was written there lately."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from shared.topics import TOPICS


async def make(kafka: str, names: Iterable[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        for name in names:
            with contextlib.suppress(TopicAlreadyExistsError):
                await admin.create_topics([NewTopic(name, TOPICS[name].partitions, 1, topic_configs=TOPICS[name].settings)])
    finally:
        await admin.close()


@asynccontextmanager
async def watched(kafka: str, *names: str) -> AsyncIterator["Watch"]:
    """Everything that is written to these topics from now on."""
    await make(kafka, names)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for name in names for number in range(TOPICS[name].partitions)]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        yield Watch(consumer, partitions)
    finally:
        await consumer.stop()


class Watch:
    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self.consumer, self.partitions = consumer, partitions

    async def read(self) -> list[Any]:
        """What came since the last time, each partition in its order."""
        ends = await self.consumer.end_offsets(self.partitions)
        records: list[Any] = []
        async with asyncio.timeout(30):
            for partition, end in ends.items():
                while await self.consumer.position(partition) < end:
                    records += (await self.consumer.getmany(partition, timeout_ms=200)).get(partition, [])
        return records
