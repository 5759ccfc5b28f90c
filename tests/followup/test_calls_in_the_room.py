"""Calls through the real room and the jobs, on PostgreSQL: repeats, permutations, dead workers, two at once, customers who are another."""

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.followup.actions import calling
from services.followup.app import FOLLOWING, jobs
from services.followup.domain.asking import Tried
from services.followup.domain.call import call_id
from services.followup.jobs import calling as giving_up
from services.followup.store.gauges import gauges
from shared.contracts.contacts import ContactChanged, Standing
from shared.database import transaction
from shared.etag import Expected
from shared.health import Health
from shared.ids import customer_of, uuid7
from shared.replay import Record
from shared.service import Means
from tests.followup.conftest import NOON, TRADE, local
from tests.followup.saying import COMPLAINT, CUSTOMER, STORY, VISIT, answered, departed, happened, said
from tests.followup.test_calls import Step, calls_of, in_some_order, lives
from tests.followup.test_telling import contact
from tests.makers import record
from tests.rooms import UNITS, World

ABOUT = f"complaint:{COMPLAINT}"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GIVE_UP = giving_up.job(TRADE)


class Killed(BaseException):
    """The worker's end: nobody catches it."""


@pytest.fixture(autouse=True)
def now(followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "now", lambda: followup.clock[0])


def means(followup: World) -> Means:
    health = Health("followup", "worker")
    return Means(None, UNITS, followup.room.gate.sources, followup.room.metrics, health, followup.engine, followup.pool)


async def ends(followup: World) -> dict[int, tuple[str, str | None]]:
    return {row["round"]: (row["state"], row["why"]) for row in await followup.rows("call")}


async def told(followup: World) -> Counter[tuple[str, int]]:
    announced = await followup.rows("outbox", "type, (convert_from(payload, 'UTF8')::jsonb ->> 'round')::int AS round")
    return Counter((row["type"], row["round"]) for row in announced)


async def tried(followup: World, outcome: str, round: int = 1) -> None:
    async with transaction(followup.engine) as session:
        at = followup.clock[0] or NOON
        id = call_id(ABOUT, round)
        await calling.attempt(session, id, Tried(outcome), None, expected=Expected(None), trade=TRADE, by="s-1", at=at)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True)
@given(lives(), st.randoms(use_true_random=False))
async def test_any_order_in_any_batches_ends_in_the_same_calls(followup: World, life: list[Step], random: Random) -> None:
    """FLUP-06; a repeat comes under its own id or under a new one."""
    await followup.empty()
    ids = {step: str(uuid7()) for step in life}
    heard = [said(happened(*step), id=random.choice([ids[step], None])) for step in in_some_order(life, random)]
    while heard:
        cut = random.randrange(1, len(heard) + 1)
        await followup.handle(*heard[:cut])
        heard = heard[cut:]
    assert await ends(followup) == calls_of(life) and not await followup.rows("parked")
    for row in await followup.rows("call"):
        assert (row["earliest_at"], row["correlation"]) == (NOON.replace(hour=6) + (row["round"] - 1) * DAY, STORY)
    announced = await told(followup)
    assert set(announced.values()) <= {1}
    for round, (state, _) in calls_of(life).items():
        planned, off = announced["call.planned.v1", round], announced["call.called_off.v1", round]
        assert (planned, off) == (1, 0) if state == "planned" else planned == off


async def test_a_worker_that_dies_in_the_middle_did_nothing_and_the_next_does_all(
    followup: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    records = [said(happened("resolved")), said(departed()), answered(), said(happened("reopened", 2))]
    for place in ("shared.delivery.outbox.write", "shared.shelf.Shelf.save", "shared.delivery.inbox.enter"):
        with monkeypatch.context() as patch:

            async def die(*_: Any) -> None:
                raise Killed

            patch.setattr(place, die)
            with pytest.raises(Killed):
                await followup.handle(*records)
        for table in ("call", "survey", "inbox", "outbox", "known_customer"):
            assert not await followup.rows(table), table
    for _ in range(2):
        await followup.handle(*records)
    assert await told(followup) == {
        ("call.planned.v1", 1): 2, ("call.called_off.v1", 1): 1, ("satisfaction.reported.v1", None): 1,
    }  # fmt: skip
    assert len(await followup.rows("call")) == 2 and len(await followup.rows("survey")) == 1


async def test_two_workers_that_hear_the_same_plan_one_call(followup: World) -> None:
    """The same under new ids, so that no inbox helps."""
    many = [UUID(int=n + 1) for n in range(20)]
    batches = [[said(happened("resolved", complaint=it)) for it in order] for order in (many, many[::-1], many)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(followup.handle(*batch) for batch in batches))
    assert await told(followup) == {("call.planned.v1", 1): len(many)} and not await followup.rows("parked")


# -- whose call it is


def redirected() -> list[Record]:
    """shop/W-1 turns out to be erp/C-1, who lives in Chicago: the one record releases the name, the other takes it."""
    released = ContactChanged(
        customer_id=customer_of("shop/W-1"), standing=Standing.REDIRECTED, redirected_to=CUSTOMER, references=[], unit="headquarters"
    )
    taken = contact("shop/W-1", revision=2, customer="erp/C-1", time_zone="America/Chicago")
    return [record(released.name, released.model_dump(mode="json"), source="/careloop/customers", id=str(uuid7()), key=released.key), taken]


@pytest.mark.parametrize("before", [0, 1, 2], ids=["planned first", "in between", "planned last"])
async def test_a_customer_who_turns_out_to_be_another_is_followed(followup: World, before: int) -> None:
    web = customer_of("shop/W-1")
    words = [said(happened("resolved", customer_id=web)), said(departed(customer_id=web)), answered()]
    for turn in (redirected(), redirected()[::-1]):
        await followup.empty()
        for batch in (turn[:before], words, turn[before:]):
            await followup.handle(*batch)
            while await FOLLOWING.run(means(followup)):
                pass
        for table, number in (("call", 2), ("survey", 1)):
            rows = await followup.rows(table, "named_id, customer_id")
            assert rows == [{"named_id": web, "customer_id": CUSTOMER}] * number
        assert not await followup.rows("known_customer", where="news")


async def test_whoever_is_mentioned_has_a_row_that_news_of_them_must_lock(followup: World) -> None:
    for words in (said(happened("resolved")), said(happened("closed")), said(departed()), answered(reference="erp/C-1")):
        await followup.empty()
        await followup.handle(words)
        assert [(row["id"], row["customer_id"]) for row in await followup.rows("known_customer")] == [(CUSTOMER, CUSTOMER)]


async def test_what_is_announced_later_names_the_customer_of_today(followup: World) -> None:
    await followup.handle(said(happened("resolved", customer_id=customer_of("shop/W-1"))), *redirected())
    while await FOLLOWING.run(means(followup)):
        pass
    await tried(followup, "refused")
    announced = await followup.rows("outbox", "type, key, correlation", "true ORDER BY position")
    assert [(row["type"], row["key"]) for row in announced] == [
        ("call.planned.v1", str(customer_of("shop/W-1"))),
        ("call.attempted.v1", str(CUSTOMER)),
        ("call.unreachable.v1", str(CUSTOMER)),
    ]
    assert {row["correlation"] for row in announced} == {STORY}


async def test_the_zone_is_the_customers_in_reactions_and_in_attempts(followup: World) -> None:
    """FLUP-03: 22:00 in Shanghai is 8:00 in Chicago, and four hours later they rest until 14:00."""
    await followup.handle(contact(time_zone="America/Chicago"))
    await followup.handle(said(happened("resolved")))
    (row,) = await followup.rows("call")
    assert row["earliest_at"] == local(22)
    followup.clock[0] = local(22)
    await tried(followup, "busy")
    (row,) = await followup.rows("call")
    assert row["earliest_at"] == local(4) + DAY


async def test_an_erased_customer_is_an_id(followup: World) -> None:
    await followup.handle(contact(), said(happened("resolved")))
    assert [row["declared"] for row in await followup.rows("known_customer")] == [True]
    await followup.handle(Record("careloop.contacts", 0, 10**6, 0, str(CUSTOMER).encode(), None, ()))
    assert [row["declared"] for row in await followup.rows("known_customer")] == [False]
    assert [row["customer_id"] for row in await followup.rows("call")] == [CUSTOMER]


# -- and nobody tries for ever


async def given_up(followup: World, number: int) -> None:
    """So many calls that were tried three times in vain."""
    many = [UUID(int=n + 1) for n in range(number)]
    await followup.handle(*(said(happened("resolved", complaint=it), correlation=f"c-{it.int}") for it in many))
    await followup.pool.execute("UPDATE call SET state = 'attempted', give_up_at = $1", NOON + DAY)


async def test_a_call_is_given_up_once_by_however_many_workers(followup: World) -> None:
    """FLUP-31"""
    await given_up(followup, 150)
    assert not await GIVE_UP.run(means(followup)) and not await calling.give_up(followup.engine, TRADE)
    followup.clock[0] = NOON + 3 * DAY  # after a downtime
    while any(await asyncio.gather(*(GIVE_UP.run(means(followup)) for _ in range(3)))):
        pass
    assert {(row["state"], row["why"], row["give_up_at"]) for row in await followup.rows("call")} == {("unreachable", "attempts", None)}
    announced = await followup.rows("outbox", "subject, correlation", "type = 'call.unreachable.v1'")
    assert len(announced) == len({row["subject"] for row in announced}) == len({row["correlation"] for row in announced}) == 150
    delays = followup.room.metrics.registry.get_sample_value("careloop_timer_delay_seconds_count", {"service": "followup", "kind": "call"})
    assert delays and delays >= 150


async def test_attempts_lead_to_the_end_unless_somebody_answers(followup: World) -> None:
    """FLUP-31"""
    await followup.handle(said(happened("resolved")))
    for hours in (0, 4, 8):
        followup.clock[0] = NOON + hours * HOUR
        await tried(followup, "no_answer")
    fifth_day = local(18) + 7 * DAY  # that the unit works, at its close
    followup.clock[0] = fifth_day - timedelta(seconds=1)
    assert not await calling.give_up(followup.engine, TRADE)
    followup.clock[0] = fifth_day
    assert await calling.give_up(followup.engine, TRADE) == [timedelta(0)] and not await calling.give_up(followup.engine, TRADE)
    assert await ends(followup) == {1: ("unreachable", "attempts")}
    await followup.handle(said(happened("closed", closed_as="unreachable")), said(happened("resolved")))
    assert await ends(followup) == {1: ("unreachable", "attempts")}


async def test_a_call_that_was_called_off_meanwhile_is_not_given_up(followup: World) -> None:
    await given_up(followup, 1)
    followup.clock[0] = NOON + 2 * DAY
    reopened = said(happened("reopened", 2, complaint=UUID(int=1)))
    await asyncio.gather(followup.handle(reopened), calling.give_up(followup.engine, TRADE))
    (row,) = await followup.rows("call")
    ended = {"called_off": "call.called_off.v1", "unreachable": "call.unreachable.v1"}[row["state"]]
    assert {name for name, _ in await told(followup)} == {"call.planned.v1", ended} and row["give_up_at"] is None


async def test_a_dead_worker_gave_up_nothing(followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await given_up(followup, 2)
    followup.clock[0] = NOON + 2 * DAY
    with monkeypatch.context() as patch:

        async def die(*_: Any) -> None:
            raise Killed

        patch.setattr("shared.database.outbox.write", die)
        with pytest.raises(Killed):
            await calling.give_up(followup.engine, TRADE)
    assert {row["state"] for row in await followup.rows("call")} == {"attempted"}
    assert len(await calling.give_up(followup.engine, TRADE)) == 2


async def test_the_wall_shows_whom_to_call_and_who_is_overdue(followup: World) -> None:
    await followup.handle(said(happened("resolved")), said(departed()), said(happened("resolved", complaint=VISIT)))
    await followup.pool.execute("UPDATE call SET due_at = now() + interval '1 day' WHERE about = $1", ABOUT)
    await followup.pool.execute(
        "UPDATE call SET give_up_at = now() - interval '1 hour', due_at = now() - interval '1 day' WHERE about = $1", f"complaint:{VISIT}"
    )
    await followup.pool.execute("UPDATE call SET due_at = now() + interval '1 day' WHERE about = $1", f"visit:{VISIT}")
    await gauges(means(followup))

    def value(name: str, kind: str) -> float | None:
        found: float | None = followup.room.metrics.registry.get_sample_value(f"careloop_{name}", {"service": "followup", "kind": kind})
        return found

    assert (value("followups_due", "complaint_resolved"), value("followups_overdue", "complaint_resolved")) == (2, 1)
    assert (value("followups_due", "visit_departed"), value("followups_overdue", "visit_departed")) == (1, 0)
    assert value("timers_overdue", "call") == 1


def test_the_worker_runs_what_this_tests() -> None:
    settings = type("Settings", (), {"smtp": "", "sms": "", "environment": "development"})
    running = jobs(type("Means", (), {"settings": settings, "units": UNITS, "config": None}))  # type: ignore[arg-type]
    assert {"calling", "clocks", "holidays", "following"} <= {it.name for it in running}
