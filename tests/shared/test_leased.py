"""Leased work: one worker at a time has it, a dead one's is taken up by another, and whoever has lost it writes nothing more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from shared import leased
from shared.database import open_pool
from shared.health import Health
from shared.ids import uuid7
from shared.leased import TIMES, Lease, Lost, job, take
from tests.shared.an_api import until

TABLE = "CREATE TABLE work (id uuid PRIMARY KEY, done text, held_by uuid, held_until timestamptz, tries integer NOT NULL DEFAULT 0)"
DUE, AT_ONCE = "done IS NULL", timedelta(0)


@pytest.fixture(scope="module")
async def _pool(databases: Any) -> AsyncIterator[Any]:
    database = await databases.empty("reception")
    owner = await open_pool(database.owner_dsn, size=1)
    await owner.execute(TABLE)
    owner.terminate()
    pool = await open_pool(database.dsn, size=4)
    yield pool
    pool.terminate()


@pytest.fixture
async def means(_pool: Any) -> Any:
    await _pool.execute("DELETE FROM work")
    return SimpleNamespace(pool=_pool, health=Health("reception", "worker"))


async def put(means: Any, *ids: UUID) -> None:
    await means.pool.executemany("INSERT INTO work (id) VALUES ($1)", [(id,) for id in ids])


async def row(means: Any) -> Any:
    return await means.pool.fetchrow("SELECT done, held_by, held_until, tries FROM work")


async def finish(lease: Lease, how: str = "done") -> None:
    async with lease.transaction() as connection:
        await connection.execute("UPDATE work SET done = $2 WHERE id = $1", lease.id, how)


async def do(means: Any, lease: Lease) -> None:
    await finish(lease)


async def give_up(means: Any, lease: Lease, reason: str) -> None:
    await finish(lease, reason)


async def test_one_at_a_time_has_it_and_then_it_is_nobodys(means: Any) -> None:
    first, second = uuid7(), uuid7()
    await put(means, first, second)
    taken = await asyncio.gather(*(take(means.pool, "work", DUE) for _ in range(4)))
    assert sorted(it.id for it in taken if it) == [first, second]
    await means.pool.execute("UPDATE work SET held_by = NULL, held_until = NULL")
    works = job("works", "work", DUE, do, give_up)
    assert [await works.run(means) for _ in range(3)] == [True, True, False]
    assert {tuple(it) for it in await means.pool.fetch("SELECT done, held_by, held_until, tries FROM work")} == {("done", None, None, 0)}


async def test_a_dead_workers_is_taken_up_and_it_writes_nothing_more(means: Any) -> None:
    await put(means, uuid7())
    dead = await take(means.pool, "work", DUE, lasts=AT_ONCE)
    alive = await take(means.pool, "work", DUE)
    assert dead and alive and (dead.id, alive.tries) == (alive.id, 2)
    with pytest.raises(Lost):
        await finish(dead, "by a ghost")
    await dead.leave(leased.END)
    assert (await row(means))["held_by"] == alive.by
    await finish(alive)
    assert (await row(means))["done"] == "done"


async def test_it_is_renewed_as_long_as_it_takes(means: Any) -> None:
    await put(means, uuid7())
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slowly(means: Any, lease: Lease) -> None:
        began.set()
        await may_end.wait()
        await finish(lease)

    running = asyncio.create_task(job("works", "work", DUE, slowly, give_up, lasts=timedelta(seconds=0.3)).run(means))
    await began.wait()
    first = (await row(means))["held_until"]

    async def past_it() -> bool:
        return bool(await means.pool.fetchval("SELECT now() > $1", first))

    await until(past_it)
    assert await take(means.pool, "work", DUE) is None
    assert "works" in means.health.loops
    may_end.set()
    assert await running
    assert (await row(means))["done"] == "done"


async def test_what_is_called_off_stops_and_what_must_stop_gives_it_back(means: Any) -> None:
    await put(means, uuid7())
    began, ended = asyncio.Event(), asyncio.Event()

    async def forever(means: Any, lease: Lease) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    works = job("works", "work", DUE, forever, give_up, lasts=timedelta(seconds=0.3))
    running = asyncio.create_task(works.run(means))
    await began.wait()
    await means.pool.execute("UPDATE work SET held_by = NULL, held_until = NULL, tries = 0")
    assert await running and ended.is_set()
    began.clear()
    running = asyncio.create_task(works.run(means))
    await began.wait()
    running.cancel()
    await asyncio.wait([running])
    assert tuple(await row(means)) == (None, None, None, 0), "another has it at once, and no try was lost"


async def test_what_fails_again_and_again_is_given_up(means: Any) -> None:
    await put(means, uuid7())

    async def badly(means: Any, lease: Lease) -> None:
        raise KeyError

    works = job("works", "work", DUE, badly, give_up)
    for tries in range(1, TIMES):
        assert await works.run(means)
        assert not await works.run(means), "not at once"
        assert ((await row(means))["held_by"], (await row(means))["tries"]) == (None, tries)
        await means.pool.execute("UPDATE work SET held_until = NULL")
    assert await works.run(means)
    assert (await row(means))["done"] == "KeyError"


async def test_what_kills_its_workers_is_given_up(means: Any) -> None:
    await put(means, uuid7())
    for _ in range(TIMES):
        assert await take(means.pool, "work", DUE, lasts=AT_ONCE)
    assert await job("works", "work", DUE, do, give_up).run(means)
    assert (await row(means))["done"] == "Killed"


@pytest.mark.parametrize("left", [0, 1])
async def test_what_is_called_off_in_the_moment_of_giving_up_is_left(means: Any, left: int) -> None:
    """Its `Lost` ends the work, not the worker; also of what killed its workers."""
    await put(means, uuid7())
    for _ in range(TIMES - left):
        assert await take(means.pool, "work", DUE, lasts=AT_ONCE)

    async def badly(means: Any, lease: Lease) -> None:
        raise KeyError

    async def too_late(means: Any, lease: Lease, reason: str) -> None:
        await means.pool.execute("UPDATE work SET done = 'called off', held_by = NULL, held_until = NULL")
        await give_up(means, lease, reason)

    assert await job("works", "work", DUE, badly, too_late).run(means)
    assert (await row(means))["done"] == "called off"


async def test_a_stuck_one_is_no_work(means: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(means, uuid7())
    monkeypatch.setattr(leased, "SILENT", AT_ONCE)

    async def silent(means: Any, lease: Lease) -> None:
        await asyncio.Event().wait()

    assert await job("works", "work", DUE, silent, give_up, lasts=timedelta(seconds=0.1)).run(means)
    held_by, tries = (await row(means))["held_by"], (await row(means))["tries"]
    assert (held_by, tries) == (None, 1)
