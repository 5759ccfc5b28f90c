"""Who at work is to hear of a complaint, through the real edge: each thing once, with codes alone."""

from datetime import timedelta

import pytest

from tests.apis import Api
from tests.complaints.making import NOON, answered, step, taken, told
from tests.complaints.timing import fired
from tests.rooms import World
from tests.todo import ask, declare


@pytest.fixture(autouse=True)
def jobs_live_at_the_rooms_time(complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.clocks.firing.now", lambda: complaints.clock[0])


async def test_who_owes_it_is_warned_and_what_is_missed_is_the_supervisors(api: Api, complaints: World) -> None:
    it = await taken(api)
    complaints.clock[0] = NOON + timedelta(days=9)
    await fired(complaints)
    await fired(complaints)
    found = {(each["kind"], each["facts"]["milestone"]): each for each in await complaints.requested()}
    assert set(found) == {("milestone_missed", "acknowledgement"), ("milestone_missed", "plan")}
    plan = found["milestone_missed", "plan"]
    assert (plan["to_role"], plan["urgent"], plan["about"], plan["due_at"]) == (
        "supervisor",
        True,
        f"complaint:{it['id']}",
        "2026-01-08T10:00:00Z",
    )
    assert plan["facts"] == {"milestone": "plan", "round": 1}


async def test_whoever_is_warned_is_warned_in_time(api: Api, complaints: World) -> None:
    await taken(api)
    complaints.clock[0] = NOON + timedelta(hours=2, minutes=31)
    await fired(complaints)
    (warned,) = await complaints.requested()
    assert (warned["kind"], warned["to_role"], warned["urgent"]) == ("milestone_at_risk", "specialist", False)


async def test_whoever_has_it_now_hears_it_at_once(api: Api, complaints: World) -> None:
    """CMPL-20"""
    it = await taken(api)
    await step(api, it["id"], "escalation", {"to": "leader"})
    (escalated,) = await complaints.requested()
    assert (escalated["kind"], escalated["to_role"], escalated["urgent"]) == ("complaint_escalated", "leader", True)
    assert escalated["facts"] == {"number": it["number"], "round": 1}


async def test_a_task_is_told_to_its_role_and_to_whoever_is_given_it(complaints: World) -> None:
    """D-30; an answer that comes again opens nothing again."""
    records = [told(answered("fair", "order:PO-8", call=False), "followup") for _ in range(2)]
    await complaints.handle(*records)
    (opened,) = await complaints.requested()
    (task,) = await complaints.rows("task")
    assert (opened["kind"], opened["to_role"], opened["about"]) == ("task_opened", "supervisor", f"task:{task['id']}")
    assert opened["facts"] == {"task": "fair", "of": "order:PO-8"}


async def test_whoever_takes_a_task_knows_and_whoever_is_given_one_is_told(api: Api, complaints: World) -> None:
    await complaints.handle(told(answered("fair", "order:PO-8", call=False), "followup"))
    for id in ("s-8", "s-9"):
        await declare(complaints, id, "supervisor")
    (task,) = await complaints.rows("task")
    path = f"/v1/tasks/{task['id']}/assignment"
    for to in ("s-8", "s-9"):
        answer = await ask(api, "POST", path, {"staff_id": to}, sub="s-8", role="supervisor")
        assert answer.status_code == 200, answer.text
    _, given = await complaints.requested()
    assert [it["kind"] for it in await complaints.requested(moot=True)] == ["task_taken"]
    assert (given["kind"], given["to_staff"], given["to_role"], given["about"]) == (
        "task_assigned",
        "s-9",
        "supervisor",
        f"task:{task['id']}",
    )


async def test_whoever_is_not_alarmed_yet_need_not_be_once_it_is_over(api: Api, complaints: World) -> None:
    """What nobody was to be alarmed about says nothing: most complaints are handled in time."""
    it = await taken(api)
    await step(api, it["id"], "acknowledgement")
    assert await complaints.requested(moot=True) == []
    complaints.clock[0] = NOON + timedelta(days=9)
    await fired(complaints)
    await step(api, it["id"], "escalation", {"to": "leader"})
    await step(api, it["id"], "withdrawal")
    over = await complaints.requested(moot=True)
    alarmed = {each["facts"]["milestone"] for each in await complaints.requested() if "milestone" in each["facts"]}
    assert {(each["kind"], each["facts"].get("milestone"), each["about"]) for each in over} == {
        ("complaint_over", None, f"complaint:{it['id']}"),
        *(("milestone_over", name, f"complaint:{it['id']}") for name in alarmed),
    } and alarmed
    assert len({each["request_id"] for each in over}) == len(over)
