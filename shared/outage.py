"""Which errors pass by themselves: a database that is away is waited for, a clash with somebody else is tried again. Everything else is a bug."""

from collections.abc import Iterator

import asyncpg

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby answered
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,  # not migrated yet
    asyncpg.UndefinedColumnError,
)
MENDED_BY_NO_WAITING = (ValueError, IsADirectoryError, NotADirectoryError)
CLASH = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError, asyncpg.LockNotAvailableError)


def is_away(error: BaseException) -> bool:
    """asyncpg's DataError about a value is an InterfaceError too, and a folder where a file should be is an OSError; no waiting mends those."""
    return any(isinstance(it, AWAY) and not isinstance(it, MENDED_BY_NO_WAITING) for it in causes(error))


def is_clash(error: BaseException) -> bool:
    """Usually a race: the second try sees what the first could not."""
    return any(isinstance(it, CLASH) for it in causes(error))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from: SQLAlchemy wraps what the driver says."""
    while error is not None:
        yield error
        error = error.__cause__


def name_of(error: BaseException) -> str:
    """The driver's own name for it."""
    return type(list(causes(error))[-1]).__name__
