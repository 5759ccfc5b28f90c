"""Which version of a profile, which calendars and which notices were in force from when: written down by the first process that works with them, and
never changed."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Field

from shared.clock import now
from shared.database import driver_of, transaction
from shared.entities import Timestamp
from shared.ids import uuid7
from shared.outage import is_away
from shared.plumbing import Plumbing
from shared.profiles import Trade
from shared.profiles.trade import digest_of
from shared.service import Job, Means
from shared.settings import VERSION

log = structlog.get_logger()
LOCK = 0x0CA50  # one writer a database
LAST = "SELECT version, digest, changed_by, why FROM profile WHERE name = $1 ORDER BY in_force_since DESC, id DESC LIMIT 1"
WRITE = """
INSERT INTO profile (id, name, version, digest, changed_by, why, content, build, in_force_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
FOR_EVER = timedelta(days=3650)


class ProfileVersion(Plumbing, table=True):
    """A profile as it was in force, or what belongs to all: `calendars/<name>`, `holidays/<country>-<year>`, of version 0. What comes back after another
    is a row of its own."""

    __tablename__ = "profile"
    __table_args__ = (Index("profile_name", "name", "in_force_since", "id"), Index("profile_newest", "in_force_since", "id"))
    id: UUID = Field(primary_key=True)
    name: str
    version: int
    digest: str  # of its whole content, what it extends included
    changed_by: str
    why: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    build: str  # of Careloop
    in_force_since: datetime = Field(sa_type=Timestamp)


def job(trade: Trade[Any]) -> Job:
    """At the start of a worker, whose profiles stay as they are."""

    async def write(means: Means) -> bool:
        assert means.pool
        async with means.pool.acquire() as connection, connection.transaction():
            await write_down(connection, trade)
        return False

    return Job("profiles", write, FOR_EVER)


async def written_by_an_api(engine: AsyncEngine, trade: Trade[Any]) -> None:
    """It starts clocks as a worker does, and may be the first. The database away, or its schema not there yet, is waited for."""
    while True:
        try:
            async with transaction(engine) as session:
                await write_down(await driver_of(session), trade)
            return
        except Exception as error:
            if not is_away(error):
                raise
        await asyncio.sleep(1)


class InForce(NamedTuple):
    name: str
    version: int
    digest: str
    by: str
    why: str
    content: Mapping[str, Any]


def in_force(trade: Trade[Any]) -> Iterator[InForce]:
    """The profiles, and what else of the operator's files decides about time: calendars of teams, notices of holidays. These have no version."""
    for it in trade.profiles.values():
        yield InForce(it.name, it.version, it.digest, it.by, it.why, it.content)
    for name, part in trade.calendars.items():
        yield unnumbered(f"calendars/{name}", part.model_dump(mode="json", exclude_defaults=True), "calendars.toml")
    for notice in trade.knowledge.notices:
        yield unnumbered(f"holidays/{notice.country}-{notice.year}", notice.model_dump(mode="json"), notice.source)


def unnumbered(name: str, content: Mapping[str, Any], why: str) -> InForce:
    return InForce(name, 0, digest_of(content), "operators", why, content)


async def write_down(connection: asyncpg.Connection, trade: Trade[Any]) -> None:
    """What is not in force already, as far as the database knows. Content that changed under an old version is written too, and told."""
    at = now()
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    for it in in_force(trade):
        last = await connection.fetchrow(LAST, it.name)
        if last and tuple(last) == (it.version, it.digest, it.by, it.why):
            continue
        if last and it.version and last["version"] == it.version and last["digest"] != it.digest:
            log.warning("a profile has changed without a new version", profile=it.name, version=it.version)
        content = orjson.dumps(it.content).decode()
        await connection.execute(WRITE, uuid7(), it.name, it.version, it.digest, it.by, it.why, content, VERSION, at)
