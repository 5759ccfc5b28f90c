"""The four APIs with something behind them, each made when it is asked for first, and used by all tests here: no case leaves anything behind."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.doors.stage import Stage, on_stage

Stages = Callable[[str], Awaitable[Stage]]


@pytest.fixture(scope="package")
async def stages(databases: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stages]:
    known: dict[str, Stage] = {}
    async with AsyncExitStack() as stack:

        async def of(service: str) -> Stage:
            if service not in known:
                known[service] = await stack.enter_async_context(on_stage(databases, service, tmp_path_factory.mktemp(service)))
            return known[service]

        yield of
