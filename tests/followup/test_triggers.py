"""What others tell of work and of orders leads to a call, once, in whatever order it is heard; through the real room, on PostgreSQL."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.followup.app import FOLLOWING
from services.followup.domain.call import Reason, call_id
from services.followup.domain.policy import Asking, Calls, Trade
from shared.ids import customer_of, uuid7
from tests.followup.calling import BERLIN, CALLS, DECORATION, calls, there, trade
from tests.followup.conftest import NOON, local
from tests.followup.saying import WORK, departed, happened, said, work
from tests.followup.test_calls_in_the_room import means, redirected
from tests.followup.test_telling import contact
from tests.makers import record, shipped
from tests.rooms import UNITS, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGE = timedelta(hours=72)  # of the profile: what is older is no news
MOMENTS = {
    "measurement": "completed_at",
    "installation": "sheet_returned_at",
    "repair": "completed_at",
    "order": "closed_at",
    "lost_order": "lost_at",
}


@pytest.fixture(autouse=True)
def asks_about_all(followup: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    trades(followup, monkeypatch, CALLS)
    yield


def trades(followup: World, monkeypatch: pytest.MonkeyPatch, of: Calls) -> None:
    """The room goes by a trade with these calls."""
    mine: Trade = trade(of)
    monkeypatch.setattr(followup.room, "circumstances", lambda: {"at": followup.clock[0], "units": UNITS, "trade": mine})


async def planned(followup: World, columns: str = "about, reason") -> list[dict[str, Any]]:
    assert not await followup.rows("parked")
    rows = await followup.rows("call", f"{columns}, round, state", "true ORDER BY about")
    assert {(row.pop("round"), row.pop("state")) for row in rows} <= {(1, "planned")}
    names = [name for name, _ in await followup.announced() if name.startswith("call.")]
    assert names == ["call.planned.v1"] * len(rows)
    return rows


@pytest.mark.parametrize(
    ("trigger", "about", "reason", "earliest", "last"),
    [
        ("measurement", "measurement:A-1", "measurement_completed", local(10, 30) + DAY, local(17, 30) + DAY),
        ("installation", "installation:J-1", "installation_completed", local(10, 30) + 2 * DAY, local(17, 30) + 3 * DAY),
        ("repair", "repair:R-1", "repair_completed", local(15), local(17, 30) + 3 * DAY),
        ("order", "order:O-1", "order_closed", local(15), local(17, 30) + 7 * DAY),
        ("lost_order", "opportunity:P-1", "order_lost", local(10, 30) + DAY, local(17, 30) + 3 * DAY),
    ],
)
async def test_it_is_asked_about_once(
    followup: World, monkeypatch: pytest.MonkeyPatch, trigger: str, about: str, reason: str, earliest: datetime, last: datetime
) -> None:
    """FLUP-09, FLUP-10, FLUP-12, FLUP-13, ORDR-13: told twice under one id, under another one, in one batch and in several."""
    trades(followup, monkeypatch, DECORATION)
    await followup.handle(work(trigger, id="a"), work(trigger, id="a"), work(trigger, id="b"))
    await followup.handle(work(trigger, id="b"), work(trigger, id="c"))
    (row,) = await planned(followup, "*")
    assert (row["id"], row["about"], row["reason"], row["earliest_at"], row["due_at"]) == (
        call_id(about, 1, "erp/C-1"),
        about,
        reason,
        earliest,
        last,
    )
    assert (row["named_id"], row["customer_id"], row["unit"], row["source"], row["correlation"]) == (
        customer_of("erp/C-1"), customer_of("erp/C-1"), "headquarters", "/erp", "a",
    )  # fmt: skip
    assert [it["id"] for it in await followup.rows("known_customer", "id")] == [customer_of("erp/C-1")]


@pytest.mark.parametrize("trigger", WORK)
async def test_two_workers_that_hear_the_same_plan_one_call(followup: World, trigger: str) -> None:
    names = [f"erp/C-{n}" for n in range(10)]
    things = {
        "measurement": "appointment_id",
        "installation": "job_id",
        "repair": "repair_order_id",
        "order": "order_id",
        "lost_order": "opportunity_id",
    }
    batches = [[work(trigger, it, **{things[trigger]: it[4:]}) for it in order] for order in (names, names[::-1], names)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(followup.handle(*batch) for batch in batches))
    assert len(await planned(followup)) == len(names)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
async def test_any_order_in_any_batches_ends_in_the_same_calls(followup: World, random: Random) -> None:
    await followup.empty()
    ids = {trigger: str(uuid7()) for trigger in WORK}
    heard = [work(trigger, id=random.choice([ids[trigger], None])) for trigger in [*WORK, *WORK]]
    heard += [
        work("installation", sheet_returned_at=None),
        said(happened("resolved")),
        said(departed()),
        record("order.shipped.v1", shipped()),
    ]
    random.shuffle(heard)
    while heard:
        cut = random.randrange(1, len(heard) + 1)
        await followup.handle(*heard[:cut])
        heard = heard[cut:]
    rows = await planned(followup, "reason, earliest_at, due_at")
    assert {(row["reason"], row["earliest_at"], row["due_at"]) for row in rows} == {
        ("complaint_resolved", local(14), local(21) + 3 * DAY), ("visit_departed", local(14), local(21) + DAY),
        ("measurement_completed", local(9) + DAY, local(18) + DAY), ("installation_completed", local(8) + 2 * DAY, local(21) + 3 * DAY),
        ("repair_completed", local(14), local(21) + 3 * DAY), ("order_closed", local(14), local(18) + 7 * DAY),
        ("order_lost", local(9) + DAY, local(18) + 3 * DAY),
    }  # fmt: skip
    assert len(await followup.rows("notice")) == 1


@pytest.mark.parametrize("trigger", WORK)
async def test_a_trade_without_a_table_asks_nobody(followup: World, monkeypatch: pytest.MonkeyPatch, trigger: str) -> None:
    trades(followup, monkeypatch, calls(**{trigger: None}))
    await followup.handle(work(trigger))
    assert not await planned(followup) and not await followup.rows("outbox")
    await followup.handle(*(work(it) for it in WORK))
    assert len(await planned(followup)) == len(WORK) - 1


async def test_a_trade_that_asks_about_neither_complaints_nor_visits(followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    trades(followup, monkeypatch, calls(complaint=None, visit=None))
    for order in (("resolved", "closed"), ("closed", "resolved")):
        await followup.empty()
        await followup.handle(*(said(happened(it)) for it in order), said(departed()))
        assert {row["state"] for row in await followup.rows("call")} <= {"called_off"}
        assert not await followup.rows("outbox") and not await followup.rows("parked")


@pytest.mark.parametrize("trigger", WORK)
@pytest.mark.parametrize(("older", "number"), [(timedelta(0), 1), (timedelta(seconds=1), 0), (999 * DAY, 0)])
async def test_nobody_is_asked_about_old_news(followup: World, trigger: str, older: timedelta, number: int) -> None:
    moment = (NOON - AGE - older).isoformat()
    await followup.handle(work(trigger, **{MOMENTS[trigger]: moment}))
    assert len(await planned(followup)) == number


# -- the sheet, the reason


async def test_the_time_of_an_installation_runs_from_the_day_on_which_its_sheet_is_back(followup: World) -> None:
    """FLUP-12: however long ago it was completed, and whichever is heard first."""
    long_ago = (NOON - 30 * DAY).isoformat()
    without, back = work("installation", completed_at=long_ago, sheet_returned_at=None), work("installation", completed_at=long_ago)
    await followup.handle(without)
    assert not await planned(followup)
    for order in ([without, back], [back, without]):
        for at_once in (True, False):
            await followup.empty()
            for batch in [order] if at_once else [[it] for it in order]:
                await followup.handle(*batch)
            (row,) = await planned(followup, "earliest_at, due_at")
            assert (row["earliest_at"], row["due_at"]) == (local(8) + 2 * DAY, local(21) + 3 * DAY)


async def test_an_order_that_was_written_off_is_nothing_to_ask_about(followup: World) -> None:
    """ORDR-13, FLUP-13: every other that is closed is, also where nobody says why it is."""
    await followup.handle(work("order", reason="written_off"))
    assert not await planned(followup)
    await followup.handle(work("order", order_id="O-2", reason=None))
    assert [row["about"] for row in await planned(followup)] == ["order:O-2"]
    await followup.empty()
    await followup.handle(work("order"))
    assert len(await planned(followup)) == 1


async def test_a_repair_in_vain_and_a_design_meeting_are_asked_about_too(followup: World) -> None:
    await followup.handle(work("repair", outcome="not_fixed"), work("measurement", kind="design_meeting"))
    assert len(await planned(followup)) == 2


# -- whose call it is, and whose time


@pytest.mark.parametrize("trigger", WORK)
async def test_the_unit_is_the_events_otherwise_the_customers(followup: World, trigger: str) -> None:
    await followup.handle(contact(unit="overseas"))
    await followup.handle(work(trigger))
    assert [row["unit"] for row in await planned(followup, "unit")] == ["overseas"]
    await followup.empty()
    await followup.handle(contact(unit="overseas"))
    await followup.handle(work(trigger, unit="headquarters"))
    assert [row["unit"] for row in await planned(followup, "unit")] == ["headquarters"]


async def test_the_calendar_is_the_units(followup: World) -> None:
    """FLUP-09: the next working day of Berlin, from its opening to its close."""
    await followup.handle(work("measurement", unit="overseas"))
    (row,) = await planned(followup, "earliest_at, due_at")
    assert (row["earliest_at"], row["due_at"]) == (there(BERLIN, 2026, 1, 7, 9, 0), there(BERLIN, 2026, 1, 7, 18, 0))


@pytest.mark.parametrize("trigger", ["repair", "order"])
async def test_the_zone_is_the_customers(followup: World, trigger: str) -> None:
    """FLUP-03: noon in Shanghai is 22:00 in Chicago, where they rest until 22:00 of Shanghai."""
    await followup.handle(contact(time_zone="America/Chicago"), work(trigger))
    (row,) = await planned(followup, "earliest_at")
    assert row["earliest_at"] == local(22)


@pytest.mark.parametrize("before", [0, 1, 2], ids=["planned first", "in between", "planned last"])
async def test_a_customer_who_turns_out_to_be_another_is_followed(followup: World, before: int) -> None:
    turn = redirected()
    for batch in (turn[:before], [work(trigger, "shop/W-1") for trigger in WORK], turn[before:]):
        await followup.handle(*batch)
        while await FOLLOWING.run(means(followup)):
            pass
    rows = await planned(followup, "named_id, customer_id")
    assert rows == [{"named_id": customer_of("shop/W-1"), "customer_id": customer_of("erp/C-1")}] * len(WORK)


def test_every_reason_has_its_table_and_every_table_its_reason() -> None:
    told: list[Asking | None] = [reason.asking(CALLS) for reason in Reason]
    assert len({id(it) for it in told}) == len(Reason) and None not in told
    assert {id(it) for it in told} == {id(it) for it in vars(CALLS).values() if isinstance(it, Asking)}


def test_what_is_asked_about_has_an_id_of_its_own() -> None:
    assert isinstance(call_id("order:1", 1), UUID) and call_id("order:1", 1) != call_id("repair:1", 1)


async def test_two_systems_may_number_alike(followup: World) -> None:
    """Both customers are asked."""
    await followup.handle(work("order", "erp/C-1"), work("order", "shop/W-1"))
    rows = await planned(followup, "about, named_id")
    assert {row["named_id"] for row in rows} == {customer_of("erp/C-1"), customer_of("shop/W-1")} and {row["about"] for row in rows} == {
        "order:O-1"
    }
