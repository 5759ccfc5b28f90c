"""`careloop run`: brings a system up, shows what it can do, keeps it alive, and takes everything down with it."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from deploy.local.leash import CannotStart
from deploy.local.place import read_json, run_folder
from deploy.local.readiness import everything_answers, first_messages
from deploy.local.screen import page, say, stories
from deploy.local.system import System
from shared.errors import Refusal

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    run = run_folder()
    run.mkdir(parents=True, exist_ok=True)
    run.chmod(0o711)  # PostgreSQL's account must pass where we are root
    with only_one(run):
        code = asyncio.run(until_stopped(run))
    sys.stdout.flush()
    os._exit(code)  # a download or a wait in a thread must not hold the terminal


@contextlib.contextmanager
def only_one(run: Path) -> Iterator[None]:
    """A second start in the same checkout is told of the first."""
    with (run / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(_already(run)) from None
        _tell(lock)
        yield


def _tell(lock: IO[str]) -> None:
    lock.truncate(0)
    lock.write(f"{os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M')}")
    lock.flush()


def _already(run: Path) -> str:
    mailbox = read_json(run / "addresses.json").get("mailbox")
    where = f"its mailbox is {mailbox}, all its addresses are in {run / 'addresses.json'}" if mailbox else "it is still starting"
    return f"Careloop already runs in this checkout (process {(run / 'lock').read_text()}): {where}; `make stop` ends it."


async def until_stopped(run: Path) -> int:
    stopped = asyncio.Event()
    system = System(run, say)

    def stop() -> None:
        if stopped.is_set():
            system.supervisor.kill()
        stopped.set()

    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    working = asyncio.create_task(bring_up(system))
    ending = asyncio.create_task(stopped.wait())
    await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
    failure = working.exception() if working.done() else None
    if failure is None:
        await ending
        say("Stopping…")
    else:
        say(reason_of(failure, system.log("run")))
    working.cancel()
    await asyncio.wait((working,))
    await system.stop()
    if failure is None:
        say("Stopped. `make run` goes on with what is in .run/, `make clean` forgets it.")
    return 1 if failure else 0


def reason_of(failure: BaseException, log: Path) -> str:
    """The sentence of what went wrong first; of a bug, where it is told in full."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    if isinstance(failure, CannotStart | Refusal):
        return str(failure)
    log.write_text("".join(traceback.format_exception(failure)))
    return f"This is a fault of ours ({type(failure).__name__}: {failure}); {log} has the whole story."


async def bring_up(system: System) -> None:
    started = time.monotonic()
    await system.start()
    played = system.run / "samples.played"
    first = not played.exists()
    if first:
        await first_messages(system)
        played.touch()
    await everything_answers(system)
    say(page(system, first))
    say(stories(system))
    say(f"ready after {time.monotonic() - started:.0f} s; Ctrl-C stops everything, data stay in {system.run}")
