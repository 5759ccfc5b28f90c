"""A service's delivery room over a database of its own, without Kafka: records in, effects and announcements out."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import now
from shared.contracts.telling import OfNoticeRequest
from shared.database import open_engine, open_pool
from shared.delivery import Room
from shared.gate import Gate
from shared.metrics import Metrics
from shared.reactions import Listener
from shared.service import Service
from shared.sources import Source, Sources
from shared.topics import OURS, TOPICS
from shared.units import Unit, Units

UNITS = Units(default="headquarters", units={"headquarters": Unit(), "overseas": Unit(zone="Europe/Berlin")})
INBOUND = frozenset(name for name, topic in TOPICS.items() if topic.inbound)


class KnownSources(Sources):
    """Every source that a test needs; `/telephony` may write calls only."""

    def __init__(self) -> None:
        ours = {name: Source.model_construct(topics=topics, unit=None) for name, topics in OURS.items()}
        self.known = ours | {
            name: Source.model_construct(topics=INBOUND, unit=None) for name in ("/erp", "/shop", "/crm", "/logistics", "/surveys", "/hr")
        }
        self.known |= {"/telephony": Source.model_construct(topics=frozenset({"careloop.inbound.calls"}), unit=None)}

    def refresh(self) -> None:
        pass


@dataclass
class World:
    """One service and its database."""

    service: str
    dsn: str
    pool: asyncpg.Pool
    engine: AsyncEngine
    room: Room
    clock: list[datetime | None] = field(default_factory=lambda: [None])

    async def handle(self, *records: Any) -> dict[str, str]:
        return await self.room.handle(records)

    async def rows(self, table: str, columns: str = "*", where: str = "true", *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(f"SELECT {columns} FROM {table} WHERE {where}", *values)]

    async def announced(self) -> list[tuple[str, dict[str, Any] | None]]:
        """Wire names and bodies in the order of the outbox. Who at work is to be told stands apart."""
        return [
            (row["type"], row["payload"] and orjson.loads(row["payload"]))
            for row in await self.pool.fetch("SELECT type, payload FROM outbox WHERE type <> $1 ORDER BY position", OfNoticeRequest.name)
        ]

    async def requested(self, *, moot: bool = False) -> list[dict[str, Any]]:
        """Who at work is to be told what, in the order of the outbox; or what nobody is to be told any more."""
        found = await self.pool.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY position", OfNoticeRequest.name)
        return [it for row in found if (it := orjson.loads(row["payload"])).get("moot", False) is moot]

    async def empty(self) -> None:
        """All but the audit trail, from which nobody can take anything."""
        tables = [
            row["tablename"]
            for row in await self.pool.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'audit')"
            )
        ]
        await self.pool.execute("; ".join(f"DELETE FROM {name}" for name in tables))
        self.room.windows.last.clear()


@asynccontextmanager
async def world(
    databases: Any, service: Service, *, listeners: Sequence[Listener] | None = None, circumstances: Mapping[str, Any] | None = None
) -> AsyncIterator[World]:
    """`listeners` in place of the service's own, where a test brings a reaction along."""
    database = await databases.migrated(service.name)
    pool, engine = await open_pool(database.dsn, size=4), open_engine(database.dsn, size=4)
    moment: list[datetime | None] = [None]

    def clock() -> datetime:
        return moment[0] or now()

    gate = Gate(service.name, service.listeners if listeners is None else listeners, KnownSources(), now)
    room = Room(
        pool, gate, lambda: {"at": clock(), "units": UNITS, **(circumstances or {})}, Metrics(service.name, "test"), unit=UNITS.default
    )
    try:
        yield World(service.name, database.dsn, pool, engine, room, moment)
    finally:
        await engine.dispose()
        pool.terminate()
