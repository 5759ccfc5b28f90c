"""Work in a process of its own: what it says and raises arrives, and it ends when nobody wants it any more."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pytest

from shared import apart as apart_
from shared.apart import Died, Send, apart, result
from shared.errors import Invalid
from tests.waiting import until


def counts(send: Send, up_to: int) -> None:
    for number in range(up_to):
        send(str(number).encode())


async def sends_from_a_loop(send: Send) -> None:
    await asyncio.sleep(0)
    send(b"from a loop")


def refuses(send: Send) -> None:
    raise Invalid("It does not fit.", field="/kind")


def holds_what_cannot_travel(send: Send) -> None:
    error = ValueError("it has a function in it")
    error.held = lambda: None  # type: ignore[attr-defined]
    raise error


def is_killed(send: Send) -> None:
    send(b"begun")
    os.kill(os.getpid(), signal.SIGKILL)


def says_nothing(send: Send) -> None:
    while True:
        signal.pause()


def over(process: psutil.Process) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE

    return asked


def says_who_it_is_and_goes_on(send: Send) -> None:
    send(str(os.getpid()).encode())
    while True:
        send(b"x" * 100_000)


async def test_what_it_sends_arrives_in_order_and_whole() -> None:
    assert await result(counts, 12) == b"01234567891011"
    assert await result(sends_from_a_loop) == b"from a loop"


async def test_a_refusal_is_raised_as_it_is() -> None:
    with pytest.raises(Invalid, match="It does not fit") as caught:
        await result(refuses)
    assert caught.value.field == "/kind"


@pytest.mark.parametrize("work", [holds_what_cannot_travel, is_killed])
async def test_an_end_that_is_none_is_told(work: Callable[..., None]) -> None:
    with pytest.raises(Died):
        await result(work)


async def test_whoever_leaves_ends_it_though_nobody_reads() -> None:
    async with apart(says_who_it_is_and_goes_on) as pieces:
        process = psutil.Process(int(await anext(pieces)))
        assert process.is_running()
    await until(over(process))


async def test_whoever_is_cancelled_ends_it() -> None:
    begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def reads() -> None:
        async with apart(says_who_it_is_and_goes_on) as pieces:
            begun.set_result(int(await anext(pieces)))
            async for _ in pieces:
                pass

    reading = asyncio.create_task(reads())
    process = psutil.Process(await begun)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(over(process))


async def test_whoever_is_cancelled_while_it_begins_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would never say a word at which it could find out that nobody listens."""
    begun: list[int] = []
    go_on, start = threading.Event(), apart_.CONTEXT.Process.start

    def slowly(process: Any) -> None:
        start(process)
        begun.append(process.pid)
        go_on.wait(10)

    async def has_begun() -> list[int]:
        return begun

    monkeypatch.setattr(apart_.CONTEXT.Process, "start", slowly)
    reading = asyncio.create_task(result(says_nothing))
    process = psutil.Process((await until(has_begun))[0])
    reading.cancel()
    await asyncio.wait([reading], timeout=0.1)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(over(process))
