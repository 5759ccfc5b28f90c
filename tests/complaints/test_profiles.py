"""Profiles and holidays through the real edge of complaints: a number that is changed moves what begins later, a notice what is open."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.complaints.app import trade_of
from services.complaints.domain.clock import Watch
from shared.clocks import firing
from shared.profiles import history
from tests.apis import Api
from tests.complaints.making import NOON, TRADE, step, taken
from tests.complaints.timing import deadlines, fired, means, pause, z
from tests.rooms import UNITS, World


@pytest.fixture(autouse=True)
def jobs_live_at_the_rooms_time(complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.clocks.firing.now", lambda: complaints.clock[0])


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
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(DRAFT)
    changed = trade_of(UNITS, tmp_path)
    for trade in (TRADE, TRADE, changed, TRADE):
        await asyncio.gather(
            *(history.job(trade).run(means(complaints)) for _ in range(3)), history.written_by_an_api(complaints.engine, trade)
        )
    items = (await api.get("/v1/profiles?name=standard"))["items"]
    assert [(it["version"], it["by"], it["why"]) for it in items] == [
        (1, "careloop", "As shipped."),
        (2, "s-9", "?"),
        (1, "careloop", "As shipped."),
    ]
    (tmp_path / "profiles" / "standard.toml").write_text(DRAFT.replace("s-9", "s-10"))
    await history.written_by_an_api(complaints.engine, changed)
    await history.written_by_an_api(complaints.engine, trade_of(UNITS, tmp_path))
    assert [it["by"] for it in (await api.get("/v1/profiles?name=standard"))["items"]][:2] == ["s-10", "s-9"], "who decided it counts too"
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


async def under(api: Api, complaints: World, folder: Path, profile: str) -> Any:
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "standard.toml").write_text(f'version = 2\nby = "s-9"\nwhy = "A test."\nextends = "standard"\n{profile}')
    api.app.state.circumstances["trade"] = trade_of(UNITS, folder)
    return await taken(api)


LAB = """
[complaints.milestones.result]
limits = [
    { within = "15 cd", since = "acknowledged", rule = "CMPL-L09" },
    { within = "3 wd", since = "acknowledged", rule = "CMPL-L09", when = { severity = ["major"] } },
]"""


async def test_whoever_judges_has_acknowledged(api: Api, complaints: World, tmp_path: Path) -> None:
    """CMPL-L09: the written result is owed also where nobody wrote an acknowledgement."""
    it = await under(api, complaints, tmp_path, LAB)
    await step(api, it["id"], "judgement", {"severity": "major"})
    found = await deadlines(api, it["id"])
    assert (found[1, "result"]["due_at"], found[1, "result"]["limits"][0]["since"]) == ("2026-01-08T10:00:00Z", "acknowledged")


async def test_a_corrected_notice_moves_what_is_open_and_the_sentence_agrees(api: Api, complaints: World, tmp_path: Path) -> None:
    """Also in a year that is known: 7 January 2026 is declared off."""
    it = await taken(api)
    (tmp_path / "holidays").mkdir()
    notice = 'country = "CN"\nyear = 2026\nsource = "a correction"\noff = [{ since = 2026-01-07, until = 2026-01-07, name = "x" }]\n'
    answer = await api.ask("POST", "/v1/profiles/preview", {"notices": {"correction": notice}}, role="leader")
    assert [(move["milestone"], move["becomes"]) for move in answer.json()["items"]] == [("plan", "2026-01-09T10:00:00Z")]
    (tmp_path / "holidays" / "correction.toml").write_text(notice)
    informed = trade_of(UNITS, tmp_path)
    while await firing.follow_the_holidays(Watch, informed, means(complaints)):
        pass
    api.app.state.circumstances["trade"] = informed
    plan = (await deadlines(api, it["id"]))[1, "plan"]
    assert plan["due_at"] == "2026-01-09T10:00:00Z" and len(plan["moves"]) == 1 and "may be called" not in plan["why"]["en"]
    api.app.state.circumstances["trade"] = TRADE
    assert (
        "by what was known of holidays then it was Friday 9 January 2026 18:00" in (await deadlines(api, it["id"]))[1, "plan"]["why"]["en"]
    )


async def test_calendars_of_teams_and_notices_are_written_down_too(api: Api, complaints: World, tmp_path: Path) -> None:
    (tmp_path / "calendars.toml").write_text('[calendars.hall]\nhours = [{ since = "08:00", until = "18:00" }]\n')
    await history.written_by_an_api(complaints.engine, trade_of(UNITS, tmp_path))
    (tmp_path / "calendars.toml").write_text('[calendars.hall]\nhours = [{ since = "08:00", until = "12:00" }]\n')
    for _ in range(2):
        await history.written_by_an_api(complaints.engine, trade_of(UNITS, tmp_path))
    items = (await api.get("/v1/profiles?name=calendars/hall"))["items"]
    assert len(items) == 2 and items[0]["digest"] != items[1]["digest"]


async def test_a_limit_that_counts_from_after_a_pause_is_not_moved_by_it(api: Api, complaints: World, tmp_path: Path) -> None:
    limits = '[{ within = "10 wd", rule = "ours" }, { within = "2 wd", since = "judged", rule = "ours" }]'
    it = await under(api, complaints, tmp_path, f"[complaints.milestones.result]\nlimits = {limits}")
    await pause(api, it["id"], until=z(NOON + timedelta(days=2)))
    complaints.clock[0] = NOON + timedelta(days=3)
    await step(api, it["id"], "judgement")
    result = (await deadlines(api, it["id"]))[1, "result"]
    assert (result["due_at"], result["limits"][0]["within"]) == ("2026-01-12T10:00:00Z", "2 wd")
    assert result["pauses"][0]["due_after"] == result["pauses"][0]["due_before"] == result["due_at"]
