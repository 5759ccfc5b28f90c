"""A follow-up worker with one reaction more; and, for the controls, with one of its guarantees taken out.

python -m tests.chaos.worker [offset-before-commit | no-inbox]
"""

import asyncio
import sys
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import TopicPartition

from services.followup.app import service
from services.followup.domain import sending
from services.followup.listeners import orders
from shared import inbox, intake
from shared.worker import run_worker
from tests.chaos.reaction import react


def offset_before_commit() -> None:
    """What a default of the usual libraries does: the offset goes first, the work comes after."""
    handle = intake.Intake.handle

    async def first_the_offset(self: intake.Intake, records: Sequence[Any]) -> None:
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        assert self.consumer
        await self.consumer.commit(offsets)
        await asyncio.sleep(0.15)  # a handler that takes its time
        await handle(self, records)

    intake.Intake.handle = first_the_offset  # type: ignore[method-assign]


def no_inbox() -> None:
    """Nobody remembers what was handled; and offsets are committed so rarely that every death brings something back."""

    async def enter(connection: Any, keys: Collection[UUID]) -> set[UUID]:
        return set(keys)

    inbox.enter = enter
    intake.COMMITTED_EVERY = 60.0


if __name__ == "__main__":
    react(orders.on)
    sending.LEASE = timedelta(seconds=5)  # the gateway here answers at once
    for sabotage in sys.argv[1:]:
        {"offset-before-commit": offset_before_commit, "no-inbox": no_inbox}[sabotage]()
    uvloop.run(run_worker(service, service.settings.read("database", "kafka")))
