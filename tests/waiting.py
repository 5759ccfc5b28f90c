"""Waits for what another task or process does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

It = TypeVar("It")


async def until(asked: Callable[[], Awaitable[It]], *, seconds: float = 15) -> It:
    """The first answer that is not empty or false."""
    async with asyncio.timeout(seconds):
        while not (answer := await asked()):
            await asyncio.sleep(0.1)
        return answer
