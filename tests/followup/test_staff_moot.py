"""What is over, or somebody else's by now, is told to nobody; what goes back is told again. From the API of tasks and calls to the messages."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.followup import app
from services.followup.actions import telling_staff
from services.followup.app import THEIRS
from services.followup.domain.clock import Watch
from services.followup.domain.colleague import Colleague
from services.followup.jobs import chores
from services.followup.jobs.telling_staff import look_again
from shared.clocks import firing
from shared.service import Means
from shared.todo import going_back
from tests.apis import Api
from tests.followup.conftest import TRADE, local
from tests.followup.saying import happened, said
from tests.followup.telling import asked, doors, told
from tests.followup.test_tasks import delayed, look, tasks
from tests.rooms import World
from tests.todo import ask, declare, run, worker

SUPERVISOR = {"sub": "s-9", "role": "supervisor"}


@pytest.fixture
async def means(api: Api, followup: World, monkeypatch: pytest.MonkeyPatch) -> Means:
    for module in (chores, telling_staff, going_back, firing):
        monkeypatch.setattr(module, "now", lambda: followup.clock[0])
    followup.clock[0] = local(10, 5)
    for id in ("s-2", "s-3"):
        await declare(followup, id, "specialist", email=f"{id}@example.com")
    return worker(api, followup)


async def gather(followup: World, at: Any = None) -> None:
    followup.clock[0] = at or followup.clock[0]
    await telling_staff.gather(followup.engine, TRADE, doors())


async def notices(followup: World) -> list[tuple[str, str | None, str, str | None]]:
    """What was to be told, to whom and what came of it; without what only says that something is over."""
    found = await followup.rows("staff_notice", "kind, to_staff, state, reason", "NOT moot ORDER BY planned_at, kind")
    return [tuple(row.values()) for row in found]  # type: ignore[misc]


async def a_task(followup: World, api: Api, means: Means) -> str:
    await followup.handle(delayed(22))
    await look(means)
    (task,) = await tasks(api)
    return f"/v1/tasks/{task['id']}"


async def test_a_task_that_is_done_before_anybody_was_told(followup: World, api: Api, means: Means) -> None:
    task = await a_task(followup, api, means)
    await gather(followup)
    assert (await ask(api, "POST", f"{task}/completion", {}, sub="s-2", role="specialist")).status_code == 200
    await gather(followup, local(10, 30))
    assert await notices(followup) == [("task_opened", None, "skipped", "moot")] and not await followup.rows("staff_message")


async def test_a_task_that_somebody_took_is_no_news_to_their_role(followup: World, api: Api, means: Means) -> None:
    task = await a_task(followup, api, means)
    await ask(api, "POST", f"{task}/assignment", {"staff_id": "s-2"}, sub="s-2", role="specialist")
    await gather(followup, local(10, 30))
    assert await notices(followup) == [("task_opened", None, "skipped", "moot")]


async def test_who_has_it_already_is_told_nothing_new(followup: World, api: Api, means: Means) -> None:
    task = await a_task(followup, api, means)
    for minute in (5, 40):
        followup.clock[0] = local(10, minute)
        answer = await ask(api, "POST", f"{task}/assignment", {"staff_id": "s-2"}, **SUPERVISOR)
        assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert [it[0] for it in await notices(followup)] == ["task_assigned", "task_opened"]


@pytest.mark.parametrize("how", ["left", "released"])
async def test_what_goes_back_is_told_to_those_who_may_take_it(followup: World, api: Api, means: Means, how: str) -> None:
    task = await a_task(followup, api, means)
    await gather(followup, local(10, 30))
    await ask(api, "POST", f"{task}/assignment", {"staff_id": "s-2"}, **SUPERVISOR)
    followup.clock[0] = local(10, 40)
    if how == "left":
        await declare(followup, "s-2", "specialist", active=False)
        await run(going_back.jobs(Colleague, THEIRS, also=look_again), "going_back", means)
    else:
        await ask(api, "POST", f"{task}/release", {}, **SUPERVISOR)
    await gather(followup, local(11))
    assert await notices(followup) == [
        ("task_opened", None, "sending", None), ("task_assigned", "s-2", "skipped", "superseded"), ("task_opened", None, "sending", None),
    ]  # fmt: skip
    last = await followup.rows("staff_message", "recipient", f"planned_at = '{local(11)}' ORDER BY recipient")
    assert [it["recipient"] for it in last] == (["s-3"] if how == "left" else ["s-2", "s-3"])


@pytest.mark.parametrize("said_of_them", [{"active": False}, {"absences": []}])
async def test_what_waits_for_somebody_is_looked_at_when_the_directory_speaks(
    followup: World, means: Means, said_of_them: dict[str, Any]
) -> None:
    await declare(followup, "s-2", "specialist", email="s-2@example.com", absences=[{"from": "2026-01-05", "until": "2026-01-20"}])
    await followup.handle(told(asked("task_assigned", "task:1", to_staff="s-2", to_role="specialist"), at=local(10)))
    await gather(followup, local(10, 30))
    assert await notices(followup) == [("task_assigned", "s-2", "held", "absent")]
    await declare(followup, "s-2", "specialist", **{"email": "s-2@example.com"} | said_of_them)
    await run(going_back.jobs(Colleague, THEIRS, also=look_again), "going_back", means)
    await gather(followup)
    assert [it["recipient"] for it in await followup.rows("staff_message", "recipient")] == ["s-2" if "absences" in said_of_them else "s-3"]


async def test_a_role_that_is_away_is_told_when_one_of_them_is_back_sooner(followup: World, means: Means) -> None:
    gone = [{"from": "2026-01-05", "until": "2026-01-20"}]
    for id in ("s-2", "s-3"):
        await declare(followup, id, "specialist", email=f"{id}@example.com", absences=gone)
    await followup.handle(told(asked("task_opened", "task:1", to_role="specialist"), at=local(10)))
    await gather(followup, local(10, 30))
    assert await notices(followup) == [("task_opened", None, "held", "absent")]
    await declare(followup, "s-3", "specialist", email="s-3@example.com")
    await run(going_back.jobs(Colleague, THEIRS, also=look_again), "going_back", means)
    await gather(followup)
    assert [it["recipient"] for it in await followup.rows("staff_message", "recipient")] == ["s-3"]


async def test_a_call_that_is_over_or_anothers_is_not_told(followup: World, api: Api, means: Means) -> None:
    await followup.handle(said(happened("resolved")))
    (call,) = (await api.get("/v1/calls"))["items"]
    for to in ("s-2", "s-2", "s-3"):
        followup.clock[0] += timedelta(minutes=1)
        assert (await ask(api, "POST", f"/v1/calls/{call['id']}/assignment", {"staff_id": to}, **SUPERVISOR)).status_code == 200
    await gather(followup)
    assert [(it[1], it[2]) for it in await notices(followup)] == [("s-2", "skipped"), ("s-3", "held")]
    await followup.handle(said(happened("withdrawn")))
    await gather(followup, local(10, 30))
    assert {it[2:] for it in await notices(followup)} == {("skipped", "moot")}


async def test_a_call_that_was_due_while_we_were_away_for_long_is_told(followup: World, means: Means) -> None:
    await followup.handle(said(happened("resolved")))
    followup.clock[0] = local(10) + timedelta(days=21)
    await firing.fire(Watch, TRADE, means)
    await gather(followup)
    assert await notices(followup) == [("call_overdue", None, "sending", None)]


async def test_mail_to_staff_waits_for_no_customers_letters(followup: World, means: Means, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has places of its own, or a lease would end before the last of both is answered."""
    given: list[Any] = []
    monkeypatch.setattr(app.telling_staff, "job", lambda trade, doors, gateways: given.append(gateways))
    monkeypatch.setattr(app.sending, "job", lambda trade, gateways: given.append(gateways))
    settings = SimpleNamespace(smtp="smtp://localhost:1", mail_from="a@example.com", sms=None, environment="development", config=None)
    app.jobs(replace(means, settings=settings))  # type: ignore[arg-type]
    customers, staff = given
    assert staff["mail"].places is not customers["email"].places and staff["mail"].name != customers["email"].name
