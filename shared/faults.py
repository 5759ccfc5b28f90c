"""What an exception that nobody caught means to the caller, and to us."""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import Conflict, Refusal
from shared.metrics import Metrics
from shared.outage import is_away
from shared.problems import HttpProblem, Internal, InvalidRequest, Malformed, Unavailable

CLASH = asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError
BEYOND = asyncpg.NumericValueOutOfRangeError, asyncpg.DatetimeFieldOverflowError, asyncpg.StringDataRightTruncationError
UNKEEPABLE = asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError


class Raced(Conflict):
    """Somebody else did the same at the same moment."""

    fix = "Read it again; perhaps nothing is left to do."


def meaning(error: Exception, metrics: Metrics) -> HttpProblem | Refusal:
    """The answer to give; `Internal` is the one that somebody has to look into."""
    beneath = beneath_of(error)
    if isinstance(beneath, PoolTimeout):
        return _counted(metrics, "pool", Unavailable("All connections to the database are in use.", after=1))
    if isinstance(beneath, CLASH):
        return _counted(metrics, "clash", Unavailable("Others are changing the same thing.", after=1))
    if isinstance(beneath, asyncpg.UniqueViolationError):
        return _counted(metrics, "race", Raced("Somebody else did the same at the same moment; read it again."))
    if isinstance(beneath, UNKEEPABLE):
        return Malformed("A text contains a character that can't be kept.", field="", fix="Leave out U+0000 and halves of surrogate pairs.")
    if isinstance(beneath, BEYOND) or never_sent(beneath):
        return InvalidRequest("A value is beyond what can be kept.", fix="Send numbers and dates of ordinary size.")
    if is_away(beneath):
        return _counted(metrics, "away", Unavailable())
    if isinstance(error, DBAPIError) or isinstance(beneath, asyncpg.PostgresError):
        metrics.db_errors_total.labels(kind="error").inc()
    return Internal("Something failed on our side; it is logged under this correlation id.", fix="Tell us the correlation id.")


def beneath_of(error: BaseException) -> BaseException:
    """The driver's own exception under SQLAlchemy's wrappers."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    driver = error.__cause__
    return driver if isinstance(driver, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) else error


def never_sent(error: BaseException) -> bool:
    """asyncpg could not write a value as its column's type: a number or a date beyond it."""
    return type(error) is asyncpg.DataError or (isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError))


def _counted(metrics: Metrics, kind: str, meaning: HttpProblem | Refusal) -> HttpProblem | Refusal:
    metrics.db_errors_total.labels(kind=kind).inc()
    return meaning
