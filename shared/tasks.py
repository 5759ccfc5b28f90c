"""Calls tasks off, and sees to it that they hear it."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

log = structlog.get_logger()

HEARD = 6.0  # seconds; a relay's producer takes five to part with what it holds
TIMES = 3


async def call_off(tasks: Iterable[asyncio.Task[Any]], *, patience: float = HEARD) -> None:
    """Again and again: others' code may keep a cancellation to itself, as `asyncio.wait_for` of Python 3.11 does when what it waits for is
    done at that moment."""
    pending = [task for task in tasks if not task.done()]
    for _ in range(TIMES):
        for task in pending:
            task.cancel()
        if not pending:
            return
        _, left = await asyncio.wait(pending, timeout=patience)
        pending = list(left)
    if pending:
        log.error("tasks do not end, and are left behind", tasks=sorted(task.get_name() for task in pending))
