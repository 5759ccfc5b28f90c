"""Calls are given to people, through the real edge: who may have one, that it stays a call, and when it goes back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.followup.app import THEIRS
from services.followup.domain.call import State, call_id
from services.followup.domain.colleague import Colleague
from services.followup.domain.hours import Window
from shared.todo import going_back
from tests.apis import Api
from tests.followup.conftest import NOON
from tests.followup.saying import COMPLAINT, happened, said
from tests.followup.test_asking import a_call
from tests.rooms import World
from tests.todo import ask, declare, run, worker

CALL = f"/v1/calls/{call_id(f'complaint:{COMPLAINT}', 1)}"
SPECIALIST, SUPERVISOR = {"sub": "s-2", "role": "specialist"}, {"sub": "s-9", "role": "supervisor"}


@pytest.fixture(autouse=True)
async def planned(followup: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(going_back, "now", lambda: followup.clock[0])
    await followup.handle(said(happened("resolved")))
    await declare(followup, "s-2", "specialist")


async def given(api: Api, to: str, *, sub: str = "s-9", role: str = "supervisor", **headers: str) -> Any:
    return await ask(api, "POST", f"{CALL}/assignment", {"staff_id": to}, sub=sub, role=role, **headers)


async def back(followup: World, api: Api, name: str) -> None:
    means = worker(api, followup)
    await asyncio.gather(*(run(going_back.jobs(Colleague, THEIRS), name, means) for _ in range(2)))


async def now_it_is(followup: World) -> tuple[str, str | None]:
    ((row),) = await followup.rows("call", "state, assigned_to")
    return row["state"], row["assigned_to"]


async def test_it_is_given_and_given_back(followup: World, api: Api) -> None:
    answer = await given(api, "s-2", If_Match='"1"')
    assert (answer.status_code, answer.json()["state"], answer.json()["assigned_to"], answer.headers["ETag"]) == (
        200,
        "assigned",
        "s-2",
        '"2"',
    )
    assert (await given(api, "s-2", If_Match='"1"')).status_code == 412
    mine = await ask(api, "GET", "/v1/calls?assigned_to=s-2&state=assigned", **SPECIALIST)
    assert len(mine.json()["items"]) == 1
    assert (await ask(api, "POST", f"{CALL}/release", sub="s-3", role="specialist")).status_code == 403
    assert (await ask(api, "POST", f"{CALL}/release", **SPECIALIST)).json()["state"] == "planned"
    refused = await ask(api, "POST", f"{CALL}/release", **SUPERVISOR)
    assert refused.status_code == 409 and refused.json()["allowed"] == ["attempts", "outcome", "assignment"]


async def test_whoever_calls_may_take_it_and_nobody_gives_it_but_a_supervisor(followup: World, api: Api) -> None:
    await declare(followup, "s-3", "specialist")
    assert (await given(api, "s-3", **SPECIALIST)).json()["type"].endswith("/not-yours-to-give")
    assert (await given(api, "s-2", **SPECIALIST)).status_code == 200
    assert (await given(api, "s-3", sub="s-3", role="specialist")).status_code == 403
    assert (await given(api, "s-3")).json()["assigned_to"] == "s-3"
    assert (await given(api, "s-3", role="viewer")).status_code == 403


@pytest.mark.parametrize(("to", "status"), [("s-404", 422), ("s-5", 422), ("s-6", 409), ("s-7", 422)])
async def test_who_can_not_have_it(followup: World, api: Api, to: str, status: int) -> None:
    await declare(followup, "s-5", "reception", "department")  # they do not call
    await declare(followup, "s-6", "specialist", absences=[{"from": "2026-01-06", "until": "2026-01-08"}])
    await declare(followup, "s-7", "specialist", unit="overseas")
    answer = await given(api, to)
    assert (answer.status_code, answer.json()["field"]) == (status, "/staff_id")
    assert await now_it_is(followup) == ("planned", None)


async def test_whoever_else_reaches_the_customer_says_so(followup: World, api: Api) -> None:
    """And what was tried stays tried when it is given back; over, it is nobody's to give."""
    await given(api, "s-2")
    tried = await ask(api, "POST", f"{CALL}/attempts", {"outcome": "no_answer"}, sub="s-3", role="specialist")
    assert (tried.json()["state"], tried.json()["assigned_to"]) == ("attempted", "s-2")
    assert (await ask(api, "POST", f"{CALL}/release", **SPECIALIST)).json()["state"] == "attempted"
    followup.clock[0] = NOON + timedelta(minutes=1)
    assert (await given(api, "s-2")).json()["state"] == "attempted"
    await ask(api, "POST", f"{CALL}/outcome", {"satisfaction": "satisfied"}, sub="s-3", role="specialist")
    assert (await given(api, "s-2")).status_code == 409 and await now_it_is(followup) == ("done", "s-2")


async def test_it_waits_and_is_counted_as_before(followup: World, api: Api) -> None:
    before = await followup.rows("call", "earliest_at, due_at")
    clock = await followup.rows("clock", "state, due_at")
    await given(api, "s-2")
    assert await followup.rows("call", "earliest_at, due_at") == before and await followup.rows("clock", "state, due_at") == clock
    await followup.handle(said(happened("reopened", 2)))
    assert await now_it_is(followup) == ("called_off", "s-2")


def test_holidays_move_a_call_that_nobody_has_tried() -> None:
    for state in (State.PLANNED, State.ASSIGNED, State.ATTEMPTED):
        it = a_call(state)
        it.moved_to(Window(NOON, NOON + timedelta(days=9)), NOON + timedelta(days=9))
        assert (it.earliest_at == NOON) is (state is not State.ATTEMPTED)


@pytest.mark.parametrize("tried", [False, True])
async def test_whoever_leaves_leaves_it_to_everybody(followup: World, api: Api, tried: bool) -> None:
    await given(api, "s-2")
    if tried:
        await ask(api, "POST", f"{CALL}/attempts", {"outcome": "busy"}, **SPECIALIST)
    await declare(followup, "s-2", "specialist", active=False)
    await back(followup, api, "going_back")
    assert await now_it_is(followup) == ("attempted" if tried else "planned", None)


async def test_what_is_due_while_they_are_away_is_everybodys(followup: World, api: Api) -> None:
    """It is due on the 9th."""
    await declare(followup, "s-2", "specialist", absences=[{"from": "2026-01-07", "until": "2026-01-09"}])
    await given(api, "s-2")
    await back(followup, api, "going_back")
    await back(followup, api, "absences")
    assert await now_it_is(followup) == ("assigned", "s-2")
    followup.clock[0] = NOON + timedelta(days=1)
    await back(followup, api, "absences")
    assert await now_it_is(followup) == ("planned", None)
