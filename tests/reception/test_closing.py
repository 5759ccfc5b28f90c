"""The day's end closes what nobody closed, once, whoever works and however late."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.reception.jobs import closing
from shared.service import Means
from tests.apis import Api
from tests.reception.conftest import SetClock
from tests.reception.desk import Thing, application, applied, as_staff_of, post, stepped
from tests.rooms import World

MORNING = datetime(2026, 1, 5, 2, tzinfo=UTC)  # 10 o'clock in Shanghai
MIDNIGHT = datetime(2026, 1, 5, 16, tzinfo=UTC)  # 24:00 there
SECOND = timedelta(seconds=1)


async def close(worker: Means) -> None:
    while await closing.close_what_is_left(worker):
        pass


async def steps_of(reception: World, *names: str) -> list[dict[str, Any]]:
    return [event for name, event in await reception.announced() if name in names and event]


async def test_who_has_not_come_by_midnight_did_not_come(api: Api, reception: World, worker: Means, set_clock: SetClock) -> None:
    set_clock(MORNING)
    visit = await applied(api, arrives_at="2026-01-05T15:00:00+08:00")
    set_clock(MIDNIGHT - 5 * SECOND)
    await close(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "applied"
    set_clock(MIDNIGHT)
    await close(worker)
    await close(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "no_show"
    (event,) = await steps_of(reception, "visit.no_show.v1")
    assert (event["visit_id"], event["expected_at"]) == (visit["id"], "2026-01-05T07:00:00Z")
    assert worker.metrics.registry.get_sample_value("careloop_timer_delay_seconds_count", {"service": "reception", "kind": "visit"}) == 1


async def test_who_was_not_seen_to_leave_left_by_midnight(api: Api, reception: World, worker: Means, set_clock: SetClock) -> None:
    """A14; after two days of downtime too: they left on their day, and not when somebody noticed."""
    set_clock(MORNING)
    visit = await stepped(api, await applied(api), "arrival")
    set_clock(MIDNIGHT + timedelta(days=2, hours=3))
    await close(worker)
    left = await api.get(f"/v1/visits/{visit['id']}")
    assert (left["state"], left["noticed"], left["departed_at"], left["expected_home_at"]) == (
        "departed",
        False,
        "2026-01-05T16:00:00Z",
        None,
    )
    (event,) = await steps_of(reception, "visit.departed.v1")
    assert (event["noticed"], event["departed_at"], event["expected_home_at"]) == (False, "2026-01-05T16:00:00Z", None)
    rows = await reception.rows("outbox", "correlation", "type = 'visit.departed.v1'")
    assert [it["correlation"] for it in rows] == [visit["correlation"]]


async def test_who_comes_a_day_early_leaves_a_day_early(api: Api, worker: Means, set_clock: SetClock) -> None:
    set_clock(MORNING)
    visit = await stepped(api, await applied(api, arrives_at="2026-01-06T15:00:00+08:00"), "arrival")
    set_clock(MIDNIGHT)
    await close(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["departed_at"] == "2026-01-05T16:00:00Z"


async def test_who_comes_after_midnight_before_anybody_closed_it_is_here(api: Api, worker: Means, set_clock: SetClock) -> None:
    set_clock(MORNING)
    visit = await applied(api)
    set_clock(MIDNIGHT + timedelta(minutes=10))
    visit = await stepped(api, visit, "arrival")
    await close(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "arrived"


async def test_what_is_told_a_day_late_is_open_until_its_own_midnight(api: Api, worker: Means, set_clock: SetClock) -> None:
    """A day that was over before we heard of it is not watched."""
    set_clock(MORNING)
    visit = await applied(api, arrives_at="2026-01-04T15:00:00+08:00")
    await close(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "applied"
    set_clock(MIDNIGHT)
    await close(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "no_show"


@pytest.mark.parametrize(
    ("day", "midnight"),
    [
        ("2026-03-28", "2026-03-28T23:00:00+00:00"), ("2026-03-29", "2026-03-29T22:00:00+00:00"),  # a day of 23 hours
        ("2026-10-24", "2026-10-24T22:00:00+00:00"), ("2026-10-25", "2026-10-25T23:00:00+00:00"),  # and one of 25
    ],
)  # fmt: skip
async def test_a_day_ends_where_the_unit_is(api: Api, reception: World, set_clock: SetClock, day: str, midnight: str) -> None:
    """Berlin; the hour is told as somewhere else has it."""
    set_clock(datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=3))
    arrives_at = datetime.fromisoformat(f"{day}T23:30:00").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(ZoneInfo("Asia/Shanghai"))
    await as_staff_of(api, "overseas", path="/v1/visits", body=application(arrives_at=arrives_at.isoformat()))
    (row,) = await reception.rows("visit", "day_ends_at")
    assert row["day_ends_at"].astimezone(UTC).isoformat() == midnight


@pytest.fixture
async def many(api: Api, reception: World, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> list[Thing]:
    """Thirty visits of yesterday, a third of them arrived; few are closed at once."""
    monkeypatch.setattr(closing, "AT_ONCE", 4)
    set_clock(MORNING)
    visits = [await applied(api) for _ in range(30)]
    for visit in visits[::3]:
        await stepped(api, visit, "arrival")
    set_clock(MIDNIGHT + timedelta(hours=9))
    return visits


async def test_two_workers_close_each_once(api: Api, reception: World, worker: Means, many: list[Thing]) -> None:
    async with asyncio.timeout(60):
        await asyncio.gather(close(worker), close(worker), close(worker))
    await close(worker)
    assert {it["state"]: it["n"] for it in await reception.rows("visit", "state, count(*) AS n", "true GROUP BY state")} == {
        "no_show": 20,
        "departed": 10,
    }
    told = await steps_of(reception, "visit.no_show.v1", "visit.departed.v1")
    assert len(told) == len({it["visit_id"] for it in told}) == 30


async def test_a_worker_that_dies_in_the_middle_leaves_the_rest_to_the_next(
    reception: World, worker: Means, many: list[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def dies(*_: Any) -> None:
        raise Killed

    await closing.close_what_is_left(worker)
    before = len(await reception.announced())
    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr("shared.outbox.write", dies)
        await closing.close_what_is_left(worker)
    assert len(await reception.announced()) == before
    assert len(await reception.rows("visit", "id", "day_ends_at IS NULL")) == 4
    await close(worker)
    assert len(await steps_of(reception, "visit.no_show.v1", "visit.departed.v1")) == 30


async def test_the_desk_and_the_day_s_end_do_not_both_let_them_leave(api: Api, reception: World, worker: Means, many: list[Thing]) -> None:
    here = (await api.get("/v1/visits?state=arrived"))["items"]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(api.ask("POST", f"/v1/visits/{it['id']}/departure", {}, role="reception", if_match=f'"{it["version"]}"') for it in here),
            close(worker),
        )
    codes = [it.status_code for it in answers[:-1]]
    assert set(codes) <= {200, 409, 412}
    left = await steps_of(reception, "visit.departed.v1")
    assert len(left) == len({it["visit_id"] for it in left}) == 10 and [it["noticed"] for it in left].count(True) == codes.count(200)


async def test_who_was_cancelled_or_left_is_let_be(api: Api, reception: World, worker: Means, set_clock: SetClock) -> None:
    set_clock(MORNING)
    await stepped(api, await applied(api), "cancellation")
    visit = await stepped(api, await applied(api), "arrival")
    await post(api, f"/v1/visits/{visit['id']}/departure", if_match=f'"{visit["version"]}"')
    before = await reception.announced()
    set_clock(MIDNIGHT + timedelta(days=9))
    await close(worker)
    assert await reception.announced() == before
