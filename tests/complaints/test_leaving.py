"""Somebody is given a task at the moment at which they leave: whoever comes first, it is not theirs in the end."""

import asyncio

import pytest

from services.complaints.app import jobs
from services.complaints.domain.colleague import Colleague
from shared.database import transaction
from shared.todo.store import colleague_by_id
from tests.apis import Api
from tests.complaints.making import NOON
from tests.complaints.test_to_do import given, held, some
from tests.rooms import World
from tests.todo import declare, run, worker


async def test_news_waits_for_whoever_gives_them_something(complaints: World, api: Api) -> None:
    means = worker(api, complaints)
    await declare(complaints, "s-2", "specialist")
    (task,) = await some(complaints, {})
    async with transaction(complaints.engine) as session:
        assert await colleague_by_id(session, Colleague, "s-2")
        leaving = asyncio.create_task(declare(complaints, "s-2", "specialist", active=False))
        while not await complaints.rows("pg_locks", "1", "NOT granted"):  # they wait for us
            assert not leaving.done()
            await asyncio.sleep(0.01)
        await complaints.pool.execute("UPDATE task SET assigned_to = 's-2' WHERE id = $1", task)
    await leaving
    await run(jobs(means), "going_back", means)
    assert await held(complaints) == [None]


@pytest.mark.parametrize("_", range(5))
async def test_whoever_comes_first(complaints: World, api: Api, _: int) -> None:
    means = worker(api, complaints)
    await declare(complaints, "s-2", "specialist")
    complaints.clock[0] = NOON
    (task,) = await some(complaints, {})
    answer, *_rest = await asyncio.gather(
        given(api, task, "s-2"), declare(complaints, "s-2", active=False), run(jobs(means), "going_back", means)
    )
    await run(jobs(means), "going_back", means)
    assert answer.status_code in (200, 409) and await held(complaints) == [None]
