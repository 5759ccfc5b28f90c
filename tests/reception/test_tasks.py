"""Questions that nobody answered in time are somebody's task, until they are answered or handed over; through the real room and the real jobs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.reception.app import jobs
from services.reception.domain.clock import Watch
from shared.clocks import firing
from shared.service import Means
from tests.apis import Api
from tests.reception.conftest import TRADE
from tests.reception.desk import asked, post
from tests.rooms import World
from tests.todo import ask, declare, run

SetClock = Callable[[datetime], None]
MORNING = datetime(2026, 1, 5, 2, tzinfo=UTC)  # Monday, 10:00 in Shanghai


async def look(worker: Means) -> None:
    async def work() -> None:
        while await firing.fire(Watch, TRADE, worker):
            pass
        await run(jobs(worker), "overdue", worker)

    await asyncio.gather(work(), work())


async def tasks(api: Api) -> dict[str, dict[str, Any]]:
    """By what they are about."""
    items = (await api.get("/v1/tasks"))["items"]
    found = {it["about"].partition(":")[2]: it for it in items}
    assert len(found) == len(items)
    return found


async def test_what_is_late_is_somebodys_until_it_is_answered(api: Api, worker: Means, set_clock: SetClock) -> None:
    """INQY-09: whoever answers late has done it, and what is handed over is others' to answer."""
    set_clock(MORNING)
    late, handed, early = [await asked(api, channel="phone") for _ in range(3)]
    await post(api, f"/v1/inquiries/{early['id']}/answer", {"answer": "Tomorrow."})
    set_clock(MORNING + timedelta(hours=25))
    await look(worker)
    found = await tasks(api)
    assert {id: (it["kind"], it["role"], it["state"], it["facts"]["milestone"]) for id, it in found.items()} == {
        it["id"]: ("overdue", "reception", "open", "answer") for it in (late, handed)
    }
    await post(api, f"/v1/inquiries/{late['id']}/answer", {"answer": "Sorry."})
    await post(api, f"/v1/inquiries/{handed['id']}/handover", {"to": "complaints", "category": "delivery"})
    await look(worker)
    assert {id: it["state"] for id, it in (await tasks(api)).items()} == {late["id"]: "done", handed["id"]: "called_off"}


async def test_a_promise_that_is_broken(api: Api, worker: Means, set_clock: SetClock) -> None:
    """INQY-05"""
    set_clock(MORNING)
    inquiry = await asked(api, channel="phone")
    until = (MORNING + timedelta(hours=2)).isoformat()
    await post(api, f"/v1/inquiries/{inquiry['id']}/promise", {"until": until})
    set_clock(MORNING + timedelta(hours=3))
    await look(worker)
    (task,) = (await tasks(api)).values()
    assert (task["facts"]["milestone"], datetime.fromisoformat(task["due_at"])) == ("promise", MORNING + timedelta(hours=2))


async def test_whoever_is_at_the_desk_takes_it(api: Api, reception: World, worker: Means, set_clock: SetClock) -> None:
    set_clock(MORNING)
    await asked(api, channel="phone")
    set_clock(MORNING + timedelta(hours=25))
    await look(worker)
    reception.clock[0] = MORNING
    await declare(reception, "s-8", "reception")
    me = {"sub": "s-8", "role": "reception"}
    (task,) = (await ask(api, "GET", "/v1/tasks?mine=true", **me)).json()["items"]
    assert (await ask(api, "POST", f"/v1/tasks/{task['id']}/assignment", {"staff_id": "s-8"}, **me)).json()["assigned_to"] == "s-8"
    await declare(reception, "s-8", "reception", active=False)
    await run(jobs(worker), "going_back", worker)
    assert (await api.get(f"/v1/tasks/{task['id']}"))["assigned_to"] is None
    reception.clock[0] = None
