"""Looks at everything a system stands on, and says of each whether it is as it must be."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from deploy.broker import administrator
from deploy.database import connected
from deploy.profiles import check
from deploy.topics import differences
from shared.clock import OFFSET, now
from shared.errors import Refusal
from shared.health import Health
from shared.issuers import ALONE, idp, with_keys
from shared.issuers import known as issuers_known
from shared.migrations import head, known
from shared.service import Service
from shared.settings import ServiceSettings, SettingsError
from shared.sources import Sources
from shared.units import Units

LOCKS = 256  # a batch locks the key of every event that it announces
APART = 2.0  # seconds that PostgreSQL's clock may differ from ours

REVISION = "SELECT version_num FROM alembic_version"
RIGHTS = """
SELECT rolsuper AS superuser, pg_has_role(current_user, datdba, 'MEMBER') AS owner
FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"""
NEIGHBOURS = """
SELECT datname FROM pg_database
WHERE datname = ANY($1) AND datname <> current_database() AND has_database_privilege(current_user, datname, 'CONNECT') ORDER BY datname"""


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    message: str


async def of_database(service: Service, dsn: str, others: set[str]) -> AsyncIterator[Finding]:
    """`others`: the names of the databases that belong to other services."""
    try:
        async with connected(dsn) as connection:
            yield Finding(f"database {service.name}", True, f"PostgreSQL {connection.get_server_version().major} answers.")
            yield await schema(service, connection)
            yield await rights(service.name, connection, others)
            locks = int(await connection.fetchval("SHOW max_locks_per_transaction"))
            wanting = f"max_locks_per_transaction is {locks}" + (
                "." if locks >= LOCKS else f"; set it to {LOCKS} or more and restart PostgreSQL."
            )
            yield Finding(f"locks {service.name}", locks >= LOCKS, wanting)
            yield await clocks(service.name, connection)
    except Refusal as error:
        yield Finding(f"database {service.name}", False, str(error))


async def schema(service: Service, connection: asyncpg.Connection) -> Finding:
    there = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
    revision = await connection.fetchval(REVISION) if there else None
    good = revision is not None and (revision == head(service.migrations) or revision not in known(service.migrations))
    return Finding(
        f"schema {service.name}",
        good,
        f"It is at {revision or 'nothing'}"
        + ("." if good else f"; `careloop migrate {service.name}` brings it to {head(service.migrations)}."),
    )


async def rights(name: str, connection: asyncpg.Connection, others: set[str]) -> Finding:
    """The runtime role changes rows of its own database, and nothing else."""
    role = await connection.fetchrow(RIGHTS)
    open_ones = [row["datname"] for row in await connection.fetch(NEIGHBOURS, list(others))]
    if role["superuser"]:
        return Finding(f"role {name}", False, "It is a superuser; give the service a role of its own.")
    if open_ones:
        return Finding(f"role {name}", False, f"It may connect to {', '.join(open_ones)}; REVOKE CONNECT ON DATABASE … FROM PUBLIC.")
    if role["owner"]:
        return Finding(f"role {name}", False, "It owns the database; the owner is for migrations, the service needs a role apart.")
    return Finding(f"role {name}", True, "It can see no other service's database.")


async def clocks(name: str, connection: asyncpg.Connection) -> Finding:
    before = now()
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    apart = abs((theirs - (before + (now() - before) / 2 - OFFSET)).total_seconds())
    return Finding(
        f"clock {name}",
        apart <= APART,
        f"PostgreSQL's differs from ours by {apart:.2f} s" + ("." if apart <= APART else "; look at the time service of both machines."),
    )


async def of_kafka(bootstrap: str) -> AsyncIterator[Finding]:
    try:
        async with administrator(bootstrap) as admin:
            cluster = await admin.describe_cluster()
        yield Finding("kafka", True, f"{len(cluster['brokers'])} broker(s) of cluster {cluster['cluster_id']} answer.")
        found = await differences(bootstrap)
        yield Finding(
            "topics",
            not found,
            f"{len(found)} difference(s) from the catalogue; `careloop topics diff` shows them."
            if found
            else "They are as the catalogue says.",
        )
    except Refusal as error:
        yield Finding("kafka", False, str(error))


async def of_keys(settings: ServiceSettings) -> AsyncIterator[Finding]:
    """As the APIs will have them, of every issuer."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # it is told as a finding
    try:
        issuers, health = issuers_known(settings), Health("selfcheck", "selfcheck")
    except SettingsError as error:
        yield Finding("keys", False, str(error))
        return
    for name, (_, keys) in zip(issuers, with_keys(issuers, health), strict=True):
        await keys.fetch()
        reason, variables = health.dependency(idp(name)).reason, "CARELOOP_ISSUER and CARELOOP_JWKS"
        message = (
            f"The issuer's keys are at {keys.source}."
            if keys.loaded
            else f"The issuer's keys can't be had at {keys.source} ({reason}); look at {variables if name == ALONE else 'issuers.toml'}."
        )
        yield Finding("keys" if name == ALONE else f"keys {name}", keys.loaded, message)


async def of_files(folder: Path) -> AsyncIterator[Finding]:
    yield read("sources", folder / "sources.toml", lambda file: f"{len(Sources(file).known)} sources may publish.")
    yield read("units", folder / "units.toml", lambda file: f"{len(Units.read(file).units)} unit(s).")
    yield profiles(folder)


def profiles(folder: Path) -> Finding:
    """In short what `careloop profiles check` tells."""
    found = check([], folder)
    if not found.mistakes:
        return Finding("profiles", True, f"{found.looked_at}.")
    first, *more = found.mistakes
    rest = f" {len(more)} more: `careloop profiles check` tells them." if more else ""
    return Finding("profiles", False, f"{first}{rest}")


def read(what: str, file: Path, reader: Callable[[Path], str]) -> Finding:
    try:
        return Finding(what, True, reader(file))
    except SystemExit as error:
        return Finding(what, False, str(error))
