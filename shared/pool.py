"""The API's way to PostgreSQL, watched: an outage is waited for, but a pool that is stuck while the database answers others is our own fault.

Such a pool is thrown away and opened anew. The process is not ready meanwhile, and ends when that does not help within a minute.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from shared.faults import beneath_of
from shared.health import Health
from shared.logs import log
from shared.metrics import Metrics
from shared.outage import is_away

EVERY = 5.0  # seconds between two looks
PATIENCE = 12.0  # seconds for a connection of the pool; a statement may take 30, but not all of them always do
WEDGED = 60.0  # seconds after which we give up


class Wedged(Exception):
    """The pool does not come back to life; the process ends and is started again."""


class PoolWatch:
    """Looks after one engine's pool."""

    def __init__(self, engine: AsyncEngine, dsn: str, health: Health, metrics: Metrics, *, at_first: Callable[[], Awaitable[bool]]) -> None:
        self._engine, self._dsn, self._health, self._metrics, self._at_first = engine, dsn, health, metrics, at_first
        self._stuck_since: float | None = None
        self._fits = False
        health.ready_when("schema")
        health.ready_when("pool")
        health.reached("pool")
        self._measure()
        metrics.refresh(self._show, every=0)

    async def run(self, every: float = EVERY) -> None:
        """Until cancelled."""
        while True:
            self._health.beat("pool")
            await self.look()
            await asyncio.sleep(every if self._fits else min(every, 1.0))

    async def look(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE), self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:  # noqa: BLE001  whatever it is, the question is whose fault
            await self._whose_fault(error)
            return
        self._health.dependency("postgres").up()
        self._stuck_since = None
        self._health.reached("pool")
        if not self._fits:
            await self._first()

    async def _first(self) -> None:
        try:
            self._fits = await self._at_first()
        except Exception as error:
            if not is_away(beneath_of(error)):
                raise
        if self._fits:
            self._health.reached("schema")

    async def _whose_fault(self, error: Exception) -> None:
        reason = type(beneath_of(error)).__name__
        if not await answers_others(self._dsn):
            self._health.dependency("postgres").down(reason)
            self._stuck_since = None
            return
        self._health.dependency("postgres").up()
        self._health.lost("pool")
        self._stuck_since = self._stuck_since or monotonic()
        if monotonic() - self._stuck_since > WEDGED:
            raise Wedged("The connection pool is stuck though the database answers.") from error
        log.warning("the pool is stuck and opened anew", error=error)
        await self._engine.dispose(close=False)  # what is lent out is closed by whoever holds it
        self._measure()

    def _measure(self) -> None:
        """SQLAlchemy tells when a connection is lent, not how long somebody waited for it."""
        pool: Any = self._engine.pool
        connect, waited = pool.connect, self._metrics.db_pool_wait_seconds

        def timed() -> Any:
            began = perf_counter()
            try:
                return connect()
            finally:
                waited.observe(perf_counter() - began)

        pool.connect = timed

    async def _show(self) -> None:
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            self._metrics.db_pool_size.set(pool.size())
            self._metrics.db_pool_in_use.set(pool.checkedout())


async def answers_others(dsn: str) -> bool:
    """Does the database answer a connection that is not the pool's?"""
    try:
        async with asyncio.timeout(5):
            connection = await asyncpg.connect(dsn, timeout=5)
            try:
                await connection.fetchval("SELECT 1")
            finally:
                connection.terminate()
    except Exception:  # noqa: BLE001
        return False
    return True
