"""How a process is: what the probes are told.

Alive: the event loop turns, and so does every loop that has ever beaten. Started: what has to be there once was there. Ready: nothing is
missing that is this process's own. An outage that all share (PostgreSQL, Kafka) changes neither: it is waited for, and shown in `/healthz`.
"""

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from shared.logs import log
from shared.metrics import Metrics
from shared.settings import VERSION

TURN = 60.0  # seconds a loop may be silent
TICK = 0.5  # seconds between two questions of the watchdog to the event loop
STUCK = 5.0  # seconds without an answer, after which it says where the loop stands


class Dependency:
    """Something that is not ours to keep alive."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.is_up: bool | None = None  # nobody has asked it yet
        self.reason = ""
        self.since = clock()

    def up(self) -> None:
        self._turn(True, "")

    def down(self, reason: str) -> None:
        self._turn(False, reason)

    def _turn(self, is_up: bool, reason: str) -> None:
        if self.is_up is not is_up:
            self.is_up, self.since = is_up, self._clock()
        self.reason = reason

    def told(self) -> dict[str, Any]:
        state = {None: "unknown", True: "up", False: "down"}[self.is_up]
        return {"state": state, "for_seconds": round(self._clock() - self.since, 1)} | ({"reason": self.reason} if self.reason else {})


@dataclass
class Condition:
    """Something that has to be true; `at_start` also before the process counts as started."""

    at_start: bool
    holds: bool = False
    held_once: bool = False


class Health:
    """What the loops, the edges and the watchdogs say of themselves."""

    def __init__(self, service: str, role: str, clock: Callable[[], float] = monotonic) -> None:
        self.service, self.role, self._clock = service, role, clock
        self.loops: dict[str, float] = {}
        self.dependencies: dict[str, Dependency] = {}
        self.conditions: dict[str, Condition] = {}
        self.stopped: dict[str, dict[str, Any]] = {}  # topic → since, reason
        self.facts: dict[str, Any] = {"version": VERSION}
        self.waiting: str | None = None
        self.draining = False
        self._born = clock()
        self._watchdog: Watchdog | None = None

    def beat(self, loop: str) -> None:
        """This loop turns. One that waits for a dependency beats too."""
        self.loops[loop] = self._clock()

    def ends(self, loop: str) -> None:
        """This loop has ended and will not beat again."""
        self.loops.pop(loop, None)

    def dependency(self, name: str) -> Dependency:
        return self.dependencies.setdefault(name, Dependency(self._clock))

    def waits(self, reason: str | None) -> None:
        """What the process waits for, for people; None: it goes on."""
        self.waiting = reason

    def ready_when(self, name: str, *, at_start: bool = False) -> None:
        """The process is not ready before this is reached, and with `at_start` not even started."""
        self.conditions.setdefault(name, Condition(at_start))

    def reached(self, name: str) -> None:
        condition = self.conditions.setdefault(name, Condition(at_start=False))
        condition.holds = condition.held_once = True

    def lost(self, name: str) -> None:
        """It was reached and is so no longer; the process is not ready until it is again."""
        self.conditions.setdefault(name, Condition(at_start=False)).holds = False

    def watch(self, metrics: Metrics) -> None:
        """Let a thread watch the running event loop."""
        self._watchdog = Watchdog(asyncio.get_running_loop(), metrics)
        self._watchdog.start()

    def unwatch(self) -> None:
        if self._watchdog:
            self._watchdog.ended.set()

    def not_alive(self) -> list[str]:
        """Why the process should be killed; nothing if it should live."""
        now = self._clock()
        silent = [f"{name} has not turned for {now - at:.0f} s" for name, at in self.loops.items() if now - at > TURN]
        return silent + ([why] if self._watchdog and (why := self._watchdog.complaint()) else [])

    def not_started(self) -> list[str]:
        return [f"{name} was never reached" for name, it in self.conditions.items() if it.at_start and not it.held_once]

    def not_ready(self) -> list[str]:
        return ["draining"] * self.draining + [f"{name} is missing" for name, it in self.conditions.items() if not it.holds]

    def told(self) -> dict[str, Any]:
        """Everything, for people."""
        now = self._clock()
        return {
            "service": self.service,
            "role": self.role,
            **self.facts,
            "up_seconds": round(now - self._born, 1),
            "alive": not self.not_alive(),
            "started": not self.not_started(),
            "ready": not self.not_ready(),
            "draining": self.draining,
            "waits_for": self.waiting,
            "why_not": [*self.not_alive(), *self.not_ready()],
            "dependencies": {name: it.told() for name, it in sorted(self.dependencies.items())},
            "loops": {name: {"turned_seconds_ago": round(now - at, 1)} for name, at in sorted(self.loops.items())},
            "stopped": self.stopped,
        }

    def show(self, metrics: Metrics) -> None:
        """The same as numbers."""
        metrics.ready.set(not self.not_ready())
        metrics.alive.set(not self.not_alive())
        metrics.draining.set(self.draining)
        for name, it in self.dependencies.items():
            if it.is_up is not None:
                metrics.dependency_up.labels(dependency=name).set(it.is_up)
        metrics.consumption_stopped.clear()
        for topic in self.stopped:
            metrics.consumption_stopped.labels(topic=topic).set(1)


class Watchdog(threading.Thread):
    """Asks the event loop twice a second whether it turns. When it does not, says where it stands: the loop itself can't any more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, metrics: Metrics) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.loop, self.metrics = loop, metrics
        self.watched = threading.get_ident()
        self.ended = threading.Event()
        self.ticked = monotonic()

    def run(self) -> None:
        while not self.ended.is_set():
            self.ticked = asked = monotonic()
            turned = threading.Event()
            try:
                self.loop.call_soon_threadsafe(turned.set)
            except RuntimeError:  # the loop is closed: the process ends
                return
            if not turned.wait(STUCK):
                frame = sys._current_frames().get(self.watched)
                log.warning("the event loop is stuck", at=[f"{it.filename}:{it.lineno} {it.name}" for it in traceback.extract_stack(frame)])
                while not turned.wait(TICK) and not self.ended.is_set():
                    self.ticked = monotonic()
            self.metrics.event_loop_lag_seconds.observe(monotonic() - asked)
            self.ended.wait(TICK)

    def complaint(self) -> str | None:
        silent = monotonic() - self.ticked
        return f"the watchdog has been silent for {silent:.0f} s" if silent > TURN else None
