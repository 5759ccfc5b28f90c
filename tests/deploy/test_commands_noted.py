"""What an operator does from the command line or over HTTP stands in the audit trail, and what a publisher wrote is shown masked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.audit import operator
from services.followup.app import service, trade_of
from shared import stops
from tests.apis import Api
from tests.apis import api as over
from tests.deploy.test_commands_parked import TOPIC, a_record, announce, as_json, command, parked
from tests.rooms import UNITS, World, world

PHONE = "13800138000"


@pytest.fixture(scope="module")
async def room(databases: Any) -> AsyncIterator[World]:
    async with world(databases, service, circumstances={"trade": trade_of(UNITS)}) as room:
        yield room


@pytest.fixture
async def followup(room: World) -> AsyncIterator[World]:
    await room.empty()
    yield room


@pytest.fixture
async def api(followup: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with over(service, followup, tmp_path) as served:
        yield served


@pytest.fixture
async def noted(followup: World) -> Any:
    """The lines since the test began, each once: who, what, about what, and how many."""
    last = max([row["seq"] for row in await followup.rows("audit", "seq")], default=0)

    async def lines() -> list[tuple[Any, ...]]:
        rows = await followup.rows("audit", "*", "seq > $1 ORDER BY seq", last)
        return [(row["by"], row["action"], row["about"], row["facts"].get("count")) for row in rows]

    return lines


async def test_parked_records(followup: World, noted: Any) -> None:
    one, two, three = await parked(followup, a_record(0), a_record(1), a_record(2))
    await as_json(followup, "parked", "list")
    await as_json(followup, "parked", "show", one)
    await as_json(followup, "parked", "replay", "--all", "--dry-run")
    assert await noted() == []
    await as_json(followup, "parked", "show", one, "--raw")
    await as_json(followup, "parked", "replay", one)
    await command(followup, "parked", "replay", one)  # it is asked for already: nothing is done
    await as_json(followup, "parked", "discard", two, three)
    assert await noted() == [
        (operator(), "parked_bytes_shown", f"parked:{one}", None),
        (operator(), "parked_replay_requested", f"parked:{one}", None),
        (operator(), "parked_discarded", "parked", 2),
    ]


async def test_announcements(followup: World, noted: Any) -> None:
    (id,) = await announce(followup, "a")
    await as_json(followup, "outbox", "park", id, "--service", "followup")
    await as_json(followup, "outbox", "retry", id)
    assert await noted() == [(operator(), "outbox_set_aside", f"event:{id}", None), (operator(), "outbox_put_back", f"event:{id}", None)]


async def test_a_topic_that_goes_on(followup: World, noted: Any) -> None:
    async with followup.pool.acquire() as connection:
        await stops.stop(connection, TOPIC, "KeyError at service.py:12")
    await as_json(followup, "resume", "followup", TOPIC)
    await command(followup, "resume", "followup", TOPIC)
    assert await noted() == [(operator(), "resumed", f"topic:{TOPIC}", None)]


async def test_the_same_over_http(followup: World, api: Api, noted: Any) -> None:
    one, two, three = await parked(followup, a_record(0), a_record(1), a_record(2))
    async with followup.pool.acquire() as connection:
        await stops.stop(connection, TOPIC, "KeyError at service.py:12")
    for path, body in (
        ("/v1/parked/replay", {"dry_run": True}), (f"/v1/parked/{one}/replay", None), (f"/v1/parked/{one}/replay", None),
        (f"/v1/parked/{one}/discard", None), ("/v1/parked/replay", {}), (f"/v1/stopped/{TOPIC}/resumption", None),
    ):  # fmt: skip
        await api.ask("POST", path, body)
    assert await noted() == [
        ("s-1", "parked_replay_requested", f"parked:{one}", None),
        ("s-1", "parked_discarded", f"parked:{one}", None),
        ("s-1", "parked_replay_requested", "parked", 2),
        ("s-1", "resumed", f"topic:{TOPIC}", None),
    ]
    (line,) = await followup.rows("audit", "facts", "about = 'parked' ORDER BY seq DESC LIMIT 1")
    assert line["facts"]["ids"] == sorted((two, three))


async def test_what_a_publisher_wrote_into_an_envelope_is_shown_masked(followup: World, api: Api) -> None:
    record = a_record(0, type=f"survey.{PHONE}")
    record.headers = [(name, f"call {PHONE}".encode() if name == "ce_id" else value) for name, value in record.headers]
    (id,) = await parked(followup, record)
    for told in (
        await api.get("/v1/parked"), await api.get(f"/v1/parked/{id}"), await as_json(followup, "parked", "list"),
        await as_json(followup, "parked", "show", id), (await command(followup, "parked", "list")).stdout,
    ):  # fmt: skip
        assert PHONE not in json.dumps(told) and "+86 138****8000" in json.dumps(told)
