"""A follow-up worker with two reactions more; and, for the controls, with one of its guarantees taken out.

python -m tests.chaos.worker [offset-before-commit | no-inbox | no-key-lock | slow-commit | short-lease]
"""

import asyncio
import random
import signal
import sys
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import TopicPartition

from services.followup.app import service
from services.followup.domain import sending
from services.followup.listeners import orders
from shared import inbox, intake, outbox
from shared.worker import run_worker
from tests.chaos.reaction import react

LONGEST_COMMIT = 0.1  # seconds


def offset_before_commit() -> None:
    """What a default of the usual libraries does: the offset goes first, the work comes after."""
    handle = intake.Intake.handle

    async def first_the_offset(self: intake.Intake, records: Sequence[Any]) -> None:
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        assert self.consumer
        await self.consumer.commit(offsets)
        await asyncio.sleep(random.uniform(0.2, 0.4))  # a handler that takes its time, and keeps no step with the kills
        await handle(self, records)

    intake.Intake.handle = first_the_offset  # type: ignore[method-assign]


def no_inbox() -> None:
    """Nobody remembers what was handled; and offsets are committed so rarely that every death brings something back."""

    async def enter(connection: Any, keys: Collection[UUID]) -> set[UUID]:
        return set(keys)

    inbox.enter = enter
    intake.COMMITTED_EVERY = 60.0


def no_key_lock() -> None:
    """Whoever writes draws positions while another's are not committed yet."""
    outbox.LOCK_KEYS = "SELECT count(*) FROM unnest($1::text[])"
    slow_commit()


def slow_commit() -> None:
    """A transaction that takes its time between drawing its positions and its end. Nothing is wrong with that."""
    write = outbox.write

    async def and_wait(connection: Any, announcements: Sequence[Any]) -> None:
        await write(connection, announcements)
        await asyncio.sleep(random.random() * LONGEST_COMMIT)

    outbox.write = and_wait


def short_lease() -> None:
    """For a gateway that answers at once."""
    sending.LEASE = timedelta(seconds=5)


CHANGES: dict[str, Callable[[], None]] = {
    "offset-before-commit": offset_before_commit, "no-inbox": no_inbox, "no-key-lock": no_key_lock, "slow-commit": slow_commit, "short-lease": short_lease,
}  # fmt: skip


def say_where_it_is() -> None:
    """What every task waits for, in the log: for whoever asks why it does not end."""
    for task in asyncio.all_tasks():
        task.print_stack()


async def work() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, say_where_it_is)
    await run_worker(service, service.settings.read("database", "kafka"))


if __name__ == "__main__":
    react(orders.on)
    for change in sys.argv[1:]:
        CHANGES[change]()
    uvloop.run(work())
