"""Deadlines of complaints through the real edge: started, explained, paused, fired once by two workers, moved by a profile."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.complaints.app import service
from services.complaints.domain.clock import Watch
from shared.clocks import firing
from shared.ids import customer_of
from tests.apis import Api
from tests.complaints.making import NOON, TRADE, answered, contact, handed_over, step, taken, told
from tests.complaints.timing import CLOSES, OPENS, deadlines, fired, means, pause, states, z
from tests.rooms import World


@pytest.fixture(autouse=True)
def jobs_live_at_the_rooms_time(complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.clocks.firing.now", lambda: complaints.clock[0])


async def test_each_deadline_is_explained(api: Api) -> None:
    """D-02, D-31, A15: the arithmetic, the profile, the rule, the calendar; as data and as a sentence."""
    it = await taken(api)
    found = await deadlines(api, it["id"])
    assert states(found) == {"acknowledgement 1": "running", "plan 1": "running"}, "no result is owed before one was promised"
    plan = found[1, "plan"]
    assert (plan["due_at"], plan["owner"], plan["provisional"]) == ("2026-01-08T10:00:00Z", "department", False)
    assert plan["profile"] == {"name": "standard", "version": 1, "digest": TRADE.profile("headquarters").digest}
    assert plan["calendar"]["hours"] == ["09:00-12:00", "13:00-18:00"] and plan["calendar"]["zone"] == "Asia/Shanghai"
    (limit,) = plan["limits"]
    assert (limit["rule"], limit["within"], limit["holds"], limit["due_at"]) == ("ours, D-02", "3 wd", True, plan["due_at"])
    assert plan["arithmetic"][0]["code"] == "start" and plan["arithmetic"][-1]["code"] == "ends"
    assert plan["why"]["en"].startswith(
        "Plan (our suggestion, D-02; profile standard, version 1); since it was received, from Monday 5 January 2026 12:00; "
    )
    assert plan["why"]["zh"].startswith("处理方案（本公司建议值, D-02；业务规则standard第1版）；收到后，自2026年1月5日（周一）12:00起算；")
    assert found[1, "acknowledgement"]["due_at"] == z(OPENS + timedelta(hours=2)), "outside hours it counts from the next opening"


async def test_steps_meet_and_miss_their_clocks(api: Api, complaints: World) -> None:
    it = await taken(api)
    complaints.clock[0] = OPENS + timedelta(minutes=30)
    await step(api, it["id"], "acknowledgement", {"feedback_by": z(NOON + timedelta(days=1))})
    found = await deadlines(api, it["id"])
    assert states(found) == {"acknowledgement 1": "met", "plan 1": "running", "result 1": "running"}
    result = found[1, "result"]
    assert (result["due_at"], result["limits"][0]["rule"], result["limits"][0]["within"]) == (z(NOON + timedelta(days=1)), "CMPL-05", None)
    assert "promised to the customer for Tuesday 6 January 2026 12:00" in result["why"]["en"]
    await step(api, it["id"], "judgement", {"severity": "major"})
    complaints.clock[0] = NOON + timedelta(days=1, seconds=1)
    await step(api, it["id"], "resolution")
    found = await deadlines(api, it["id"])
    assert states(found) == {"acknowledgement 1": "met", "plan 1": "met", "result 1": "missed"}
    assert (found[1, "result"]["ended_at"], found[1, "result"]["done_at"]) == (z(NOON + timedelta(days=1)), z(complaints.clock[0]))
    assert [name for name, _ in await complaints.announced()].count("milestone.missed.v1") == 1 and await fired(complaints) == []


async def test_two_workers_warn_and_miss_once_also_after_days(api: Api, complaints: World) -> None:
    ids = [(await taken(api))["id"] for _ in range(20)]
    complaints.clock[0] = NOON + timedelta(hours=2, minutes=31)
    assert await fired(complaints) == ["at_risk acknowledgement"] * 20
    assert await fired(complaints) == []
    complaints.clock[0] = NOON + timedelta(days=9)
    assert sorted(await fired(complaints, 4)) == ["missed acknowledgement"] * 20 + ["missed plan"] * 20
    (found,) = {tuple(states(await deadlines(api, id)).values()) for id in ids}
    assert found == ("missed", "missed")
    assert (await complaints.pool.fetchval("SELECT count(*) FROM clock WHERE next_at IS NOT NULL")) == 0
    page = (await complaints.room.metrics.page()).decode()
    assert 'careloop_complaint_sla_breaches_total{milestone="plan",service="complaints",severity_level="none"}' in page


async def test_a_withdrawn_complaint_owes_nothing(api: Api, complaints: World) -> None:
    it = await taken(api)
    await step(api, it["id"], "withdrawal")
    assert set(states(await deadlines(api, it["id"])).values()) == {"cancelled"}
    complaints.clock[0] = NOON + timedelta(days=9)
    assert await fired(complaints) == []


async def test_a_reopened_complaint_owes_a_plan_again(api: Api, complaints: World) -> None:
    """CMPL-14, CMPL-20: in its second round it is major, so a result is owed too; whether staff reopen it or the customer's answer does."""
    for by_answer in (False, True):
        await complaints.empty()
        complaints.clock[0] = NOON
        it = await taken(api)
        await step(api, it["id"], "judgement")
        await step(api, it["id"], "resolution")
        complaints.clock[0] = CLOSES
        if by_answer:
            said = answered("dissatisfied", f"complaint:{it['id']}", round=1, reported_at=CLOSES)
            await complaints.handle(told(said, "followup"), told(said, "followup", again=True))
        else:
            await step(api, it["id"], "reopening")
        found = await deadlines(api, it["id"])
        assert states(found) == {"acknowledgement 1": "met", "plan 1": "met", "plan 2": "running", "result 2": "running"}
        assert (found[2, "plan"]["due_at"], found[2, "result"]["due_at"]) == ("2026-01-08T10:00:00Z", "2026-01-12T10:00:00Z")


async def test_what_was_due_before_we_heard_of_it_is_not_watched(api: Api, complaints: World) -> None:
    """It was received on Saturday and is handed over on Monday at noon: the plan may still come in time."""
    await complaints.handle(told(handed_over(), "reception"))
    (it,) = (await api.get("/v1/complaints"))["items"]
    assert states(await deadlines(api, it["id"])) == {"acknowledgement 1": "unwatched", "plan 1": "running"}
    assert await fired(complaints) == []


# -- pauses


async def test_a_pause_moves_the_deadline_by_working_time_and_stands_in_the_ledger(api: Api, complaints: World) -> None:
    it = await taken(api)
    paused = await pause(api, it["id"], remarks="They look for the photographs.")
    assert paused["version"] == it["version"] + 1
    complaints.clock[0] = NOON + timedelta(days=1)  # 18:00 to 13:00 and 9:00 to 12:00: eight hours were worked
    assert await fired(complaints) == []
    await api.ask("POST", f"/v1/complaints/{it['id']}/pauses/end", {}, role="specialist", If_Match="*")
    plan = (await deadlines(api, it["id"]))[1, "plan"]
    assert (plan["state"], plan["due_at"]) == ("running", "2026-01-09T10:00:00Z")
    (entry,) = plan["pauses"]
    assert (entry["worked_seconds"], entry["by"], entry["approved_by"], entry["reason"]) == (8 * 3600, "s-1", None, "awaiting_customer")
    assert (entry["due_before"], entry["due_after"]) == ("2026-01-08T10:00:00Z", "2026-01-09T10:00:00Z")
    assert (
        "paused on Monday 5 January 2026 12:00 (waiting for the customer), 8 h of working time: moved to Friday 9 January 2026 18:00"
        in plan["why"]["en"]
    )
    assert "2026年1月5日（周一）12:00起因等待顾客暂停，其间工作时间8小时，顺延至2026年1月9日（周五）18:00" in plan["why"]["zh"]
    (note,) = (note for note in (await api.get(f"/v1/complaints/{it['id']}"))["notes"] if note["kind"] == "pause")
    assert note["text"] == "They look for the photographs."


async def test_a_pause_ends_at_its_limit_also_when_nobody_looked(api: Api, complaints: World) -> None:
    it = await taken(api)
    await pause(api, it["id"], until=z(NOON + timedelta(days=1)))
    complaints.clock[0] = NOON + timedelta(days=30)
    assert sorted(await fired(complaints)) == ["missed acknowledgement", "missed plan", "resumed acknowledgement", "resumed plan"]
    plan = (await deadlines(api, it["id"]))[1, "plan"]
    assert (plan["ended_at"], plan["pauses"][0]["ended"], plan["pauses"][0]["ended_by"]) == (
        "2026-01-09T10:00:00Z",
        z(NOON + timedelta(days=1)),
        None,
    )


async def test_who_may_pause_for_how_long(api: Api, complaints: World) -> None:
    """Five working days alone, twenty with a supervisor, whose approval stands in the ledger."""
    it = await taken(api)
    week, month = z(NOON + timedelta(days=8)), z(NOON + timedelta(days=60))
    assert "Alone you may pause for 5 wd, until 2026-01-12T10:00+00:00." in (await pause(api, it["id"], until=week, status=403))["detail"]
    refused = await pause(api, it["id"], "supervisor", until=month, status=422)
    assert refused["field"] == "/until" and "20 wd at most" in str(refused)
    assert "awaiting_customer, awaiting_supplier, awaiting_test" in str(await pause(api, it["id"], reason="lunch", status=422))
    assert "still to come" in str(await pause(api, it["id"], until=z(NOON), status=422))
    await pause(api, it["id"], "supervisor", until=week)
    assert (await deadlines(api, it["id"]))[1, "plan"]["pauses"][0]["approved_by"] == "s-1"
    again = await pause(api, it["id"], status=409)
    assert again["allowed"] == ["pauses/end"]
    await step(api, it["id"], "withdrawal")
    assert "No clock" in (await pause(api, it["id"], status=409))["detail"]
    ended = await api.ask("POST", f"/v1/complaints/{it['id']}/pauses/end", {}, role="specialist", If_Match="*")
    assert ended.status_code == 409


async def test_a_step_of_somebody_else_is_seen_by_who_pauses(api: Api) -> None:
    it = await taken(api)
    told = {"reason": "awaiting_customer", "until": z(NOON + timedelta(days=2))}
    for tag, status in (({}, 428), ({"If_Match": '"9"'}, 412), ({"If_Match": '"1"'}, 200), ({"If_Match": '"1"'}, 412)):
        answer = await api.ask("POST", f"/v1/complaints/{it['id']}/pauses", told, role="specialist", **tag)
        assert answer.status_code == status, answer.text


async def test_gauges_count_what_is_late_and_what_is_provisional(api: Api, complaints: World) -> None:
    await taken(api)
    complaints.clock[0] = NOON + timedelta(days=9)
    await firing.gauges(means(complaints))
    page = (await complaints.room.metrics.page()).decode()
    assert 'careloop_timers_overdue{kind="milestone",service="complaints"} 2.0' in page and "careloop_deadlines_provisional" in page


def test_every_service_that_keeps_clocks_says_how_they_are_reckoned() -> None:
    assert service.in_force is not None


async def test_the_register_of_deadlines_shows_what_is_due_next(api: Api, complaints: World) -> None:
    first, second = (await taken(api))["id"], (await taken(api))["id"]
    await step(api, first, "withdrawal")
    items = (await api.get("/v1/deadlines"))["items"]
    assert [it["due_at"] for it in items] == sorted(it["due_at"] for it in items) and len(items) == 4
    running = (await api.get("/v1/deadlines?state=running&state=paused&count=true"))["items"]
    assert {it["about"] for it in running} == {f"complaint:{second}"}
    (plan,) = (await api.get(f"/v1/deadlines?owner=department&about=complaint:{second}&provisional=false"))["items"]
    assert (plan["milestone"], plan["profile_version"], plan["due_at"]) == ("plan", 1, "2026-01-08T10:00:00Z")
    assert (await api.get("/v1/deadlines?provisional=true"))["items"] == []


class Killed(BaseException):
    """The worker's end: nobody catches it."""


async def test_a_worker_that_dies_has_fired_nothing_and_the_next_fires_all(
    api: Api, complaints: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await taken(api)
    complaints.clock[0] = NOON + timedelta(days=9)
    before = await complaints.announced()

    async def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("shared.outbox.write", dies)
        with pytest.raises(Killed):
            await firing.fire(Watch, TRADE, means(complaints))
    assert await complaints.announced() == before
    assert len(await complaints.rows("clock", where="state = 'running'")) == 6
    assert sorted(await fired(complaints)) == ["missed acknowledgement"] * 3 + ["missed plan"] * 3


async def test_two_steps_at_once_leave_one_clock_of_each(api: Api, complaints: World) -> None:
    """Both begin the result's clock: whoever comes second finds it."""
    for _ in range(5):
        it = await taken(api)
        path, tag = f"/v1/complaints/{it['id']}", {"If_Match": "*", "role": "specialist"}
        answers = await asyncio.gather(
            api.ask("POST", f"{path}/acknowledgement", {"feedback_by": z(NOON + timedelta(days=1))}, **tag),
            api.ask("POST", f"{path}/judgement", {"upheld": True, "reason": "So it is.", "severity": "major"}, **tag),
            api.ask("POST", f"{path}/pauses", {"reason": "awaiting_customer", "until": z(NOON + timedelta(hours=2))}, **tag),
        )
        assert {answer.status_code for answer in answers} <= {200, 409} and answers[1].status_code == 200
        found = await deadlines(api, it["id"])
        assert set(found) == {(1, "acknowledgement"), (1, "plan"), (1, "result")} and len(await complaints.rows("parked")) == 0


async def test_what_begins_in_a_pause_waits_too(api: Api, complaints: World) -> None:
    it = await taken(api)
    await pause(api, it["id"], until=z(NOON + timedelta(days=2)))
    await step(api, it["id"], "acknowledgement", {"feedback_by": z(NOON + timedelta(hours=4))})
    complaints.clock[0] = NOON + timedelta(days=1)
    assert await fired(complaints) == []
    result = (await deadlines(api, it["id"]))[1, "result"]
    assert result["state"] == "paused" and result["pauses"][0]["until"] == z(NOON + timedelta(days=2))


async def test_what_it_waited_before_moves_what_begins_later(api: Api, complaints: World) -> None:
    """Five working days from Monday end on the next; a day's pause before the judgement makes it Tuesday, and the ledger says so."""
    it = await taken(api)
    complaints.clock[0] = OPENS
    await pause(api, it["id"], until=z(OPENS + timedelta(days=1)))
    complaints.clock[0] = OPENS + timedelta(days=1, hours=1)
    await step(api, it["id"], "judgement", {"severity": "major"})
    result = (await deadlines(api, it["id"]))[1, "result"]
    assert (result["due_at"], result["pauses"][0]["due_before"]) == ("2026-01-13T10:00:00Z", "2026-01-12T10:00:00Z")
    assert result["pauses"][0]["worked_seconds"] == 8 * 3600 and "moved to Tuesday 13 January 2026 18:00" in result["why"]["en"]


async def test_a_promise_is_not_moved_by_what_was_over_when_it_was_made(api: Api, complaints: World) -> None:
    """And of the limits that apply the strictest holds as the pauses have moved them."""
    it = await taken(api)
    complaints.clock[0] = OPENS
    await pause(api, it["id"], until=z(OPENS + timedelta(hours=4)))
    complaints.clock[0] = NOON + timedelta(days=1)
    promised = NOON + timedelta(days=1, hours=3)
    await step(api, it["id"], "acknowledgement", {"feedback_by": z(promised)})
    result = (await deadlines(api, it["id"]))[1, "result"]
    assert (result["due_at"], "moved" in result["why"]["en"]) == (z(promised), False)


async def test_what_was_met_in_the_pause_does_not_hide_it(api: Api, complaints: World) -> None:
    for _ in range(8):
        complaints.clock[0] = NOON
        it = await taken(api)
        complaints.clock[0] = OPENS
        await pause(api, it["id"], until=z(OPENS + timedelta(days=1)))
        await step(api, it["id"], "acknowledgement")
        complaints.clock[0] = OPENS + timedelta(days=1, hours=1)
        await step(api, it["id"], "judgement", {"severity": "major"})
        found = await deadlines(api, it["id"])
        assert found[1, "result"]["due_at"] == "2026-01-13T10:00:00Z"
        for deadline in found.values():
            chain = [pause["due_after"] for pause in deadline["pauses"] if pause["due_after"]]
            assert not chain or chain[-1] == deadline["due_at"], "the last that is said is where it is due"


async def test_a_stricter_limit_that_is_past_is_missed(api: Api, complaints: World) -> None:
    """Judged major nine days after we took it in: five working days are over."""
    it = await taken(api)
    complaints.clock[0] = NOON + timedelta(days=9)
    await step(api, it["id"], "judgement", {"severity": "major"})
    assert (await deadlines(api, it["id"]))[1, "result"]["state"] == "missed"
    assert [body["milestone"] for name, body in await complaints.announced() if body and name == "milestone.missed.v1"] == [
        "acknowledgement", "plan", "result",
    ]  # fmt: skip


async def test_a_pause_that_is_over_is_over_whoever_comes_first(api: Api, complaints: World) -> None:
    """The ledger is the same whether the job looks first or a step does; and one may pause again."""
    ledgers = []
    for job_first in (True, False):
        complaints.clock[0] = NOON
        it = await taken(api)
        await pause(api, it["id"], until=z(NOON + timedelta(hours=2)))
        complaints.clock[0] = NOON + timedelta(hours=2, minutes=30)
        if job_first:
            await fired(complaints)
        await step(api, it["id"], "acknowledgement")
        ledgers.append((await deadlines(api, it["id"]))[1, "acknowledgement"])
    assert [it["state"] for it in ledgers] == ["met", "met"] and ledgers[0]["pauses"] == ledgers[1]["pauses"]
    assert ledgers[0]["pauses"][0]["ended"] == z(NOON + timedelta(hours=2))


async def test_a_specialist_does_not_pause_alone_again_and_again(api: Api, complaints: World) -> None:
    it = await taken(api)
    await pause(api, it["id"], until=z(NOON + timedelta(hours=2)))
    complaints.clock[0] = NOON + timedelta(hours=3)
    later = z(NOON + timedelta(days=1))
    assert "another pause needs one" in (await pause(api, it["id"], until=later, status=403))["detail"]
    await pause(api, it["id"], "supervisor", until=later)


async def test_a_clock_follows_its_customer(complaints: World, api: Api) -> None:
    """And the worker has the jobs for it."""
    jobs = service.jobs(means(complaints))
    assert {"clocks", "holidays", "profiles", "following"} <= {job.name for job in jobs}
    await taken(api)
    other = customer_of("erp/C-2")
    await complaints.handle(
        told(contact("erp/C-2", "erp/C-2", "erp/C-1", revision=2), "customers"),
    )
    (follow,) = (job for job in jobs if job.name == "following")
    while await follow.run(means(complaints)):
        pass
    assert {row["customer_id"] for row in await complaints.rows("clock", "customer_id")} == {other}
