"""How each kind of fault is done, and mended. Everything is broken here and nowhere else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.chaos import older
from tests.chaos.schedule import Fault

if TYPE_CHECKING:
    from tests.chaos.stage import Stage


class NotHere(Exception):
    """This machine can't do that; the text says why."""


async def kill(stage: "Stage", fault: Fault) -> None:
    """SIGKILL, and back at once."""
    process = stage.processes[fault.victim]
    process.kill()
    process.start()


async def restart(stage: "Stage", fault: Fault) -> None:
    """SIGTERM, and back once it went."""
    process = stage.processes[fault.victim]
    await process.end()
    process.start()


async def freeze(stage: "Stage", fault: Fault) -> None:
    """It believes that no time went by; the group went on without it."""
    process = stage.processes[fault.victim]
    process.freeze()
    try:
        await asyncio.sleep(fault.lasts)
    finally:
        process.thaw()


async def crash_postgres(stage: "Stage", fault: Fault) -> None:
    stage.postgres.kill()
    await asyncio.sleep(fault.lasts)
    await stage.restore_postgres()


async def pause_postgres(stage: "Stage", fault: Fault) -> None:
    """Connections stay and say nothing."""
    stage.pause_postgres()
    try:
        await asyncio.sleep(fault.lasts)
    finally:
        stage.resume_postgres()


async def cut_connections(stage: "Stage", fault: Fault) -> None:
    """All of them, amid whatever they do."""
    await stage.cut_connections()


async def fill_disk(stage: "Stage", fault: Fault) -> None:
    """Somebody else's file takes all that is left, and is gone again. What did not survive that is started, as an operator would."""
    if stage.disks.missing:
        raise NotHere(stage.disks.missing)
    await asyncio.to_thread(stage.disks.fill, fault.how)
    try:
        await asyncio.sleep(fault.lasts)
    finally:
        stage.disks.free(fault.how)
    await stage.restore_postgres()


async def crash_broker(stage: "Stage", fault: Fault) -> None:
    stage.broker.kill()
    await asyncio.sleep(fault.lasts)
    await stage.restore_broker()


async def restart_broker(stage: "Stage", fault: Fault) -> None:
    await asyncio.to_thread(stage.broker.stop)
    await asyncio.sleep(fault.lasts)
    await stage.restore_broker()


async def pause_broker(stage: "Stage", fault: Fault) -> None:
    """It stays connected and says nothing."""
    stage.broker.pause()
    try:
        await asyncio.sleep(fault.lasts)
    finally:
        stage.broker.resume()


async def third_worker(stage: "Stage", fault: Fault) -> None:
    """Partitions move to it, and back."""
    process = stage.process(fault.victim)
    process.start()
    await asyncio.sleep(fault.lasts)
    await process.end()


async def slow_gateway(stage: "Stage", fault: Fault) -> None:
    await in_a_mood(stage, fault, "slow")


async def lying_gateway(stage: "Stage", fault: Fault) -> None:
    await in_a_mood(stage, fault, "lying")


async def in_a_mood(stage: "Stage", fault: Fault, mood: str) -> None:
    provider = stage.gateway.provider
    provider.how = mood  # type: ignore[assignment]
    await asyncio.sleep(fault.lasts)
    provider.how = "well"


async def no_gateway(stage: "Stage", fault: Fault) -> None:
    """Nobody listens, and whoever was inside is put out."""
    await stage.gateway.close()
    await asyncio.sleep(fault.lasts)
    await stage.gateway.open()


async def other_clock(stage: "Stage", fault: Fault) -> None:
    """What it writes ahead of time waits until that time comes."""
    process = stage.processes[fault.victim]
    await process.end()
    process.start(CARELOOP_CLOCK_OFFSET=fault.how)
    await asyncio.sleep(fault.lasts)
    await process.end()
    process.start()


async def other_version(stage: "Stage", fault: Fault) -> None:
    """Two versions work side by side in one group and on one database."""
    if not older.ancestor():
        raise NotHere("there is no git history from which to take an older version")
    process = stage.processes[fault.victim]
    tree = await asyncio.to_thread(older.export, stage.folder)
    await process.end()
    process.start(tree)
    await asyncio.sleep(fault.lasts)
    await process.end()
    process.start()


STRIKES: dict[str, Callable[["Stage", Fault], Awaitable[None]]] = {
    "kill": kill,
    "restart": restart,
    "freeze": freeze,
    "crash postgres": crash_postgres,
    "pause postgres": pause_postgres,
    "cut connections": cut_connections,
    "fill disk": fill_disk,
    "crash broker": crash_broker,
    "restart broker": restart_broker,
    "pause broker": pause_broker,
    "third worker": third_worker,
    "slow gateway": slow_gateway,
    "lying gateway": lying_gateway,
    "no gateway": no_gateway,
    "other clock": other_clock,
    "other version": other_version,
}
