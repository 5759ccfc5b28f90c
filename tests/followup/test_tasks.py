"""What goes wrong on the way, and what no message told, becomes somebody's task, once; through the real room and real jobs."""

import asyncio
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.followup.actions import reaching
from services.followup.app import FOLLOWING
from services.followup.domain import chores as rules
from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.notice import Notice, State, tell
from services.followup.domain.task import Task
from services.followup.jobs import arrivals, chores
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.ids import customer_of, uuid7
from shared.service import Means
from tests.apis import Api
from tests.followup.conftest import NOON, TRADE
from tests.makers import Record, about, delivered, moment, record, shipped
from tests.rooms import World
from tests.todo import run, worker

HOURS = timedelta(hours=1)


@pytest.fixture
def means(api: Api, followup: World, monkeypatch: pytest.MonkeyPatch) -> Means:
    for module in (chores, reaching, arrivals):
        monkeypatch.setattr(module, "now", lambda: followup.clock[0])
    return worker(api, followup)


async def look(means: Means, *, workers: int = 2) -> None:
    """At shipments and messages, by so many at once."""

    async def work() -> None:
        for name in ("carriers", "untold"):
            await run(chores.jobs(TRADE), name, means)

    await asyncio.gather(*(work() for _ in range(workers)))


def excepted(hours: float = 25, shipment: str = "S-1", **facts: Any) -> Record:
    told = about(shipment_id=shipment, detected_at=moment(hours), reason="damaged", **facts)
    return record("shipment.excepted.v1", told, source="/logistics")


def delayed(hours: float = 25, shipment: str = "S-1", **facts: Any) -> Record:
    told = about(shipment_id=shipment, detected_at=moment(hours), reason="weather", expected_arrival_until="2026-01-20", **facts)
    return record("shipment.delayed.v1", told, source="/logistics")


def contact(reference: str = "erp/C-1", *, emails: tuple[str, ...] = ("a@example.com",), customer: str | None = None) -> Record:
    told = ContactChanged(
        customer_id=customer_of(customer or reference), standing=Standing.DECLARED, references=[KnownAs(reference=reference, revision=1)],
        phones=[], emails=list(emails), unit="headquarters",
    )  # fmt: skip
    return record(told.name, told.model_dump(mode="json"), source="/careloop/customers", id=str(uuid7()), key=told.key)


async def tasks(api: Api, query: str = "kind=carrier") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(f"/v1/tasks?{query}"))["items"]
    return [*reversed(items)]


async def test_a_shipment_in_trouble_is_a_dated_task_until_it_is_there(followup: World, api: Api, means: Means) -> None:
    """ORDR-07"""
    await followup.handle(record("order.shipped.v1", shipped()), excepted())
    await look(means)
    (task,) = await tasks(api)
    assert (task["role"], task["about"], task["state"], task["facts"]) == (
        "specialist",
        "order:O-1",
        "open",
        {"system": "erp", "shipment_id": "S-1"},
    )
    assert (task["due_at"], task["customer_id"]) == (
        "2026-01-06T06:00:00Z",
        str(customer_of("erp/C-1")),
    )  # 11 o'clock, and an hour's rest at noon
    await followup.handle(delayed(25.5))
    await look(means)
    assert len(await tasks(api)) == 1  # whoever talks to the carrier hears of all that is wrong
    await followup.handle(record("order.delivered.v1", delivered(delivered_at=moment(26))))
    await look(means)
    assert [it["state"] for it in await tasks(api)] == ["called_off"]


async def test_what_goes_wrong_after_it_was_seen_to_is_another(followup: World, api: Api, means: Means) -> None:
    await followup.handle(delayed(20), delayed(21, "S-2"))
    await look(means)
    first, second = await tasks(api)
    await api.ask("POST", f"/v1/tasks/{first['id']}/completion", {}, role="specialist")
    await followup.handle(delayed(19, first["facts"]["shipment_id"]), excepted(25, first["facts"]["shipment_id"]))
    await look(means)
    found = {it["id"]: (it["facts"]["shipment_id"], it["state"]) for it in await tasks(api)}
    assert len(found) == 3 and sorted(found.values()) == sorted([
        (first["facts"]["shipment_id"], "done"), (first["facts"]["shipment_id"], "open"), (second["facts"]["shipment_id"], "open"),
    ])  # fmt: skip


async def test_two_customers_may_have_orders_of_one_number(followup: World, api: Api, means: Means) -> None:
    await followup.handle(delayed(), delayed(reference="crm/C-9"))
    await look(means)
    found = await tasks(api, "kind=carrier&about=order:O-1")
    assert {(it["facts"]["system"], it["customer_id"]) for it in found} == {(it[:3], str(customer_of(it))) for it in ("erp/C-1", "crm/C-9")}
    await followup.handle(record("order.delivered.v1", delivered(reference="crm/C-9", delivered_at=moment(26))))
    await look(means)
    assert {it["facts"]["system"]: it["state"] for it in await tasks(api)} == {"erp": "open", "crm": "called_off"}


async def test_nobody_runs_after_old_news(followup: World, api: Api, means: Means) -> None:
    followup.clock[0] = NOON + timedelta(days=5)
    await followup.handle(delayed())
    await look(means)
    assert await tasks(api) == [] and await followup.rows("fulfilment", "id", "trouble <> asked") == []


async def test_what_our_own_clock_notices_is_trouble_too(followup: World, api: Api, means: Means) -> None:
    """ORDR-07: it should be here by now."""
    await followup.handle(record("order.shipped.v1", shipped(expected_arrival_until="2026-01-06")))
    await look(means)
    assert await tasks(api) == []
    followup.clock[0] = NOON + 13 * HOURS
    await run([arrivals.job(TRADE)], "arrivals", means)
    await look(means)
    assert [it["about"] for it in await tasks(api)] == ["order:O-1"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_trouble_is_the_same_in_any_order(followup: World, order: tuple[int, ...]) -> None:
    said = [
        record("order.shipped.v1", shipped()),
        delayed(25),
        excepted(26, "S-2"),
        record("order.delivered.v1", delivered(delivered_at=moment(26))),
    ]
    for n in order:
        await followup.handle(said[n])
    assert await followup.rows("fulfilment", "trouble") == [{"trouble": {"S-2": "2026-01-06T04:00:00.000000+00:00"}}]


async def test_a_task_follows_its_customer(followup: World, api: Api, means: Means) -> None:
    await followup.handle(delayed())
    await look(means)
    await followup.handle(contact(customer="crm/C-9"))
    await run([FOLLOWING], "following", means)
    (task,) = await tasks(api)
    assert task["customer_id"] == str(customer_of("crm/C-9"))


async def test_whoever_can_not_be_reached_is_told_by_somebody(followup: World, api: Api, means: Means) -> None:
    """Not at once: most contacts come a moment later."""
    await followup.handle(record("order.shipped.v1", shipped()), record("order.shipped.v1", shipped("S-2", "O-2", "erp/C-2")))
    await look(means)
    assert await tasks(api, "kind=not_told") == []
    followup.clock[0] = NOON + 4 * HOURS
    await look(means)
    found = await tasks(api, "kind=not_told")
    assert {(it["facts"]["order_id"], it["facts"]["why"], it["about"].partition(":")[0], it["role"]) for it in found} == {
        (order, "awaiting_contact", "notice", "specialist") for order in ("O-1", "O-2")
    } and len(found) == 2
    assert {it["due_at"] for it in found} == {"2026-01-07T10:00:00Z"}  # when the next working day ends
    await followup.handle(contact())
    await reaching.go_on(followup.engine)
    await look(means)
    assert {it["facts"]["order_id"]: it["state"] for it in await tasks(api, "kind=not_told")} == {"O-1": "called_off", "O-2": "open"}


async def test_a_message_that_failed_is_told_by_somebody_at_once(followup: World, api: Api, means: Means) -> None:
    await followup.handle(contact(), record("order.shipped.v1", shipped()))
    await followup.pool.execute("UPDATE notice SET state = 'failed', reason = 'refused'")
    await look(means)
    (task,) = await tasks(api, "kind=not_told")
    assert (task["facts"], task["state"]) == ({"kind": "shipped", "order_id": "O-1", "why": "failed"}, "open")
    assert task["about"].startswith("notice:") and "a@example.com" not in str(task)
    await look(means)
    assert len(await tasks(api, "kind=not_told")) == 1


# -- the rules


def a_notice(state: State, *, since: datetime = NOON, **facts: Any) -> Notice:
    order = Fulfilment(id=uuid7(), system="erp", order_id="O-1", reference="erp/C-1")
    order.shipped("S-1", {"at": moment(24), "source": "/erp", "carrier": {}, "until": None})
    (notice, *_) = tell(order, [], Contact.unknown("erp/C-1"), trade=TRADE, at=since)
    assert isinstance(notice, Notice)
    notice.state, notice.due_at = state, since
    for name, value in facts.items():
        setattr(notice, name, value)
    return notice


def ask(notice: Notice, task: Any = None, at: datetime = NOON) -> list[Any]:
    who = KnownCustomer(id=customer_of("erp/C-1"), customer_id=customer_of("erp/C-1"))
    told = rules.tell_by_another_way(notice, task, who, "/careloop/followup", trade=TRADE, at=at)
    return [it for it in told if isinstance(it, Task)]


def test_what_was_told_after_all_and_is_not_again_is_the_same_task() -> None:
    notice = a_notice(State.FAILED)
    (task,) = ask(notice)
    notice.state = State.SENT
    assert ask(notice, task) == [] and not notice.asked and task.state == "called_off"
    notice.state = State.FAILED
    assert ask(notice, task) == [] and notice.asked and task.state == "open"


@pytest.mark.parametrize("state", [State.FAILED, State.AWAITING_CONTACT])
def test_nobody_runs_after_a_message_that_is_untold_for_long(state: State) -> None:
    notice = a_notice(state)
    assert ask(notice, at=NOON + timedelta(days=60)) == [] and notice.asked, "and it is not looked at again"


def test_somebody_may_have_looked_meanwhile() -> None:
    assert ask(a_notice(State.AWAITING_CONTACT), at=NOON + 3.9 * HOURS) == []
    assert len(ask(a_notice(State.AWAITING_CONTACT), at=NOON + 4 * HOURS)) == 1


@pytest.mark.parametrize("asked", [False, True])
def test_news_that_is_none_leaves_the_notice_to_say_that_the_task_is_over(asked: bool) -> None:
    order = Fulfilment(id=uuid7(), system="erp", order_id="O-1", reference="erp/C-1")
    notice = a_notice(State.AWAITING_CONTACT, asked=asked)
    told = tell(order, [notice], Contact.unknown("erp/C-1"), trade=TRADE, at=NOON)
    assert [type(it).__name__ for it in told] == ["NoticeCalledOff"] if asked else ["Gone", "NoticeCalledOff"]
    assert notice.state is State.CALLED_OFF
    assert tell(order, [notice], Contact.unknown("erp/C-1"), trade=TRADE, at=NOON) == [] or not asked
