"""Deadlines of complaints through the real edge: started, explained, paused, fired once by two workers, moved by a profile."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.complaints.app import service, trade_of
from services.complaints.domain.clock import Watch
from shared.clocks import firing
from shared.health import Health
from shared.service import Means
from tests.apis import Api
from tests.complaints.making import NOON, TRADE, answered, handed_over, step, taken, told
from tests.rooms import UNITS, World

# NOON is a Monday, 12:00 in Shanghai, where nobody works until 13:00.
OPENS = NOON + timedelta(hours=1)
CLOSES = NOON + timedelta(hours=6)


@pytest.fixture(autouse=True)
def jobs_live_at_the_rooms_time(complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.clocks.firing.now", lambda: complaints.clock[0])


def means(world: World) -> Means:
    return Means(None, UNITS, world.room.gate.sources, world.room.metrics, Health("complaints", "worker"), world.engine, world.pool)


async def fired(world: World, workers: int = 2) -> list[str]:
    """What was announced while so many workers let time pass at once."""
    before = len(await world.announced())

    async def work() -> None:
        while await firing.fire(Watch, TRADE, means(world)):
            pass

    await asyncio.gather(*(work() for _ in range(workers)))
    return [f"{name.split('.')[1]} {body['milestone']}" for name, body in (await world.announced())[before:] if body]


async def deadlines(api: Api, id: Any) -> dict[tuple[int, str], dict[str, Any]]:
    items = (await api.get(f"/v1/complaints/{id}/deadlines"))["items"]
    return {(it["round"], it["milestone"]): it for it in items}


def states(found: dict[tuple[int, str], dict[str, Any]]) -> dict[str, str]:
    return {f"{milestone} {round}": it["state"] for (round, milestone), it in sorted(found.items())}


def z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


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
    assert plan["why"]["en"].startswith("Plan (our suggestion, D-02; profile standard, version 1); ")
    assert plan["why"]["zh"].startswith("处理方案（本公司建议值, D-02；业务规则standard第1版）；")
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


async def pause(api: Api, id: Any, role: str = "specialist", status: int = 200, **body: Any) -> dict[str, Any]:
    told = {"reason": "awaiting_customer", "until": z(NOON + timedelta(days=2))} | body
    answer = await api.ask("POST", f"/v1/complaints/{id}/pauses", told, role=role, If_Match="*")
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


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
        "paused on Monday 5 January 2026 12:00 (awaiting_customer), 8 h of working time: moved to Friday 9 January 2026 18:00"
        in plan["why"]["en"]
    )
    assert "2026年1月5日（周一）12:00起因awaiting_customer暂停，其间工作时间8小时，顺延至2026年1月9日（周五）18:00" in plan["why"]["zh"]
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


# -- profiles


async def at_intake(api: Api, complaints: World, profile: str, folder: Path) -> dict[tuple[int, str], dict[str, Any]]:
    """The deadlines of a complaint under this profile."""
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "standard.toml").write_text(f'version = 2\nby = "s-9"\nwhy = "A test."\nextends = "standard"\n{profile}')
    api.app.state.circumstances["trade"] = trade_of(UNITS, folder)
    return await deadlines(api, (await taken(api))["id"])


@pytest.mark.parametrize(
    ("profile", "milestone", "due"),
    [
        ('[complaints.milestones.acknowledgement]\nlimits = [{ within = "24 h", rule = "CMPL-19" }]', "acknowledgement", NOON + timedelta(days=1)),
        ('[complaints.milestones.acknowledgement]\nlimits = [{ within = "30 min", rule = "CMPL-01" }]', "acknowledgement", NOON + timedelta(minutes=30)),
        ('[complaints.milestones.plan]\nlimits = [{ within = "3 cd", rule = "CMPL-18" }]', "plan", datetime(2026, 1, 8, 16, tzinfo=UTC)),
        ('[complaints.milestones.result]\nlimits = [{ within = "15 cd", rule = "CMPL-L09" }]', "result", datetime(2026, 1, 20, 16, tzinfo=UTC)),
        ('[calendar]\nrest = ["tuesday"]', "plan", datetime(2026, 1, 9, 10, tzinfo=UTC)),
        ('[calendar]\nhours = [{ since = "09:00", until = "17:00" }]', "plan", datetime(2026, 1, 8, 9, tzinfo=UTC)),
    ],
)  # fmt: skip
async def test_a_number_changed_in_the_profile_moves_the_deadline(
    api: Api, complaints: World, tmp_path: Path, profile: str, milestone: str, due: datetime
) -> None:
    """A15: complaint.ack, complaint.plan_due, complaint.result_due, working hours."""
    found = await at_intake(api, complaints, profile, tmp_path)
    assert (found[1, milestone]["due_at"], found[1, milestone]["profile"]["version"]) == (z(due), 2)


async def test_a_clock_keeps_the_version_of_its_start(api: Api, complaints: World, tmp_path: Path) -> None:
    before = await taken(api)
    after = await at_intake(api, complaints, '[complaints.milestones.plan]\nlimits = [{ within = "1 wd", rule = "ours" }]', tmp_path)
    assert (after[1, "plan"]["due_at"], after[1, "plan"]["profile"]["version"]) == ("2026-01-06T10:00:00Z", 2)
    await step(api, before["id"], "judgement", {"severity": "major"})
    kept = (await deadlines(api, before["id"]))[1, "plan"]
    assert (kept["due_at"], kept["profile"]["version"], kept["limits"][0]["within"]) == ("2026-01-08T10:00:00Z", 1, "3 wd")


DRAFT = 'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n[complaints.milestones.plan]\nlimits = [{ within = "4 wd", rule = "ours" }]\n'


async def test_a_preview_says_which_deadlines_would_move_and_changes_nothing(api: Api, complaints: World) -> None:
    ids = [(await taken(api))["id"] for _ in range(3)]
    await pause(api, ids[0], until=z(NOON + timedelta(days=1)))
    complaints.clock[0] = NOON + timedelta(days=1, seconds=1)
    await fired(complaints)
    before = [await deadlines(api, id) for id in ids]
    answer = await api.ask("POST", "/v1/profiles/preview", {"profiles": {"standard": DRAFT}}, role="supervisor")
    found = answer.json()
    assert (answer.status_code, found["open"], found["moved"], found["earlier"], found["later"]) == (200, 4, 3, 0, 3), (
        "one is paused no more"
    )
    moves = {it["about"].partition(":")[2]: (it["milestone"], it["due_at"], it["becomes"]) for it in found["items"]}
    assert moves[ids[0]] == ("plan", "2026-01-09T10:00:00Z", "2026-01-12T10:00:00Z")
    assert moves[ids[1]] == moves[ids[2]] == ("plan", "2026-01-08T10:00:00Z", "2026-01-09T10:00:00Z")
    assert [await deadlines(api, id) for id in ids] == before


async def test_a_draft_with_mistakes_is_told_all_of_them(api: Api) -> None:
    wrong = DRAFT.replace("4 wd", "4 days").replace("rule", "rle")
    answer = await api.ask("POST", "/v1/profiles/preview", {"profiles": {"standard": wrong}}, role="supervisor")
    assert answer.status_code == 422
    assert (
        'profiles/standard.toml: complaints.milestones.plan.limits[0].within is "4 days": a span is a whole number'
        in answer.text.replace('\\"', '"')
    )
    assert "complaints.milestones.plan.limits[0].rle" in answer.text
    nothing = await api.ask("POST", "/v1/profiles/preview", {"profiles": {"steel": DRAFT}}, role="supervisor")
    assert nothing.status_code == 422 and "by its name" in nothing.text
    assert (await api.ask("POST", "/v1/profiles/preview", {"profiles": {"standard": DRAFT}}, role="specialist")).status_code == 403


async def test_versions_in_force_are_written_down_once(api: Api, complaints: World, tmp_path: Path) -> None:
    """Who, why, since when, and the whole content; a version that comes back is a row of its own."""
    from shared.profiles.history import write_down

    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(DRAFT)
    changed = trade_of(UNITS, tmp_path)
    for trade in (TRADE, TRADE, changed, TRADE):
        await asyncio.gather(*(write_down(complaints.pool, trade.profiles) for _ in range(3)))
    items = (await api.get("/v1/profiles?name=standard"))["items"]
    assert [(it["version"], it["by"], it["why"]) for it in items] == [
        (1, "careloop", "As shipped."),
        (2, "s-9", "?"),
        (1, "careloop", "As shipped."),
    ]
    shown = await api.get("/v1/profiles/standard")
    assert shown["units"] == sorted(UNITS.units) and shown["content"]["complaints"]["milestones"]["plan"]["owner"] == "department"
    assert "standard" in (await api.get("/v1/profiles/nobody", status=404))["detail"]


async def test_a_notice_of_holidays_moves_what_was_provisional(api: Api, complaints: World, tmp_path: Path) -> None:
    """Received on a Friday in March of the first year that nobody has announced; then Monday is off."""
    last = TRADE.knowledge.known_until("CN")
    assert last
    friday = datetime(last.year + 1, 3, 1, 2, tzinfo=UTC)
    friday += timedelta(days=(4 - friday.weekday()) % 7)
    complaints.clock[0] = friday
    it = await taken(api)
    plan = (await deadlines(api, it["id"]))[1, "plan"]
    assert (plan["provisional"], plan["due_at"]) == (True, z(friday + timedelta(days=5, hours=8)))
    assert await complaints.pool.fetchval("SELECT count(*) FROM clock WHERE provisional") == 2
    monday = f"{friday + timedelta(days=3):%Y-%m-%d}"
    notice = (
        f'country = "CN"\nyear = {friday.year}\nsource = "a notice"\noff = [{{ since = {monday}, until = {monday}, name = "植树节" }}]\n'
    )
    answer = await api.ask("POST", "/v1/profiles/preview", {"notices": {"next-year": notice}}, role="leader")
    assert [(move["milestone"], move["becomes"]) for move in answer.json()["items"]] == [("plan", z(friday + timedelta(days=6, hours=8)))]
    (tmp_path / "holidays").mkdir()
    (tmp_path / "holidays" / "next-year.toml").write_text(notice)
    informed = trade_of(UNITS, tmp_path)
    api.app.state.circumstances["trade"] = informed
    await asyncio.gather(*(firing.follow_the_holidays(Watch, informed, means(complaints)) for _ in range(2)))
    assert not await firing.follow_the_holidays(Watch, informed, means(complaints))
    found = await deadlines(api, it["id"])
    assert not any(it["provisional"] for it in found.values())
    assert found[1, "plan"]["due_at"] == z(friday + timedelta(days=6, hours=8)) and len(found[1, "plan"]["moves"]) == 1
    assert found[1, "acknowledgement"]["moves"] == [] and "reckoned anew" in found[1, "plan"]["why"]["en"]


async def test_gauges_count_what_is_late_and_what_is_provisional(api: Api, complaints: World) -> None:
    await taken(api)
    complaints.clock[0] = NOON + timedelta(days=9)
    await firing.gauges(means(complaints))
    page = (await complaints.room.metrics.page()).decode()
    assert 'careloop_timers_overdue{kind="milestone",service="complaints"} 2.0' in page and "careloop_deadlines_provisional" in page


def test_every_service_that_keeps_clocks_says_how_they_are_reckoned() -> None:
    assert service.reckon is not None


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
