"""Which version of a profile was in force from when: written down by the first process that works with it, and never changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.clock import now
from shared.entities import Timestamp
from shared.ids import uuid7
from shared.plumbing import Plumbing
from shared.profiles import Profile, Trade
from shared.service import Job, Means
from shared.settings import VERSION

LOCK = 0x0CA50  # one writer a database
WRITE = """
INSERT INTO profile (id, name, version, digest, changed_by, why, content, build, in_force_since)
SELECT $1, $2::varchar, $3, $4::varchar, $5, $6, $7, $8, $9
WHERE $4 IS DISTINCT FROM (SELECT digest FROM profile WHERE name = $2 ORDER BY in_force_since DESC, id DESC LIMIT 1)"""


class ProfileVersion(Plumbing, table=True):
    """A profile as it was in force. A version that comes back after another is a row of its own."""

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
    """At the start; and once an hour, which changes nothing."""

    async def write(means: Means) -> bool:
        await write_down(means.pool, trade.profiles)
        return False

    return Job("profiles", write, timedelta(hours=1))


async def write_down(pool: Any, profiles: Mapping[str, Profile[Any]]) -> None:
    at = now()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        for it in profiles.values():
            content = orjson.dumps(it.content).decode()
            await connection.execute(WRITE, uuid7(), it.name, it.version, it.digest, it.by, it.why, content, VERSION, at)
