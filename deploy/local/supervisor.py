"""Keeps children alive: a crashed one comes back with back-off and its name on the screen; all of them go when we go."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deploy.local.leash import end, kill, spawn, started_at
from deploy.local.place import write_private

FIRST_PAUSE, LONGEST_PAUSE, WELL_AFTER = 0.5, 30.0, 60.0  # seconds
LOOK = 0.1
GRACE = 30.0


class Part(Protocol):
    """What can be kept alive: a program, PostgreSQL, Kafka."""

    name: str
    log: Path
    child: subprocess.Popen[bytes] | None

    def launch(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class Program:
    """A command that runs until it is told to end."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.env = env
        self.child: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        self.child = spawn(self.command, log=self.log, on_our_death=signal.SIGKILL, env=self.env)

    def stop(self) -> None:
        if self.child is not None:
            end(self.child, signal.SIGTERM, GRACE)

    def kill(self) -> None:
        if self.child is not None:
            kill(self.child)


class Supervisor:
    """Starts parts, watches them, and ends them in the opposite order, group by group."""

    def __init__(self, ledger: Path, say: Callable[[str], None]) -> None:
        self.ledger = ledger
        self.say = say
        self.groups: list[list[Part]] = []
        self.watchers: list[asyncio.Task[None]] = []

    def start(self, *parts: Part) -> None:
        """One group, all at once. From the main thread, as every child is tied to it."""
        self.groups.append(list(parts))
        for part in parts:
            part.launch()
        self._record()
        self.watchers += [asyncio.create_task(self._watch(part), name=part.name) for part in parts]

    async def stop(self) -> None:
        for watcher in self.watchers:
            watcher.cancel()
        await asyncio.gather(*self.watchers, return_exceptions=True)
        while self.groups:
            await asyncio.gather(*(asyncio.to_thread(part.stop) for part in self.groups[-1]))
            self.groups.pop()
        self.ledger.unlink(missing_ok=True)

    def kill(self) -> None:
        """When there is no patience left."""
        for group in reversed(self.groups):
            for part in group:
                part.kill()

    async def _watch(self, part: Part) -> None:
        pause = FIRST_PAUSE
        while True:
            assert part.child is not None
            since = time.monotonic()
            while (code := part.child.poll()) is None:
                await asyncio.sleep(LOOK)
            if time.monotonic() - since > WELL_AFTER:
                pause = FIRST_PAUSE
            self.say(f"{part.name} ended ({_ending(code)}) and is started again in {pause:g} s; its log: {part.log}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                part.launch()
            except OSError as error:
                self.say(f"{part.name} can't be started: {error}")
            self._record()

    def _record(self) -> None:
        """Who is ours, for `make stop` should we be gone by then."""
        children = [part.child.pid for group in self.groups for part in group if part.child]
        write_private(self.ledger, json.dumps({str(pid): started_at(pid) for pid in (os.getpid(), *children)}))


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"by {signal.Signals(-code).name}"
