"""Tasks, through the real edge: whom they are for, and that each is done once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.complaints.domain.course import Place
from services.complaints.jobs import chores
from shared.permissions import PERMISSIONS, ROLES
from tests.apis import Api
from tests.complaints.making import C1, NOON, a_complaint, answered, kept, told
from tests.complaints.timing import means
from tests.rooms import World

MOVED = """
UPDATE complaint SET state = $1::varchar, closed_as = $2, resolved_at = $3, reopenable_until = $3,
    authority = CASE WHEN $3::timestamptz IS NOT NULL THEN 'supervisor' END, compensation_amount = NULL, compensation_currency = NULL"""


async def a_task(complaints: World, round: int = 2, **facts: Any) -> Any:
    """That a customer is not content with the result of this round."""
    it = await kept(complaints, a_complaint(Place.RESOLVED, round=round))
    await complaints.handle(told(answered("dissatisfied", it.about, round=round, **facts), "followup"))
    ((row),) = await complaints.rows("task", "id", "about = $1", it.about)
    return row["id"]


def complete(api: Api, task: Any, role: str, **headers: str) -> Any:
    return api.ask("POST", f"/v1/tasks/{task}/completion", {}, role=role, **headers)


@pytest.mark.parametrize(("round", "may"), [(2, {"supervisor", "leader"}), (3, {"leader"})])
async def test_whoever_has_its_role_does_it_and_a_leader_any(complaints: World, api: Api, round: int, may: set[str]) -> None:
    """CMPL-14"""
    for role in sorted(ROLES):
        task = await a_task(complaints, round, n=len(role))
        answer = await complete(api, task, role)
        assert answer.status_code == (200 if role in may else 403), role
        refused = "not-your-task" if role in PERMISSIONS["tasks.do"] else "not-your-role"
        assert role in may or answer.json()["type"].endswith(refused)
        state = (await api.get(f"/v1/tasks/{task}"))["state"]
        assert state == ("done" if role in may else "open")


async def test_it_is_done_once(complaints: World, api: Api) -> None:
    task = await a_task(complaints)
    answers = await asyncio.gather(*(complete(api, task, "supervisor") for _ in range(3)))
    assert sorted(it.status_code for it in answers) == [200, 409, 409]
    (done,) = [it.json() for it in answers if it.is_success]
    assert (done["state"], done["done_by"], done["done_at"], done["version"]) == ("done", "s-1", "2026-01-05T04:00:00Z", 2)
    refused = next(it.json() for it in answers if not it.is_success)
    assert refused["type"].endswith("/not-now") and refused["allowed"] == []
    assert (await complete(api, uuid4(), "leader")).status_code == 404


async def test_the_same_completion_twice_is_answered_twice(complaints: World, api: Api) -> None:
    task = await a_task(complaints)
    first, second = [await complete(api, task, "supervisor", Idempotency_Key="a") for _ in range(2)]
    assert first.status_code == 200 and first.content == second.content
    assert (await complete(api, await a_task(complaints, n=2), "supervisor", If_Match='"7"')).status_code == 412


@pytest.mark.parametrize(("said", "state", "ends"), [
    ("dissatisfied", "withdrawn", "called_off"), ("fair", "withdrawn", "called_off"), ("dissatisfied", "closed", "done"), ("fair", "closed", "open"),
    ("dissatisfied", "resolved", "open"),
])  # fmt: skip
async def test_what_nobody_has_to_see_to_any_more_ends(complaints: World, said: str, state: str, ends: str) -> None:
    """Whichever door the complaint went through; what is about no complaint of ours stays."""
    it = await kept(complaints, a_complaint(Place.RESOLVED, round=2))
    await complaints.handle(told(answered(said, it.about, round=2), "followup"))
    await complaints.handle(
        *(told(answered("fair", about, n=n, call=False), "followup") for n, about in ((8, "order:PO-7"), (9, "complaint:PO-7")))
    )
    await complaints.pool.execute(
        MOVED, state, "accepted" if state == "closed" else None, NOON if state in ("closed", "resolved") else None
    )
    await asyncio.gather(*(chores.look(means(complaints)) for _ in range(2)))
    found = await complaints.rows("task", "about, state, done_by")
    assert {row["state"] for row in found if row["about"] == it.about} == {ends} and {row["done_by"] for row in found} == {None}
    assert [row["state"] for row in found if row["about"] != it.about] == ["open", "open"]
    assert [each["kind"] for each in await complaints.requested(moot=True)] == ([] if ends == "open" else ["task_over"])


async def test_what_is_left_to_do(complaints: World, api: Api) -> None:
    first = await a_task(complaints, n=1)
    await a_task(complaints, 3, n=2)
    await complaints.handle(told(answered("fair", "order:PO-7", n=3, call=False, unit="overseas"), "followup"))
    await complete(api, first, "leader")
    (done,) = await complaints.rows("task", "about", "id = $1", first)
    for query, number in {
        "": 3, "state=open": 2, "state=open&role=leader": 1, "role=supervisor": 2, "kind=fair": 1, f"about={done['about']}": 1, "unit=overseas": 1,
        "about=order:PO-7": 1, "source=/careloop/followup": 3, f"customer_id={C1}": 3, f"customer_id={uuid4()}": 0,
    }.items():  # fmt: skip
        page = await api.get(f"/v1/tasks?count=true&{query}", role="viewer")
        assert page["total"] == len(page["items"]) == number, query
    assert {it["created_at"] for it in page["items"]} <= {NOON.isoformat()}
    assert (await api.ask("GET", "/v1/tasks", role="integration")).status_code == 403
