"""The made-up API of `an_api.py` for the tests of the HTTP edge, and what a process says."""

import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from shared import logs
from shared.health import Dependency
from shared.keys import Keys
from tests.shared.an_api import SLEEP, Running, jwks, prepare, running
from tests.shared.an_issuer import AnIssuer, Clock


@pytest.fixture
def keys(tmp_path: Path) -> str:
    path = tmp_path / "jwks.json"
    path.write_text(jwks())
    return str(path)


@pytest.fixture
async def api(databases, keys: str) -> AsyncIterator[Running]:
    database = await databases.empty("customers")
    await prepare(database.owner_dsn)
    async with running(database.dsn, keys) as api:
        yield api
    SLEEP["seconds"] = 0.0


@pytest.fixture
def issuer() -> Iterator[AnIssuer]:
    issuer = AnIssuer()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(issuer: AnIssuer, clock: Clock) -> Keys:
    return Keys(issuer.url, idp=Dependency(clock), clock=clock)


@pytest.fixture
def configured(capsys):
    """Makes this test's process speak as ours do, and gives what it has said."""
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = list(root.handlers)

    def start():
        logs.configure("followup", "api", "INFO", slot=2)
        return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    yield start
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.contextvars.clear_contextvars()
    sys.excepthook = sys.__excepthook__
