"""How a worker reads from Kafka: one static member of its service's group, careful about where it begins and what it can't read."""

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
    UnsupportedCodecError,
)

from shared import records
from shared.intake import Intake
from shared.kafka_access import secured

log = structlog.get_logger()
BATCH = 500
UNREADABLE = CorruptRecordException, UnsupportedCodecError, RecordTooLargeError
records.install()


class CarefulConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """A group that is new begins at the earliest record; where the broker forgot records, or none can be read, is a stop, never a jump."""

    intake: Intake

    async def getmany(self, *partitions: TopicPartition, **options: Any) -> dict[TopicPartition, list[Any]]:
        before = self.positions()
        records: dict[TopicPartition, list[Any]] = {}
        try:
            records = await super().getmany(*partitions, **options)
        except NoOffsetForPartitionError:
            await self.begin()
        except OffsetOutOfRangeError as error:
            for partition, offset in error.args[0].items():
                self.intake.stand_still(self, partition, gap_reason(offset))
        except ConsumerStoppedError:
            raise
        except Exception as error:
            if isinstance(error, KafkaError) and not isinstance(error, UNREADABLE):
                raise
            await self.single_out(before)
        self.intake.polled()
        return records

    async def begin(self) -> None:
        """All partitions that are new to the group at once; each is told of in a poll of its own."""
        new = [it for it in self.assignment() - self.positions().keys() if await self.committed(it) is None]
        if new:
            await self.seek_to_beginning(*new)

    def positions(self) -> dict[TopicPartition, int]:
        subscription = self._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return {}
        states = {partition: subscription.assignment.state_value(partition) for partition in subscription.assignment.tps}
        return {partition: state.position for partition, state in states.items() if state.has_valid_position}

    async def single_out(self, before: dict[TopicPartition, int]) -> None:
        """Whose bytes can't be read? That partition stands still; what the others had given when it raised is given again."""
        for it in self.positions().keys() - before.keys():  # found its place only in the poll that raised
            before[it] = await self.committed(it) or (await self.beginning_offsets([it]))[it]
        self.intake.rewind(before)
        await asyncio.sleep(0.5)  # the broker answers for all at once; whoever is late is singled out the next time
        for partition, offset in before.items():
            try:
                await super().getmany(partition)
            except Exception as error:
                if isinstance(error, KafkaError) and not isinstance(error, UNREADABLE):
                    continue
                why = f"records from offset {offset} on can't be read ({type(error).__name__}); `careloop resume` tries again"
                self.intake.stand_still(self, partition, why)
        self.intake.rewind(before)


def gap_reason(offset: int) -> str:
    return f"records from offset {offset} on are gone and were never read; `careloop resume` goes on with the earliest that is left"


def consumer_options(kafka: str, group: str, slot: int) -> dict[str, Any]:
    """How a worker reads, whoever owns its loop. The slot is a static member: a killed worker's partitions are back within a second of its return."""
    return {
        "bootstrap_servers": kafka, "group_id": group, "group_instance_id": f"{group}-{slot}", "enable_auto_commit": False, "auto_offset_reset": "none",
        "session_timeout_ms": 10_000, "heartbeat_interval_ms": 1_000, "max_poll_interval_ms": 300_000, "fetch_max_wait_ms": 500,
        "metadata_max_age_ms": 30_000, "max_partition_fetch_bytes": 1024 * 1024, **secured(),
    }  # fmt: skip


async def consume(intake: Intake, kafka: str, group: str, slot: int) -> None:
    """A poll loop of our own on bare aiokafka: the same delivery without FastStream."""
    consumer = CarefulConsumer(**consumer_options(kafka, group, slot))
    consumer.intake, intake.consumer = intake, consumer
    consumer.subscribe(intake.room.gate.topics, listener=intake)
    await consumer.start()
    try:
        while True:
            try:
                found = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            except KafkaError as error:
                log.warning("nothing could be read", reason=type(error).__name__)
                await asyncio.sleep(1)
                continue
            if records := [record for partition in found.values() for record in partition]:
                await intake.handle(records)
    finally:
        await intake.commit()
        await consumer.stop()
