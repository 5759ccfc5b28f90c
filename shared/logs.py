"""One JSON object a line on standard output, whoever speaks: we, the libraries, warnings, tracebacks.

Nothing of a customer may stand in it. So an exception is told by its type, where it happened and, for a database error, which rule it broke;
its text is told only where the text can't hold a value that somebody sent. And the last step masks what looks like a contact point.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from time import monotonic
from types import TracebackType
from typing import Any

import asyncpg
import httpx
import orjson
import structlog
from aiokafka.errors import KafkaError

from shared.errors import Refusal
from shared.masking import masked_facts
from shared.settings import VERSION

TELLABLE: tuple[type[BaseException], ...] = (
    OSError,
    RuntimeError,
    TypeError,
    AttributeError,
    ImportError,
    AssertionError,
    KafkaError,
    httpx.HTTPError,
    Refusal,
)
FRAMES = 30  # the innermost ones; a recursion error has a thousand
REPEATED_EVERY = 10.0  # seconds
MOST_TOLD = 500
CHAIN = 8  # causes of causes

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def configure(service: str, role: str, level: str = "INFO", slot: int | None = None) -> None:
    """Make every logger of this process speak like this, also those that were made before."""
    always = {"service": service, "role": role, "version": VERSION} | ({} if slot is None else {"slot": slot})

    def introduce(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**always, **line}

    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        introduce,
        _tell,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_discreet)
    handler.addFilter(_patient())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _tell, _masked, _line]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in ("aiokafka", "httpx", "httpcore", "uvicorn", "asyncio"):  # they tell at INFO what we tell better
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    sys.excepthook = _last_words


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("careloop").critical("the process ends", exc_info=(kind, error, trace))


def _patient() -> Callable[[logging.LogRecord], bool]:
    """A client that tries to connect again and again says so each time; now and then is enough."""
    told: dict[tuple[str, str], float] = {}

    def lets_by(record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        what = record.name, str(record.msg)
        if monotonic() - told.get(what, -REPEATED_EVERY) < REPEATED_EVERY:
            return False
        if len(told) > MOST_TOLD:
            told.clear()
        told[what] = monotonic()
        return True

    return lets_by


def _discreet(record: logging.LogRecord) -> bool:
    """Foreign loggers print exceptions into their messages, asyncio even whole tasks with theirs."""
    if isinstance(record.args, tuple):
        record.args = tuple(told(it) if isinstance(it, BaseException) else it for it in record.args)
    if record.name == "asyncio" and isinstance(record.msg, str):
        record.msg = record.msg.partition("\n")[0]
    return True


def _tell(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = line.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        line["exception"] = list(_chain(error))
    line.pop("stack_info", None)
    return {key: told(it) if isinstance(it, BaseException) else it for key, it in line.items()}


def _masked(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Whatever got past everybody who should have known better. `ts` is ours."""
    return {key: it if key == "ts" else masked_facts(it) for key, it in line.items()}


def _line(_: object, __: str, line: MutableMapping[str, Any]) -> str:
    return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _chain(error: BaseException | None, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The error first, then what caused it."""
    while error is not None and depth < CHAIN:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        yield {"error": told(error), "at": [f"{it.filename}:{it.lineno} {it.name}" for it in frames]}
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _chain(inner, depth + 1)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        depth += 1


def told(error: BaseException) -> str:
    """An exception in words that hold nothing of a row, a request or a record."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, asyncpg.PostgresError):
        broken = [getattr(error, it, None) for it in ("sqlstate", "table_name", "column_name", "constraint_name")]
        return f"{name} ({', '.join(str(it) for it in broken if it)})"
    if isinstance(error, TELLABLE) and str(error):
        return f"{name}: {str(error)[:500]}"
    return name
