"""Whoever is called off ends, also when others' code keeps the first call to itself."""

import asyncio

from shared.tasks import call_off


async def deaf(once: asyncio.Event) -> None:
    """As a loop that waits by `asyncio.wait_for` of Python 3.11, when what it waits for is done at that moment."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        once.set()
    await asyncio.sleep(60)


async def test_a_call_that_was_not_heard_is_repeated() -> None:
    once = asyncio.Event()
    task, other = asyncio.create_task(deaf(once)), asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await call_off([task, other], patience=0.05)
    assert once.is_set() and task.cancelled() and other.cancelled()


async def test_nobody_is_waited_for_who_has_ended() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await call_off([task])
    assert not task.cancelled()


async def test_a_relay_that_is_woken_at_that_moment_ends() -> None:
    """Its loop, as it was found at the end of a worker: woken by a job that had just ended, called off, and alive for ever."""
    wake = asyncio.Event()

    async def loop() -> None:
        while True:
            wake.clear()
            try:
                await asyncio.wait_for(wake.wait(), 0.02)
            except TimeoutError:
                continue

    for turns in range(4):  # some number of turns of the loop lies between the waking and the call
        task = asyncio.create_task(loop())
        await asyncio.sleep(0.01)
        wake.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await call_off([task], patience=0.05)
        assert task.done()
