"""`careloop parked` and `careloop outbox`: what could not be handled or sent is seen, tried again, or let go."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.followup.app import service, trade_of
from shared import replay
from shared.aside import put_aside
from shared.clock import now
from shared.envelope import headers_of
from shared.ids import uuid7
from shared.parked import Trouble
from shared.relay import LEADER
from shared.service import Means
from tests.deploy.here import Told, careloop_here
from tests.rooms import UNITS, World, world

TOPIC = "careloop.inbound.service"


@pytest.fixture(scope="module")
async def room(databases) -> AsyncIterator[World]:
    async with world(databases, service, circumstances={"trade": trade_of(UNITS)}) as room:
        yield room


@pytest.fixture
async def followup(room) -> AsyncIterator[World]:
    await room.empty()
    yield room


def a_record(
    offset: int = 0, *, source: str = "/nobody", type: str = "survey.answered.v1", value: bytes | None = b'{"phone": "13800001111"}'
):
    headers = headers_of(source=source, id=str(uuid7()), type=type, time=now())
    return SimpleNamespace(topic=TOPIC, partition=0, offset=offset, timestamp=1000, key=b"erp/C-1", value=value, headers=headers)


async def command(world: World, *words: str) -> Told:
    dsn = world.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await careloop_here(*words, CARELOOP_DATABASE=dsn)


async def as_json(world: World, *words: str) -> Any:
    told = await command(world, *words, "--json")
    assert (told.returncode, told.stderr) == (0, "")
    return json.loads(told.stdout)


async def parked(world: World, *records) -> list[str]:
    await world.handle(*records)
    return [str(row["id"]) for row in await world.rows("parked", "id", "true ORDER BY record_offset")]


async def states(world: World) -> list[str]:
    return [row["state"] for row in await world.rows("parked", "state", "true ORDER BY record_offset")]


async def tried(world: World) -> None:
    """What a worker does a second later."""
    means = Means(None, UNITS, world.room.gate.sources, world.room.metrics, None, world.engine, world.pool)
    await replay.job(world.room).run(means)


async def test_the_list_says_what_is_wrong_and_never_what_was_sent(followup):
    [id, other] = await parked(followup, a_record(0), a_record(1, source="/erp", type="no.such.v1"))
    listed = await as_json(followup, "parked", "list")
    assert [(it["id"], it["code"], it["state"], it["topic"], it["record_offset"]) for it in listed] == [
        (id, "unknown_source", "open", TOPIC, 0),
        (other, "unknown_type", "open", TOPIC, 1),
    ]
    table = (await command(followup, "parked", "list")).stdout
    assert id in table
    assert f"{TOPIC}/0/1" in table
    assert "13800001111" not in table + json.dumps(listed)


async def test_the_list_is_narrowed(followup):
    await parked(followup, a_record(0), a_record(1, type="order.lost.v1"))
    assert [it["type"] for it in await as_json(followup, "parked", "list", "--type", "order.lost.v1")] == ["order.lost.v1"]
    assert len(await as_json(followup, "parked", "list", "--limit", "1")) == 1
    assert len(await as_json(followup, "parked", "list", "--since", "1h")) == 2
    assert await as_json(followup, "parked", "list", "--since", (now() + timedelta(hours=1)).isoformat()) == []
    assert await as_json(followup, "parked", "list", "--state", "discarded") == []
    assert (await command(followup, "parked", "list", "--state", "discarded")).stdout == "Nothing is parked.\n"


async def test_all_is_all_and_a_list_says_that_there_are_more(followup):
    await parked(followup, *(a_record(n) for n in range(130)))
    listed = await command(followup, "parked", "list")
    assert len(listed.stdout.splitlines()) == 51 and "may have more than these 50" in listed.stderr
    assert (await command(followup, "parked", "replay", "--type", "survey.answered.v1", "--dry-run")).returncode == 0
    assert (await command(followup, "parked", "discard", "--all")).stdout == "130 discarded.\n"


async def test_bytes_are_shown_only_when_asked_for(followup):
    [id] = await parked(followup, a_record())
    assert "13800001111" not in (await command(followup, "parked", "show", id)).stdout
    assert "C-1" not in (await command(followup, "parked", "show", id)).stdout
    raw = await as_json(followup, "parked", "show", id, "--raw")
    assert (raw["key"], raw["value"]) == ("erp/C-1", '{"phone": "13800001111"}')
    assert base64.b64decode(raw["value_base64"]) == b'{"phone": "13800001111"}'
    assert raw["headers"]["ce_source"] == "/nobody"


async def test_what_is_replayed_is_tried_again_and_counted(followup):
    [id] = await parked(followup, a_record())
    assert [it["id"] for it in await as_json(followup, "parked", "replay", id, "--dry-run")] == [id]
    assert await states(followup) == ["open"]
    assert await as_json(followup, "parked", "replay", id) == {"requested": 1, "hindered": {}}
    assert await states(followup) == ["requested"]
    await tried(followup)
    [again] = await as_json(followup, "parked", "list")
    assert (again["state"], again["attempts"], again["replays"]) == ("open", 2, 1)


async def test_a_source_that_was_registered_meanwhile_is_known_to_the_replay(followup, monkeypatch):
    sources = followup.room.gate.sources
    registered = sources.known["/surveys"]
    monkeypatch.setattr(sources, "known", {name: it for name, it in sources.known.items() if name != "/surveys"})
    body = json.dumps(
        {"customer": {"system": "erp", "id": "C-1"}, "survey_id": "S-1", "answered_at": now().isoformat(), "score": 5}
    ).encode()
    await parked(followup, a_record(source="/surveys", value=body))
    monkeypatch.setattr(sources, "refresh", lambda: monkeypatch.setitem(sources.known, "/surveys", registered))
    assert (await command(followup, "parked", "replay", "--type", "survey.answered.v1")).stdout.startswith("1 will be tried again")
    await tried(followup)
    assert await states(followup) == ["replayed"]


async def test_nothing_is_tried_for_ever(followup):
    [id] = await parked(followup, a_record())
    for _ in range(replay.MOST_REPLAYS):
        await command(followup, "parked", "replay", id)
        await tried(followup)
    told = await command(followup, "parked", "replay", id)
    assert told.returncode == 1
    assert told.stderr == f"{id}: it was tried 5 times and is not tried any more.\n"


async def test_bytes_that_are_gone_are_not_taken_for_a_withdrawal(followup):
    [id] = await parked(followup, a_record())
    await followup.pool.execute("UPDATE parked SET value = NULL, key = NULL, headers = '[]', first_failed_at = now() - interval '31 days'")
    told = await command(followup, "parked", "replay", id)
    assert (told.returncode, told.stderr) == (1, f"{id}: its bytes are kept for 30 days and are gone.\n")


async def test_an_action_never_takes_more_than_its_limit(followup):
    await parked(followup, *(a_record(n) for n in range(3)))
    assert (await as_json(followup, "parked", "replay", "--all", "--limit", "2"))["requested"] == 2
    assert await states(followup) == ["requested", "requested", "open"]


async def test_what_is_discarded_is_let_go(followup):
    [id, _] = await parked(followup, a_record(0), a_record(1))
    assert len(await as_json(followup, "parked", "discard", "--all", "--dry-run")) == 2
    assert await as_json(followup, "parked", "discard", id) == {"discarded": 1}
    assert await states(followup) == ["discarded", "open"]
    again = await command(followup, "parked", "discard", id)
    assert (again.returncode, again.stderr) == (1, f"{id}: it is discarded.\n")
    assert (await as_json(followup, "parked", "replay", "--all"))["requested"] == 1


async def test_an_action_wants_to_be_told_which(followup):
    for word in ("replay", "discard"):
        told = await command(followup, "parked", word)
        assert told.returncode != 0
        assert told.stderr == "Say which: ids, --type, --since, or --all; --dry-run only shows them.\n"
    unknown = str(uuid7())
    for words in (("show", unknown), ("replay", unknown), ("discard", unknown)):
        told = await command(followup, "parked", *words)
        assert (told.returncode, told.stderr) == (1, f"Nothing is parked under {unknown}; `careloop parked list` shows what is.\n")


async def announce(world: World, *keys: str) -> list[str]:
    ids = [uuid7() for _ in keys]
    for id, key in zip(ids, keys, strict=True):
        await world.pool.execute(
            "INSERT INTO outbox (id, topic, key, type, subject, unit, payload, trace, correlation)"
            " VALUES ($1, 'careloop.followup', $2, 'notice.sent.v1', 'N-1', 'overseas', '{\"a\": 1}', '00-trace-01', 'C')",
            id, key,
        )  # fmt: skip
    return [str(id) for id in ids]


async def outbox(world: World) -> list[dict[str, object]]:
    return await world.rows(
        "outbox", "id, topic, key, type, subject, unit, payload, trace, correlation, announced_at", "true ORDER BY position"
    )


async def test_what_waits_is_listed_in_the_order_in_which_it_leaves(followup):
    ids = await announce(followup, "b", "a")
    listed = await as_json(followup, "outbox", "list")
    assert [(it["id"], it["key"], it["type"], it["bytes"]) for it in listed] == [
        (ids[0], "b", "notice.sent.v1", 8),
        (ids[1], "a", "notice.sent.v1", 8),
    ]
    assert await as_json(followup, "outbox", "list", "--type", "other.v1") == []
    told = (await command(followup, "outbox", "list")).stdout
    assert ids[1] in told and "nobody publishes" in told
    async with followup.pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LEADER)  # somebody's forgotten session
        assert "holds the lock of the one who publishes and is no relay" in (await command(followup, "outbox", "list")).stdout
        await connection.execute("SELECT pg_advisory_unlock($1)", LEADER)


@pytest.mark.parametrize("way", ["outbox retry", "parked replay"])
async def test_what_is_set_aside_comes_back_as_it_was(followup, way):
    ids = await announce(followup, "a", "a")
    before = await outbox(followup)
    assert await as_json(followup, "outbox", "park", ids[0], "--service", "followup") == {"parked": [ids[0]]}
    assert await outbox(followup) == before[1:]
    [aside] = await as_json(followup, "parked", "list")
    assert (aside["id"], aside["code"], aside["source"], aside["ours"]) == (ids[0], "set_aside", "/careloop/followup", True)
    await as_json(followup, *way.split(), ids[0])
    await tried(followup)
    assert await outbox(followup) == [before[1], before[0]]
    assert await states(followup) == ["replayed"]


async def test_what_no_broker_takes_is_set_aside_again(followup):
    [id] = await announce(followup, "a")
    for _ in range(2):
        async with followup.pool.acquire() as connection:
            row = await connection.fetchrow("DELETE FROM outbox RETURNING *")
            await put_aside(connection, row, Trouble("too_large", "larger than the broker takes"), source="/careloop/followup", at=now())
        [aside] = await as_json(followup, "parked", "list")
        assert (aside["id"], aside["state"]) == (id, "open")
        await as_json(followup, "outbox", "retry", id)


async def test_ids_that_are_nowhere_are_named(followup):
    id = str(uuid7())
    told = await command(followup, "outbox", "park", id, "--service", "followup")
    assert (told.returncode, told.stderr) == (1, f"No event {id} waits in the outbox; `careloop outbox list` shows what does.\n")
    assert (await command(followup, "outbox", "retry", id)).returncode == 1
    told = await command(followup, "outbox", "park", (await announce(followup, "a"))[0])
    assert told.stderr.startswith("Say with --service whose database followup_")


async def test_an_unreachable_database_and_an_unknown_service_are_one_sentence():
    for words in (("parked", "list"), ("outbox", "list"), ("resume", "followup", TOPIC), ("schema", "status", "followup")):
        told = await careloop_here(*words, CARELOOP_DATABASE="postgresql://followup:secret@127.0.0.1:1/followup")
        assert (told.returncode, told.stdout) == (1, "")
        assert (
            told.stderr == "PostgreSQL does not answer for followup at 127.0.0.1:1: start it, or mend the address in CARELOOP_DATABASE.\n"
        )
    told = await careloop_here("parked", "list", "--service", "sales", CARELOOP_DATABASE="postgresql://x:y@127.0.0.1:1/x")
    assert (told.returncode, told.stderr) == (
        1,
        "There is no service 'sales'; the services are customers, complaints, followup, reception.\n",
    )
