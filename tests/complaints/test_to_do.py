"""A person's to-do, through the real edge: what is next, who has it, what goes back to everybody, and what was missed."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.complaints.app import jobs
from services.complaints.domain.clock import Watch
from services.complaints.domain.task import Kind, Task
from services.complaints.store.tasks import TASKS
from shared import clock
from shared.clocks import firing
from shared.database import transaction
from shared.service import Means
from shared.todo import going_back
from tests.apis import Api
from tests.complaints.making import C1, NOON, TRADE, number, step, taken
from tests.makers import withdrawal
from tests.rooms import World
from tests.todo import ask, declare, run, worker

SPECIALIST, SUPERVISOR = {"sub": "s-2", "role": "specialist"}, {"sub": "s-9", "role": "supervisor"}


async def some(complaints: World, *tasks: dict[str, Any]) -> list[UUID]:
    """Open tasks of a specialist; by what is told of them."""
    made = []
    for n, facts in enumerate(tasks):
        held_by = facts.pop("held_by", None)
        told = {
            "role": "specialist", "about": f"complaint:{number(n)}", "unit": "headquarters", "source": "/careloop/complaints", "at": NOON,
            "named_id": C1,
        } | facts  # fmt: skip
        made.append(Task.open(number(n), Kind.FAIR, **told))
        made[-1].assigned_to = held_by
    async with transaction(complaints.engine) as session:
        session.add_all(made)
    return [it.id for it in made]


async def given(api: Api, task: Any, to: str, *, sub: str = "s-9", role: str = "supervisor", **headers: str) -> Any:
    return await ask(api, "POST", f"/v1/tasks/{task}/assignment", {"staff_id": to}, sub=sub, role=role, **headers)


async def held(complaints: World) -> list[str | None]:
    return [row["assigned_to"] for row in await complaints.rows("task", "assigned_to", "true ORDER BY id")]


@pytest.fixture
def means(api: Api, complaints: World) -> Means:
    return worker(api, complaints)


@pytest.fixture
def as_of(complaints: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """It is that time, for the API and the jobs."""

    def to(moment: datetime) -> None:
        complaints.clock[0] = moment
        monkeypatch.setattr(clock, "OFFSET", clock.OFFSET + (moment - clock.now()))

    return to


async def test_a_supervisor_gives_it_and_whoever_has_it_does_it(complaints: World, api: Api) -> None:
    await declare(complaints, "s-2", "specialist")
    (task,) = await some(complaints, {})
    answer = await given(api, task, "s-2", If_Match='"1"', Idempotency_Key="a")
    assert (answer.status_code, answer.json()["assigned_to"], answer.headers["ETag"]) == (200, "s-2", '"2"')
    assert (await given(api, task, "s-2", If_Match='"1"', Idempotency_Key="a")).content == answer.content
    assert (await given(api, task, "s-2", If_Match='"1"')).status_code == 412
    done = f"/v1/tasks/{task}/completion"
    assert (await ask(api, "POST", done, sub="s-3", role="specialist")).json()["type"].endswith("/not-your-task")
    assert (await ask(api, "POST", done, **SPECIALIST)).json()["done_by"] == "s-2"
    refused = await given(api, task, "s-2")
    assert refused.status_code == 409 and refused.json()["allowed"] == []


@pytest.mark.parametrize(("to", "status", "kind"), [
    ("s-404", 422, "unknown-colleague"), ("s-3", 422, "lacks-the-role"), ("s-4", 422, "of-another-unit"), ("s-5", 409, "not-now"), ("s-6", 409, "not-now"),
])  # fmt: skip
async def test_who_can_not_have_it(complaints: World, api: Api, to: str, status: int, kind: str) -> None:
    await declare(complaints, "s-3", "reception")
    await declare(complaints, "s-4", "specialist", unit="overseas")
    await declare(complaints, "s-5", "specialist", absences=[{"from": "2026-01-05", "until": "2026-01-09"}])
    await declare(complaints, "s-6", "specialist", active=False)
    (task,) = await some(complaints, {})
    answer = await given(api, task, to)
    told = answer.json()
    assert (answer.status_code, told["type"].rpartition("/")[2], told["field"]) == (status, kind, "/staff_id") and told["fix"]
    assert to != "s-5" or "until 2026-01-09" in told["detail"]


async def test_two_who_take_it_at_once(complaints: World, api: Api) -> None:
    for who in ("s-2", "s-3"):
        await declare(complaints, who, "specialist")
    (task,) = await some(complaints, {})
    answers = await asyncio.gather(*(given(api, task, who, sub=who, role="specialist") for who in ("s-2", "s-3")))
    assert sorted(it.status_code for it in answers) == [200, 403]
    (has,) = await held(complaints)
    release = f"/v1/tasks/{task}/release"
    other = {"s-2": "s-3", "s-3": "s-2"}[has or ""]
    assert (await ask(api, "POST", release, sub=other, role="specialist")).status_code == 403
    assert (await ask(api, "POST", release, sub=has or "", role="specialist")).json()["assigned_to"] is None
    assert (await ask(api, "POST", release, **SUPERVISOR)).status_code == 409


async def test_what_is_next_for_me(complaints: World, api: Api) -> None:
    """The most urgent first: what I have, and what nobody has that is for my role."""
    mine = await some(
        complaints,
        {"due_at": NOON + timedelta(days=3)},
        {},
        {"held_by": "s-2", "due_at": NOON + timedelta(days=2), "role": "supervisor"},  # given to me, whatever its role
        {"held_by": "s-3", "due_at": NOON},
        {"role": "supervisor", "due_at": NOON},
        {"due_at": NOON + timedelta(days=1), "unit": "overseas"},
        {"due_at": NOON},
    )
    await ask(api, "POST", f"/v1/tasks/{mine[6]}/completion", **SPECIALIST)
    expected = [str(mine[n]) for n in (5, 2, 0, 1)]
    whole = (await ask(api, "GET", "/v1/tasks?mine=true&count=true", **SPECIALIST)).json()
    assert [it["id"] for it in whole["items"]] == expected and whole["total"] == 4
    seen, cursor = [], ""
    while cursor is not None:
        page = (await ask(api, "GET", f"/v1/tasks?mine=true&limit=1{cursor and f'&cursor={cursor}'}", **SPECIALIST)).json()
        seen, cursor = [*seen, *page["items"]], page["next"]
    assert [it["id"] for it in seen] == expected
    at_home = (await ask(api, "GET", "/v1/tasks?mine=true&unit=headquarters&assigned_to=s-2", **SPECIALIST)).json()
    assert [it["id"] for it in at_home["items"]] == [str(mine[2])]
    assert len((await ask(api, "GET", "/v1/tasks?mine=false", **SPECIALIST)).json()["items"]) == 7


@pytest.mark.parametrize("news", [
    {"active": False}, {"roles": ["reception"]}, {"unit": "overseas"}, {"absences": [{"from": "2026-01-01", "until": "2026-02-01"}]},
    {"absences": [{"from": "2026-01-01", "until": None}]}, {}, None,
])  # fmt: skip
async def test_what_goes_back_when_the_directory_says_so(
    complaints: World, means: Means, as_of: Any, news: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By two workers at once, in chunks. What others have, stays; absences leave what is not due before they end, if anybody knows when."""
    monkeypatch.setattr(going_back, "AT_ONCE", 2)
    as_of(NOON)
    await declare(complaints, "s-2", "specialist")
    await some(
        complaints, *({"held_by": "s-2", "due_at": NOON + timedelta(days=1)} for _ in range(5)), {"held_by": "s-3"}, {"held_by": "s-2"}
    )
    if news is None:
        await complaints.handle(withdrawal("s-2", topic="careloop.inbound.staff"))
    else:
        facts = {name: it for name, it in news.items() if name != "roles"}
        await declare(complaints, "s-2", *news.get("roles", ["specialist"]), **facts)
    await asyncio.gather(*(run(jobs(means), "going_back", means) for _ in range(2)))
    by = sorted(str(it) for it in await held(complaints))
    if news == {}:
        assert by == ["s-2"] * 6 + ["s-3"]
    else:
        stays = bool(news and news.get("absences", [{}])[0].get("until"))
        assert by == sorted(["None"] * 5 + ["s-3", "s-2" if stays else "None"])
        told = await complaints.requested()
        assert [it["kind"] for it in told] == ["task_opened"] * (5 if stays else 6), "whoever may take it hears of it"
    assert await complaints.rows("colleague", "id", "news") == []


async def test_a_day_of_absence_that_begins(complaints: World, means: Means, as_of: Any) -> None:
    """Nobody says anything when it begins."""
    as_of(NOON)
    await declare(complaints, "s-2", "specialist", absences=[{"from": "2026-01-06", "until": "2026-01-07"}])
    await some(complaints, {"held_by": "s-2", "due_at": NOON + timedelta(days=1)}, {"held_by": "s-2", "due_at": NOON + timedelta(days=3)})
    await run(jobs(means), "absences", means)
    assert await held(complaints) == ["s-2", "s-2"]
    as_of(NOON + timedelta(hours=13))
    await run(jobs(means), "absences", means)
    assert sorted(map(str, await held(complaints))) == ["None", "s-2"]


async def test_news_while_somebody_looks_is_looked_at_again(
    complaints: World, means: Means, as_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_of(NOON)
    await declare(complaints, "s-2", "specialist")
    await declare(complaints, "s-2", "specialist", "supervisor")
    await some(complaints, {"held_by": "s-2"})
    look = going_back.look_through

    async def and_then_they_leave(*told: Any) -> None:
        await look(*told)
        monkeypatch.setattr(going_back, "look_through", look)
        await declare(complaints, "s-2", active=False)

    monkeypatch.setattr(going_back, "look_through", and_then_they_leave)
    (job,) = [it for it in jobs(means) if it.name == "going_back"]
    await job.run(means)
    assert await held(complaints) == ["s-2"] and await complaints.rows("colleague", "id", "news") == [{"id": "s-2"}]
    await job.run(means)
    assert await held(complaints) == [None] and await complaints.rows("colleague", "id", "news") == []


async def test_what_was_missed_is_a_supervisors_task_until_it_is_done(complaints: World, api: Api, means: Means, as_of: Any) -> None:
    """Opened once by two workers; done late it is done, and withdrawn there is nothing to see to."""
    as_of(NOON)
    late, dropped = [(await taken(api, order_id=order))["id"] for order in ("PO-1", "PO-2")]
    as_of(NOON + timedelta(hours=4))

    async def look() -> None:
        while await firing.fire(Watch, TRADE, means):
            pass
        await run(jobs(means), "overdue", means)

    await asyncio.gather(look(), look())
    await look()
    tasks = (await api.get("/v1/tasks?kind=milestone_missed"))["items"]
    assert {(it["about"], it["role"], it["state"], it["facts"]["milestone"]) for it in tasks} == {
        (f"complaint:{id}", "supervisor", "open", "acknowledgement") for id in (late, dropped)
    } and len(tasks) == 2
    assert {it["due_at"] for it in tasks} == {"2026-01-05T07:00:00Z"}  # two hours of work after noon: when it was due
    await step(api, late, "acknowledgement")
    await step(api, dropped, "withdrawal")
    await look()
    states = {it["about"].partition(":")[2]: (it["state"], it["done_by"]) for it in (await api.get("/v1/tasks"))["items"]}
    assert states == {late: ("done", None), dropped: ("called_off", None)}


async def test_open_tasks_are_counted(complaints: World, api: Api, means: Means) -> None:
    await some(complaints, {}, {})
    await TASKS.gauges(means)
    assert 'careloop_tasks_open{kind="fair",service="complaints"} 2.0' in (await means.metrics.page()).decode()
