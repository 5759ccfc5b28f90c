"""By when a customer is asked, through the real edge: in the windows of the profile, once, by agreement, and moved by a notice."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from services.followup.actions import calling
from services.followup.app import service, trade_of
from services.followup.domain.call import ASKED_ABOUT, Call
from services.followup.domain.clock import CallTerms, Watch
from shared.clocks import firing
from shared.health import Health
from shared.ids import made_of
from shared.service import Means
from tests.apis import Api
from tests.followup.calling import DECORATION, SHANGHAI, calendar
from tests.followup.conftest import NOON, TRADE, local
from tests.followup.saying import COMPLAINT, happened, said, work
from tests.rooms import UNITS, World

ABOUT = f"complaint:{COMPLAINT}"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def jobs_live_at_the_rooms_time(followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.clocks.firing.now", lambda: followup.clock[0])


def means(world: World) -> Means:
    return Means(None, UNITS, world.room.gate.sources, world.room.metrics, Health("followup", "worker"), world.engine, world.pool)


async def fired(world: World) -> list[dict[str, Any] | None]:
    """Two workers let time pass; what was overdue."""

    async def work() -> None:
        while await firing.fire(Watch, TRADE, means(world)):
            pass

    await asyncio.gather(work(), work())
    return [body for name, body in await world.announced() if name == "call.overdue.v1"]


async def the_call(api: Api) -> dict[str, Any]:
    (call,) = (await api.get("/v1/calls"))["items"]
    found: dict[str, Any] = call
    return found


async def deadline(api: Api) -> dict[str, Any]:
    (it,) = (await api.get(f"/v1/calls/{(await the_call(api))['id']}/deadlines"))["items"]
    found: dict[str, Any] = it
    return found


def z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def test_a_calls_deadline_is_explained(api: Api, followup: World) -> None:
    """FLUP-06: three days from Tuesday end on Friday, where the last window closes at 21:00."""
    await followup.handle(said(happened("resolved")))
    call, it = await the_call(api), await deadline(api)
    assert it["due_at"] == call["due_at"] == z(local(21) + 3 * DAY)
    assert (it["milestone"], it["state"], it["owner"], it["limits"][0]["rule"]) == ("call", "running", "specialist", "FLUP-06, D-09")
    assert it["why"]["en"].endswith("the last moment at which the customer may be called is Friday 9 January 2026 21:00.")
    assert it["why"]["zh"].endswith("可以致电的最后时刻为2026年1月9日（周五）21:00。")
    assert it["arithmetic"][-1] == {"code": "window", "at": call["due_at"]}


async def test_nobody_asked_in_time(api: Api, followup: World) -> None:
    await followup.handle(said(happened("resolved")))
    followup.clock[0] = NOON + 9 * DAY
    (body,) = await fired(followup)
    assert body and (body["about"], body["due_at"]) == (f"call:{(await the_call(api))['id']}", z(local(21) + 3 * DAY))
    call = await the_call(api)
    answer = await api.ask("POST", f"/v1/calls/{call['id']}/outcome", {"satisfaction": "satisfied"}, role="specialist")
    assert answer.status_code == 200, "late is better than never"
    it = await deadline(api)
    assert (it["state"], it["done_at"]) == ("missed", z(NOON + 9 * DAY)) and len(await fired(followup)) == 1


@pytest.mark.parametrize(
    ("then", "state"),
    [("outcome", "met"), ("refused", "cancelled"), ("reopened", "cancelled"), ("accepted", "cancelled"), ("withdrawn", "cancelled")],
)
async def test_the_clock_ends_with_the_call(api: Api, followup: World, then: str, state: str) -> None:
    await followup.handle(said(happened("resolved")))
    id = (await the_call(api))["id"]
    if then == "outcome":
        assert (await api.ask("POST", f"/v1/calls/{id}/outcome", {"satisfaction": "satisfied"}, role="specialist")).status_code == 200
    elif then == "refused":
        assert (await api.ask("POST", f"/v1/calls/{id}/attempts", {"outcome": "refused"}, role="specialist")).status_code == 200
    else:
        await followup.handle(said(happened(then, 2 if then == "reopened" else 1)))
    assert (await deadline(api))["state"] == state
    followup.clock[0] = NOON + 9 * DAY
    assert await fired(followup) == []


def test_a_clock_keeps_the_windows_of_its_start() -> None:
    """FLUP-18: all that the profile says of calling, and what it says of this reason alone."""
    assert DECORATION.complaint
    terms = CallTerms.for_asking(DECORATION.complaint, DECORATION, calendar(), SHANGHAI)
    kept = Watch.terms_in(terms.dump(), TRADE.knowledge)
    assert (kept.asking, kept.zone, kept.calls.complaint) == (terms.asking, SHANGHAI, None)
    assert kept.calls == DECORATION.model_copy(update=dict.fromkeys(ASKED_ABOUT.values()))


async def test_resolved_and_reopened_in_one_batch(api: Api, followup: World) -> None:
    await followup.handle(said(happened("resolved")), said(happened("reopened", 2)))
    assert (await deadline(api))["state"] == "cancelled"


async def test_a_moment_that_was_agreed_takes_the_place_of_the_limit(api: Api, followup: World) -> None:
    """FLUP-06, FLUP-19"""
    await followup.handle(said(happened("resolved")))
    id, agreed = (await the_call(api))["id"], NOON + 5 * DAY
    body = {"outcome": "callback_agreed", "callback_at": z(agreed)}
    assert (await api.ask("POST", f"/v1/calls/{id}/attempts", body, role="specialist")).status_code == 200
    it = await deadline(api)
    assert (it["due_at"], it["limits"][0]["rule"]) == (z(agreed + timedelta(minutes=30)), "FLUP-19") and "promised" in it["why"]["en"]
    followup.clock[0] = agreed + timedelta(minutes=3)
    assert await fired(followup) == [], "three minutes later nobody is late yet"
    assert (await api.ask("POST", f"/v1/calls/{id}/outcome", {"satisfaction": "satisfied"}, role="specialist")).status_code == 200
    assert (await deadline(api))["state"] == "met"


async def test_who_is_not_reached_at_the_agreed_moment_is_called_in_the_next_window(api: Api, followup: World) -> None:
    """FLUP-19, FLUP-31: four hours later is Sunday evening; on Monday the customer may be called until noon, then again."""
    await followup.handle(said(happened("resolved")))
    id, agreed = (await the_call(api))["id"], NOON + 5 * DAY
    await api.ask("POST", f"/v1/calls/{id}/attempts", {"outcome": "callback_agreed", "callback_at": z(agreed)}, role="specialist")
    followup.clock[0] = agreed
    await api.ask("POST", f"/v1/calls/{id}/attempts", {"outcome": "no_answer"}, role="specialist")
    call, it = await the_call(api), await deadline(api)
    assert (call["earliest_at"], call["due_at"], it["due_at"]) == (z(local(8) + 6 * DAY), z(local(12) + 6 * DAY), z(local(12) + 6 * DAY))
    followup.clock[0] = local(11) + 6 * DAY
    assert await fired(followup) == []


async def test_whom_nobody_tries_any_more_is_owed_nothing(followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are given up at once, their clocks are asked for once."""
    monkeypatch.setattr(calling, "now", lambda: followup.clock[0])
    await followup.handle(*(said(happened("resolved", complaint=made_of("many", n))) for n in range(3)))
    await followup.pool.execute("UPDATE call SET state = 'attempted', give_up_at = $1", NOON)
    asked: list[str] = []
    listener = followup.engine.sync_engine, "before_cursor_execute", lambda *it: asked.append(it[2])
    event.listen(*listener)
    assert len(await calling.give_up(followup.engine, TRADE)) == 3
    event.remove(*listener)
    assert [row["state"] for row in await followup.rows("clock")] == ["cancelled"] * 3
    assert len([it for it in asked if it.startswith("SELECT clock.")]) == 1


async def test_giving_up_and_firing_at_once_is_no_deadlock(followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "now", lambda: followup.clock[0])
    for _ in range(3):
        await followup.empty()
        followup.clock[0] = NOON
        await followup.handle(*(said(happened("resolved", complaint=made_of("many", n))) for n in range(90)))
        await followup.pool.execute("UPDATE call SET state = 'attempted', give_up_at = $1", NOON + 9 * DAY)
        followup.clock[0] = NOON + 10 * DAY
        await asyncio.gather(calling.give_up(followup.engine, TRADE), firing.fire(Watch, TRADE, means(followup)))


@pytest.mark.parametrize(
    ("trade", "event", "due"),
    [
        ("decoration", "measurement", local(17, 30) + DAY),
        ("project", "installation", local(21) + 3 * DAY),
        ("steel", "order", local(21) + 3 * DAY),
        ("dealership", "repair", local(21) + 3 * DAY),
        ("standard", "measurement", None),
    ],
)
async def test_the_shipped_trades_ask_about_what_they_should(
    api: Api, followup: World, monkeypatch: pytest.MonkeyPatch, trade: str, event: str, due: datetime | None
) -> None:
    """A15, FLUP-06, FLUP-09, FLUP-12, FLUP-13"""
    units = UNITS.model_copy(update={"units": {name: it.model_copy(update={"profile": trade}) for name, it in UNITS.units.items()}})
    told = followup.room.circumstances
    monkeypatch.setattr(followup.room, "circumstances", lambda: told() | {"trade": trade_of(units)})
    await followup.handle(work(event))
    items = (await api.get("/v1/calls"))["items"]
    assert [it["due_at"] for it in items] == ([z(due)] if due else [])


async def test_a_preview_speaks_of_calls_too(api: Api, followup: World) -> None:
    await followup.handle(said(happened("resolved")))
    draft = 'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n[followup.calls.complaint]\nwithin = "1 cd"\n'
    answer = await api.ask("POST", "/v1/profiles/preview", {"profiles": {"standard": draft}}, role="leader")
    found = answer.json()
    assert (answer.status_code, found["moved"], found["items"][0]["becomes"]) == (200, 1, z(local(21) + DAY)), found


async def test_a_notice_moves_call_and_clock_alike(api: Api, followup: World, tmp_path: Path) -> None:
    """Resolved on a Friday in March of the first year that nobody has announced; then Monday is off, and only Friday itself is left."""
    last = TRADE.knowledge.known_until("CN")
    assert last
    friday = datetime(last.year + 1, 3, 1, 4, tzinfo=UTC)
    friday += timedelta(days=(4 - friday.weekday()) % 7)
    followup.clock[0] = friday
    await followup.handle(said(happened("resolved", resolved_at=friday)))
    before = await deadline(api)
    assert (before["due_at"], before["provisional"]) == (z(friday + timedelta(days=3, hours=9)), True)
    monday = f"{friday + 3 * DAY:%Y-%m-%d}"
    (tmp_path / "holidays").mkdir()
    (tmp_path / "holidays" / "n.toml").write_text(
        f'country = "CN"\nyear = {friday.year}\nsource = "a notice"\noff = [{{ since = {monday}, until = {monday}, name = "x" }}]\n'
    )
    informed = trade_of(UNITS, tmp_path)
    await asyncio.gather(*(firing.follow_the_holidays(Watch, informed, means(followup), Call) for _ in range(2)))
    it = await deadline(api)
    assert it["due_at"] == (await the_call(api))["due_at"] == z(friday + timedelta(hours=9)) and not it["provisional"]


def test_the_service_says_how_its_calls_are_reckoned() -> None:
    assert service.in_force is not None


@pytest.mark.parametrize(
    ("change", "event", "due"),
    [
        ('[followup.calls.complaint]\nwithin = "1 cd"', "complaint", local(21) + DAY),
        ('[followup.calls.complaint]\nwithin = "5 wd"', "complaint", local(18) + 7 * DAY),
        ('[followup.calls]\nwindows = [{ since = "10:30", until = "11:30" }]', "complaint", local(11, 30) + 3 * DAY),
        ('[followup.calls]\nrest = [{ since = "17:00", until = "09:00" }]', "complaint", local(17) + 3 * DAY),
        ('[calendar]\nrest = ["thursday", "friday"]', "complaint", local(21) + DAY),
        ('[followup.calls.measurement]\nwithin = "2 wd"\nrule = "FLUP-09"', "measurement", local(18) + 2 * DAY),
        ('[followup.calls.installation]\nafter = "2 cd"\nwithin = "3 cd"\nrule = "FLUP-12"', "installation", local(21) + 3 * DAY),
        ('[followup.calls.repair]\nwithin = "2 cd"\nrule = "ours"', "repair", local(21) + 2 * DAY),
        ('[followup.calls.order]\nwithin = "2 cd"\nrule = "ours"', "order", local(21) + 2 * DAY),
        ('[followup.calls.lost_order]\nwithin = "2 cd"\nrule = "FLUP-10"', "lost_order", local(21) + 2 * DAY),
    ],
)
async def test_a_number_changed_in_the_profile_moves_the_call(
    api: Api, followup: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: str, event: str, due: datetime
) -> None:
    """A15: follow-up delay, call windows, working hours. 6 January 2026 is a Tuesday."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(f'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n{change}\n')
    told, trade = followup.room.circumstances, trade_of(UNITS, tmp_path)
    monkeypatch.setattr(followup.room, "circumstances", lambda: told() | {"trade": trade})
    monkeypatch.setitem(api.app.state.circumstances, "trade", trade)
    await followup.handle(said(happened("resolved")) if event == "complaint" else work(event))
    it = await deadline(api)
    assert (it["due_at"], it["profile"]["version"]) == (z(due), 2)


async def tried(api: Api, outcome: str, **more: str) -> None:
    id = (await the_call(api))["id"]
    answer = await api.ask("POST", f"/v1/calls/{id}/attempts", {"outcome": outcome} | more, role="specialist")
    assert answer.status_code == 200, answer.text


async def test_whoever_is_reached_within_the_grace_is_asked_in_time(api: Api, followup: World) -> None:
    """Agreed for half past one at night; reached then, the answer is written down ten minutes later."""
    await followup.handle(said(happened("resolved")))
    agreed = local(8) + 2 * DAY - timedelta(hours=6, minutes=30)
    await tried(api, "callback_agreed", callback_at=z(agreed))
    followup.clock[0] = agreed + timedelta(minutes=1)
    await tried(api, "reached")
    followup.clock[0] = agreed + timedelta(minutes=10)
    assert await fired(followup) == []
    answer = await api.ask("POST", f"/v1/calls/{(await the_call(api))['id']}/outcome", {"satisfaction": "fair"}, role="specialist")
    assert answer.status_code == 200 and (await deadline(api))["state"] == "met"


async def test_whoever_is_tried_before_the_agreed_moment_still_has_it(api: Api, followup: World) -> None:
    await followup.handle(said(happened("resolved")))
    agreed = NOON + 2 * DAY
    await tried(api, "callback_agreed", callback_at=z(agreed))
    followup.clock[0] = NOON + DAY
    await tried(api, "no_answer")
    assert (await deadline(api))["due_at"] == z(agreed + timedelta(minutes=30))


async def test_each_attempt_in_vain_leaves_a_window_to_try_again(api: Api, followup: World) -> None:
    """FLUP-31"""
    await followup.handle(said(happened("resolved")))
    agreed = NOON + 5 * DAY
    await tried(api, "callback_agreed", callback_at=z(agreed))
    for _ in range(2):
        followup.clock[0] = max(agreed, datetime.fromisoformat((await the_call(api))["earliest_at"]))
        await tried(api, "no_answer")
        call = await the_call(api)
        assert call["earliest_at"] < call["due_at"] == (await deadline(api))["due_at"]
    assert await fired(followup) == []
