"""One JSON object a line, and nothing of a customer in it."""

import json
import logging
import subprocess
import sys
import warnings

import asyncpg
import structlog
from pydantic import BaseModel

from shared import logs

PHONE = "13800138000"


def test_everybody_speaks_json(configured):
    lines = configured()
    with structlog.contextvars.bound_contextvars(correlation_id="c-1", event_id="e-1"):
        logs.log.info("relayed", topic="careloop.followup", partition=3, offset=7)
        logging.getLogger("aiokafka.consumer").warning("lost %s", "node 1")
        logging.getLogger("uvicorn.error").error("bad")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    ours, kafka, uvicorn, warning = lines()
    assert ours | {"ts": 0, "version": 0, "logger": 0} == {
        "ts": 0,
        "version": 0,
        "logger": 0,
        "level": "info",
        "event": "relayed",
        "service": "followup",
        "role": "api",
        "slot": 2,
        "correlation_id": "c-1",
        "event_id": "e-1",
        "topic": "careloop.followup",
        "partition": 3,
        "offset": 7,
    }
    assert (kafka["event"], kafka["correlation_id"], kafka["level"]) == ("lost node 1", "c-1", "warning")
    assert uvicorn["event"] == "bad"
    assert "old" in warning["event"]


def test_a_traceback_is_one_line_and_tells_no_value(configured):
    lines = configured()

    class Guest(BaseModel):
        age: int

    def fail():
        try:
            Guest(age=PHONE + "x")
        except ValueError as error:
            raise KeyError(PHONE) from error

    try:
        fail()
    except KeyError:
        logs.log.exception("it broke")
        logging.getLogger("somebody").exception("it broke too")
    text = lines()
    assert PHONE not in json.dumps(text)
    assert [it["error"] for it in text[0]["exception"]] == ["KeyError", "pydantic_core._pydantic_core.ValidationError"]
    assert " fail" in text[0]["exception"][0]["at"][-1]
    assert text[1]["exception"] == text[0]["exception"]


def test_a_database_error_tells_the_rule_and_not_the_row(configured):
    lines = configured()
    error = asyncpg.UniqueViolationError("duplicate key")
    error.detail, error.constraint_name, error.sqlstate = f"Key (phone)=({PHONE}) already exists.", "customers_phone_key", "23505"
    logs.log.warning("refused", error=error)
    logging.getLogger("sqlalchemy.pool").error("Exception %r", error)
    ours, foreign = lines()
    assert ours["error"] == "asyncpg.exceptions.UniqueViolationError (23505, customers_phone_key)"
    assert PHONE not in json.dumps([ours, foreign])


def test_the_systems_own_words_are_told():
    assert logs.told(ConnectionRefusedError(111, "Connection refused")) == "ConnectionRefusedError: [Errno 111] Connection refused"
    assert logs.told(ValueError(PHONE)) == "ValueError"


def test_the_last_words_are_json_too():
    ended = subprocess.run(
        [sys.executable, "-c", "from shared import logs; logs.configure('customers', 'worker'); raise ValueError('13800138000')"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(ended.stdout)["event"] == "the process ends"
    assert ended.stderr == "" and ended.returncode == 1


def test_a_client_that_tries_again_and_again_says_so_now_and_then(configured, monkeypatch):
    lines = configured()
    moment = [100.0]
    monkeypatch.setattr(logs, "monotonic", lambda: moment[0])
    for n in range(50):
        logging.getLogger("aiokafka.conn").error("Connect to %s failed", f"node {n}")
        logging.getLogger("careloop").warning("ours is always told")
    logging.getLogger("aiokafka.conn").error("something else")
    moment[0] += 10
    logging.getLogger("aiokafka.conn").error("Connect to %s failed", "node 51")
    told = [it["event"] for it in lines() if it["logger"].startswith("aiokafka")]
    assert told == ["Connect to node 0 failed", "something else", "Connect to node 51 failed"]


def test_what_looks_like_a_contact_point_is_masked_wherever_it_stands(configured):
    """Nobody should log one; what got past them all is masked by the last step."""
    lines = configured()
    logs.log.info(f"called {PHONE}", who="anna@example.com", more={"all": [PHONE, 5]}, id="019a20b8-b570-7138-8001-380001380000")
    logging.getLogger("foreign").error("%s is wrong", "+86 138-0013-8000")
    ours, foreign = lines()
    assert (ours["event"], ours["who"], ours["more"]) == ("called +86 138****8000", "a***@example.com", {"all": ["+86 138****8000", 5]})
    assert ours["id"] == "019a20b8-b570-7138-8001-380001380000" and foreign["event"] == "+86 138****8000 is wrong"
