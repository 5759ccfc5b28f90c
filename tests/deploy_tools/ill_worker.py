"""A worker with something wrong about it: `python -m tests.deploy_tools.ill_worker SERVICE slow|wedged|skewed`."""

import asyncio
import importlib
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import uvloop

SLOW = 0.06  # seconds for a record: sixteen a second, a batch in less than the minute after which a process counts as wedged
SKEWED = timedelta(seconds=90)


def slow() -> None:
    from shared import delivery

    handle = delivery.Room.handle

    async def slowly(self: delivery.Room, records: Sequence[Any]) -> dict[str, str]:
        for _ in records:
            await asyncio.sleep(SLOW)
        return await handle(self, records)

    delivery.Room.handle = slowly  # type: ignore[method-assign]


def wedged() -> None:
    """It takes a batch and does not come back; everything else of it goes on."""
    from shared import delivery, health

    async def never(self: delivery.Room, records: Sequence[Any]) -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    delivery.Room.handle = never  # type: ignore[method-assign]
    health.TURN = 5.0  # as everything in a drill, this goes faster


def skewed() -> None:
    """Before anybody has taken the clock's function by its name."""
    from shared import clock

    right = clock.now

    def wrong() -> datetime:
        return right() + SKEWED

    clock.now = wrong


def main(service: str, illness: str) -> None:
    {"slow": slow, "wedged": wedged, "skewed": skewed}[illness]()
    worker = importlib.import_module("shared.worker")
    app = importlib.import_module(f"services.{service}.app").service
    uvloop.run(worker.run_worker(app, app.settings.read("database", "kafka")))


if __name__ == "__main__":
    main(*sys.argv[1:])
