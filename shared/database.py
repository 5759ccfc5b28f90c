"""The two ways to PostgreSQL: a session for one request or job, a pool for batches. Both end in the same outbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import outbox
from shared.contracts import Event
from shared.entities import Entity
from shared.outbox import Announcement, Cause
from shared.outcome import Gone, Outcome

STATEMENT = 30  # seconds
IDLE = 8  # seconds in a transaction that does nothing; less than the relay takes for settled (`shared/relay.py`)


async def open_pool(dsn: str, *, size: int = 4, name: str = "worker") -> asyncpg.Pool:
    """Plans are made for the parameters at hand: one that was made while a table was empty would stay for ever. No connection is opened yet."""
    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=size, init=speak_jsonb, command_timeout=60, timeout=5, max_inactive_connection_lifetime=300,
        server_settings={"plan_cache_mode": "force_custom_plan", "application_name": name, "idle_in_transaction_session_timeout": "5000"},
    )  # fmt: skip


def open_engine(dsn: str, *, size: int = 8, name: str = "api") -> AsyncEngine:
    """For sessions."""
    engine = create_async_engine(
        dsn.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=size, max_overflow=0, pool_timeout=10, pool_recycle=1800,
        json_serializer=lambda value: orjson.dumps(value).decode(), json_deserializer=orjson.loads,
        connect_args={
            "timeout": 5, "command_timeout": STATEMENT + 5,
            "server_settings": {"application_name": name, "statement_timeout": str(STATEMENT * 1000), "idle_in_transaction_session_timeout": str(IDLE * 1000)},
        },
    )  # fmt: skip
    event.listen(engine.sync_engine, "checkout", check_is_open)
    return engine


def check_is_open(connection: Any, *_: Any) -> None:
    """Before it is lent; a closed one is replaced. SQLAlchemy's own way asks the server, in three round trips a request, and waits when that is silent."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def speak_jsonb(connection: asyncpg.Connection) -> None:
    """As SQLAlchemy sets its own connections up: text in, objects out."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=lambda text: b"\1" + text.encode(), decoder=lambda raw: orjson.loads(raw[1:])
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine, cause: Cause | None = None) -> AsyncIterator[AsyncSession]:
    """One request, one transaction: entities first, what was announced last. Autoflush is off: a row written early would come before its key's lock."""
    async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
        session.info["cause"] = cause or Cause()
        yield session
        await session.flush()
        if announced := announcements(session):
            await outbox.write(await driver_of(session), announced)
        await session.commit()


async def driver_of(session: AsyncSession) -> Any:
    """The asyncpg connection beneath, in the session's transaction."""
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():  # SQLAlchemy begins with the first statement of its own
        await connection.exec_driver_sql("SELECT 1")
    return driver


def keep(session: AsyncSession, outcome: Outcome, cause: Cause | None = None) -> None:
    """Let what came of a rule become true with this session's transaction; a job says of what it came."""
    for it in outcome:
        if isinstance(it, Event):
            announcements(session).append((it, cause or session.info["cause"]))
        elif isinstance(it, Entity):
            session.add(it)
        elif isinstance(it, Gone):
            session.expunge(it.entity) if it.entity in session.new else session.sync_session.delete(it.entity)


def announcements(session: AsyncSession) -> list[Announcement]:
    announced: list[Announcement] = session.info.setdefault("announced", [])
    return announced
