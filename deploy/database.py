"""The services' databases, for operators; what goes wrong is one sentence without a password."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy.exc import DBAPIError

from deploy import places
from deploy.local.databases import SERVICES
from shared.errors import NotFound, Refusal

UNREACHABLE = OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, asyncpg.ConnectionDoesNotExistError
REFUSED = asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError, asyncpg.InsufficientPrivilegeError


class DatabaseRefuses(Refusal):
    """The database does not answer, or does not do it."""


def place_of(dsn: str) -> str:
    """`database at host:port`, without who and the password."""
    parts = urlsplit(dsn)
    return f"{parts.path[1:] or 'the database'} at {parts.netloc.rpartition('@')[2] or 'nowhere'}"


def is_address(dsn: str) -> bool:
    try:
        parts = urlsplit(dsn)
        return parts.scheme == "postgresql" and bool(parts.hostname and parts.path[1:]) and parts.port != 0
    except ValueError:
        return False


@contextmanager
def speaking(dsn: str, variable: str = "CARELOOP_DATABASE") -> Iterator[None]:
    """Whatever the database says inside becomes a sentence with the next step."""
    if not is_address(dsn):
        raise DatabaseRefuses(f"{variable} is no address of a database; write postgresql://role:password@host:port/database.")
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads what we tell has gone; that is no fault of the database's
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, DBAPIError) as error:
        raise DatabaseRefuses(sentence(beneath(error), dsn, variable)) from error


def beneath(error: BaseException) -> BaseException:
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return error.__cause__ if isinstance(error.__cause__, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) else error


def sentence(error: BaseException, dsn: str, variable: str) -> str:
    if isinstance(error, REFUSED):
        return f"PostgreSQL does not let us into {place_of(dsn)}: {error}; look at role and password in {variable}."
    if isinstance(error, (*UNREACHABLE, TimeoutError)):
        return f"PostgreSQL does not answer for {place_of(dsn)}: start it, or mend the address in {variable}."
    if isinstance(error, (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)):
        return f"The schema of {place_of(dsn)} is older than this build: `careloop migrate` brings it up."
    if isinstance(error, asyncpg.LockNotAvailableError):
        return f"Somebody is using {place_of(dsn)} and we gave way: try again in a moment."
    return f"PostgreSQL refuses in {place_of(dsn)}: {error}."


@asynccontextmanager
async def connected(dsn: str, variable: str = "CARELOOP_DATABASE") -> AsyncIterator[asyncpg.Connection]:
    with speaking(dsn, variable):
        connection = await asyncpg.connect(dsn, timeout=5, command_timeout=30, server_settings={"application_name": "careloop command"})
        try:
            yield connection
        finally:
            connection.terminate()


def databases(service: str | None) -> list[tuple[str, str]]:
    """Name and address: the one that CARELOOP_DATABASE names, otherwise those of the system that runs here, all or one."""
    if service is not None and service not in SERVICES:
        raise NotFound(f"There is no service {service!r}; the services are {', '.join(SERVICES)}.")
    if given := places.told("database"):
        return [(service or urlsplit(given).path[1:], given)]
    return [(name, places.database(name)) for name in ([service] if service else SERVICES)]
