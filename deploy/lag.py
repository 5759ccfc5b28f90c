"""How far every service is behind, partition by partition."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, GroupLoadInProgressError

from deploy.broker import administrator
from shared.kafka_access import secured

PATIENCE = 10.0  # seconds for a coordinator; a new cluster has none until somebody asks


@dataclass(frozen=True, slots=True)
class Lag:
    """`committed` is None where the group has not committed yet; `lost` are records that are gone and were never read."""

    group: str
    topic: str
    partition: int
    committed: int | None
    end: int
    lag: int
    lost: int


async def lags(bootstrap: str, reads: Mapping[str, Sequence[str]]) -> list[Lag]:
    """`reads`: which topics each group reads."""
    async with administrator(bootstrap) as admin:
        there = {it["topic"]: [partition["partition"] for partition in it["partitions"]] for it in await admin.describe_topics()}
        committed = {group: await offsets_of(admin, group) for group in reads}
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap.split(","), enable_auto_commit=False, **secured())
        try:
            await consumer.start()
            wanted = [
                TopicPartition(topic, number)
                for topic in {it for topics in reads.values() for it in topics}
                for number in there.get(topic, ())
            ]
            ends, starts = await consumer.end_offsets(wanted), await consumer.beginning_offsets(wanted)
        finally:
            await consumer.stop()
    found = []
    for group, topics in reads.items():
        for place in sorted(it for it in wanted if it.topic in topics):
            at = committed[group].get(place)
            lost = 0 if at is None else max(starts[place] - at, 0)
            found.append(Lag(group, place.topic, place.partition, at, ends[place], ends[place] - max(starts[place], at or 0), lost))
    return found


async def offsets_of(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    patience = monotonic() + PATIENCE
    while True:
        try:
            return {place: it.offset for place, it in (await admin.list_consumer_group_offsets(group)).items() if it.offset >= 0}
        except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError):
            if monotonic() > patience:
                raise
            await asyncio.sleep(0.2)
