"""By when an inquiry is owed an answer, through the real edge: by its channel, by what was promised, and once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.reception.app import trade_of
from services.reception.domain.clock import Watch
from shared.clocks import firing
from shared.service import Means
from tests.apis import Api
from tests.reception.conftest import TRADE
from tests.reception.desk import asked, missed, post, soon, telephoned
from tests.rooms import UNITS, World

SetClock = Callable[[datetime], None]
EVE = datetime(2026, 9, 30, 9, tzinfo=UTC)  # Wednesday, 17:00 in Shanghai; then seven days of holidays
NEXT_DAY = EVE + timedelta(days=1)


def z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def deadlines(api: Api, inquiry: Any) -> dict[str, dict[str, Any]]:
    items = (await api.get(f"/v1/inquiries/{inquiry['id']}/deadlines"))["items"]
    return {f"{it['milestone']} {it['round']}": it for it in items}


def close_to(moment: str, expected: datetime) -> bool:
    return abs(datetime.fromisoformat(moment) - expected) < timedelta(minutes=1)


async def fired(worker: Means) -> None:
    async def work() -> None:
        while await firing.fire(Watch, TRADE, worker):
            pass

    await asyncio.gather(work(), work())


@pytest.mark.parametrize(
    ("channel", "due", "rule"),
    [
        ("mail", datetime(2026, 10, 8, 10, tzinfo=UTC), "INQY-02"),
        ("phone", NEXT_DAY, "ours"),
        ("chat", EVE + timedelta(minutes=15), "ours"),
    ],
)
async def test_the_channel_says_by_when(api: Api, set_clock: SetClock, channel: str, due: datetime, rule: str) -> None:
    """INQY-02, INQY-03, INQY-09, D-31"""
    set_clock(EVE)
    answer = (await deadlines(api, await asked(api, channel=channel)))["answer 1"]
    assert close_to(answer["due_at"], due) and (answer["limits"][0]["rule"], answer["state"]) == (rule, "running")
    if channel == "mail":
        assert "国庆节" in answer["why"]["zh"] and "2026" in answer["why"]["en"]


async def test_an_answer_in_time_meets_it_and_one_that_is_late_does_not(
    api: Api, reception: World, worker: Means, set_clock: SetClock
) -> None:
    set_clock(EVE)
    early, late = await asked(api, channel="phone"), await asked(api, channel="phone")
    await post(api, f"/v1/inquiries/{early['id']}/answer", {"answer": "Tomorrow."})
    set_clock(NEXT_DAY + timedelta(minutes=5))
    await fired(worker)
    await fired(worker)
    assert [name for name, _ in await reception.announced() if "overdue" in name] == ["inquiry.overdue.v1"]
    await post(api, f"/v1/inquiries/{late['id']}/answer", {"answer": "Today."})
    assert (await deadlines(api, early))["answer 1"]["state"] == "met"
    missed_one = (await deadlines(api, late))["answer 1"]
    assert (missed_one["state"], bool(missed_one["done_at"])) == ("missed", True)


async def test_a_promise_takes_the_place_of_the_answer_and_a_new_one_that_of_the_old(
    api: Api, reception: World, worker: Means, set_clock: SetClock
) -> None:
    """INQY-05"""
    set_clock(EVE)
    inquiry = await asked(api, channel="phone")
    first, second = EVE + timedelta(days=2), EVE + timedelta(days=4)
    for until in (first, second):
        await post(api, f"/v1/inquiries/{inquiry['id']}/promise", {"until": z(until)})
    found = await deadlines(api, inquiry)
    assert {name: it["state"] for name, it in found.items()} == {"answer 1": "met", "promise 1": "cancelled", "promise 2": "running"}
    assert found["promise 2"]["due_at"] == z(second) and found["promise 2"]["limits"][0]["rule"] == "INQY-05"
    set_clock(second + timedelta(seconds=2))
    await fired(worker)
    (body,) = (body for name, body in await reception.announced() if name == "inquiry.overdue.v1")
    assert body and (body["milestone"], body["round"], body["rule"]) == ("promise", 2, "INQY-05")


async def test_who_hands_over_owes_nothing_any_more(api: Api, worker: Means, set_clock: SetClock) -> None:
    """INQY-11"""
    set_clock(EVE)
    inquiry = await asked(api, channel="phone")
    await post(api, f"/v1/inquiries/{inquiry['id']}/handover", {"to": "complaints", "category": "delivery"})
    assert (await deadlines(api, inquiry))["answer 1"]["state"] == "cancelled"


async def test_a_missed_call_is_owed_a_call_back_unless_it_is_old(api: Api, reception: World, set_clock: SetClock) -> None:
    """INQY-09: a backlog of yesterday's calls does not set off alarms."""
    set_clock(EVE)
    for call_id, started in (("new", EVE - timedelta(minutes=1)), ("old", EVE - timedelta(days=3))):
        await reception.handle(telephoned("call.missed.v1", missed(call_id=call_id, started_at=z(started), ended_at=z(started)), at=EVE))
    states = {it["call_id"]: (await deadlines(api, it))["answer 1"]["state"] for it in (await api.get("/v1/inquiries"))["items"]}
    assert states == {"new": "running", "old": "unwatched"}


async def test_a_number_changed_in_the_profile_moves_the_deadline(api: Api, set_clock: SetClock, tmp_path: Path) -> None:
    """A15: answer SLA"""
    set_clock(EVE)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(
        'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n[reception.milestones.answer]\nlimits = [{ within = "2 h", rule = "ours" }]\n'
    )
    api.app.state.circumstances["trade"] = trade_of(UNITS, tmp_path)
    assert close_to((await deadlines(api, await asked(api, channel="mail")))["answer 1"]["due_at"], EVE + timedelta(hours=2))


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ('within = "1 wd", since = "judged"', "an inquiry is neither acknowledged nor judged"),
        ('within = "1 wd", when = { severity = ["major"] }', "an inquiry has no severity"),
    ],
)
def test_a_limit_that_would_never_hold_is_a_mistake(tmp_path: Path, limit: str, said: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(
        f'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n[reception.milestones.answer]\nlimits = [{{ {limit}, rule = "ours" }}]\n'
    )
    with pytest.raises(SystemExit, match=said):
        trade_of(UNITS, tmp_path)


async def test_two_at_once_leave_no_clock_running(api: Api, reception: World) -> None:
    """A promise and an answer, two promises: whoever comes second sees the clock of the first."""
    for first, second in (("promise", "answer"), ("promise", "promise")):
        for n in range(8):
            inquiry = await asked(api, channel="phone")
            bodies = {"promise": {"until": soon(days=1, hours=n)}, "answer": {"answer": "Tomorrow."}}
            path = f"/v1/inquiries/{inquiry['id']}"
            answers = await asyncio.gather(
                *(api.ask("POST", f"{path}/{step}", bodies[step], role="specialist") for step in (first, second))
            )
            assert {answer.status_code for answer in answers} <= {200, 409}
            shown, found = await api.get(path), await deadlines(api, inquiry)
            running = [it for it in found.values() if it["state"] == "running"]
            assert len(running) == (shown["state"] == "promised"), (shown["state"], {name: it["state"] for name, it in found.items()})
            if first == second:
                assert [answer.status_code for answer in answers] == [200, 200]
