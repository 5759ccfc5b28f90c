"""A worker that is told to stop ends the batch under way, takes no other, and commits what it did."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from shared.health import Health
from shared.intake import Intake
from shared.metrics import Metrics
from tests.makers import Record, record, shipped


class SlowRoom:
    """Handles a batch when it is let."""

    def __init__(self) -> None:
        self.let, self.handled = asyncio.Event(), list[Record]()
        self.gate = SimpleNamespace(service="followup", topics=["careloop.inbound.orders"])
        self.windows = SimpleNamespace(probed=set[str]())

    async def handle(self, records: Sequence[Record]) -> dict[str, str]:
        await self.let.wait()
        self.handled += records
        return {}


class Consumer:
    """Remembers what is committed; the first tries may fail."""

    def __init__(self, failures: int = 0) -> None:
        self.committed, self.failures = list[Mapping[TopicPartition, int]](), failures

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("careloop.inbound.orders", 0)}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self.failures:
            self.failures -= 1
            raise CommitFailedError
        self.committed.append(offsets)


def an_intake(failures: int = 0) -> tuple[Intake, SlowRoom, Consumer]:
    room, consumer = SlowRoom(), Consumer(failures)
    intake = Intake(room, Metrics("followup", "test"), Health("followup", "worker"), asyncio.Event())  # type: ignore[arg-type]
    intake.consumer = consumer  # type: ignore[assignment]
    return intake, room, consumer


def at(offset: int) -> Any:
    return record("order.shipped.v1", shipped(), offset=offset)


async def test_the_batch_under_way_is_committed_and_no_other_is_taken() -> None:
    intake, room, consumer = an_intake()
    under_way, ending = asyncio.create_task(intake.handle([at(7)])), asyncio.create_task(intake.end())
    later = asyncio.create_task(intake.handle([at(8)]))
    await asyncio.sleep(0)
    assert not consumer.committed
    room.let.set()
    await asyncio.gather(under_way, ending, later)
    await intake.handle([at(9)])
    await intake.commit()
    assert [it.offset for it in room.handled] == [7]
    assert consumer.committed == [{TopicPartition("careloop.inbound.orders", 0): 8}]


async def test_a_commit_that_fails_at_the_end_is_tried_again() -> None:
    intake, room, consumer = an_intake(failures=2)
    room.let.set()
    await intake.handle([at(7)])
    await intake.end()
    assert consumer.committed == [{TopicPartition("careloop.inbound.orders", 0): 8}]
