"""What a service is made of. Its `app.py` says it; `shared/api.py` and `shared/worker.py` run it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clocks.clock import Clock
from shared.clocks.terms import InForce
from shared.health import Health
from shared.metrics import Metrics
from shared.profiles import Part
from shared.reactions import Listener
from shared.settings import ServiceSettings
from shared.sources import Sources
from shared.tally import Count
from shared.units import Units


@dataclass(frozen=True, slots=True)
class Means:
    """What a process of a service has at hand; made once, at its start."""

    settings: Any  # of the service's own class
    units: Units
    sources: Sources
    metrics: Metrics
    health: Health
    engine: AsyncEngine
    pool: asyncpg.Pool | None = None  # workers only
    wake: asyncio.Event = field(default_factory=asyncio.Event)  # tells the relay that there is something to publish

    @property
    def config(self) -> Path | None:
        """The operator's folder."""
        return self.settings.config if self.settings else None


@dataclass(frozen=True, slots=True)
class Job:
    """Something that time makes happen. `run` does what is due and says whether there was anything: if so, it is run again at once.

    Any number of workers run it side by side; `name` is what probes and logs call it. Without `longest` it ends when it ends, and says itself that
    it turns (`shared/leased.py`).
    """

    name: str
    run: Callable[[Means], Awaitable[bool]]
    every: timedelta = timedelta(seconds=1)
    longest: float | None = 50.0  # seconds


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    title: str  # of its API document
    settings: type[ServiceSettings]
    metadata: MetaData
    migrations: Path
    policy: type[Part] = Part  # its part of a trade profile
    clock: type[Clock] | None = None  # what it watches the time with ...
    in_force: InForce | None = None  # ... and what one of them would run by under a profile
    routers: Callable[[], Sequence[Any]] = tuple  # of FastAPI
    sheets: Callable[[], Sequence[Any]] = tuple  # its registers as tables (shared/registers/sheet.py)
    imports: Sequence[Any] = ()  # what comes in from spreadsheets: kinds (shared/imports/kind.py)
    listeners: Sequence[Listener] = ()
    jobs: Callable[[Means], Sequence[Job]] = lambda _: ()
    circumstances: Callable[[Means], Mapping[str, Any]] = lambda _: {}
    at_start: Callable[[Means], Awaitable[None]] | None = None  # looks at the database once it fits; refuses by a SettingsError
    gauges: Sequence[Callable[[Means], Awaitable[None]]] = ()  # numbers read from the database for /metrics
    counting: Mapping[str, Count] = field(default_factory=dict)  # numbers counted when an event of this type has left (shared/tally.py)
