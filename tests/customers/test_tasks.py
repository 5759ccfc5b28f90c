"""Orders that lack something become a task to ask the customer, once; through the real room and the real job.  ORDR-02"""

import asyncio
from itertools import permutations
from typing import Any

import orjson
import pytest

from services.customers.app import trade_of
from services.customers.jobs import clarifying
from shared.contracts.customers import CustomerMerged
from shared.ids import customer_of, uuid7
from shared.service import Means
from tests.apis import Api
from tests.makers import about, declared, moment, placed, record
from tests.rooms import UNITS, World
from tests.todo import run, worker

TRADE = trade_of(UNITS)
UNCLEAR = {"payment_terms": None}


@pytest.fixture
def means(api: Api, customers: World) -> Means:
    return worker(api, customers)


async def look(means: Means) -> None:
    await asyncio.gather(*(run([clarifying.job(TRADE)], "clarifying", means) for _ in range(2)))


async def tasks(api: Api, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(f"/v1/tasks?kind=clarify{query}"))["items"]
    return items


async def test_an_order_that_lacks_something_is_asked_about_until_it_is_confirmed(customers: World, api: Api, means: Means) -> None:
    await customers.handle(record("order.placed.v1", placed()), record("order.placed.v1", placed("O-2", **UNCLEAR), unit="overseas"))
    await look(means)
    (task,) = await tasks(api)
    assert {name: task[name] for name in ("role", "about", "unit", "state", "facts", "source", "customer_id", "due_at")} == {
        "role": "specialist", "about": "order:O-2", "unit": "overseas", "state": "open", "facts": {"system": "erp"}, "source": "/erp",
        "customer_id": str(customer_of("erp/C-1")), "due_at": "2026-01-06T17:00:00Z",
    }  # fmt: skip
    await customers.handle(record("order.confirmed.v1", about("O-2", confirmed_at=moment(2), version=1)))
    await look(means)
    (task,) = await tasks(api)
    assert (task["state"], task["done_by"]) == ("done", None)


async def test_what_is_cancelled_is_not_asked_about(customers: World, api: Api, means: Means) -> None:
    await customers.handle(record("order.placed.v1", placed(**UNCLEAR)))
    await look(means)
    await customers.handle(record("order.cancelled.v1", about(cancelled_at=moment(2), reason="customer", cancelled_by="customer")))
    await look(means)
    assert [it["state"] for it in await tasks(api)] == ["called_off"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_any_order_it_is_one_task_and_ends_alike(customers: World, api: Api, means: Means, order: tuple[int, ...]) -> None:
    """What was done by itself is wanted again where the order lacks something again; what a person did stays done."""
    said = [
        record("order.placed.v1", placed(**UNCLEAR)),
        record("order.changed.v1", about(changed_at=moment(1), version=2, requested_by="customer", changes=[
            {"field": "promised_delivery_until", "before": "2026-01-20", "after": "2026-02-01"}])),
        record("order.confirmed.v1", about(confirmed_at=moment(2), version=1)),
    ]  # fmt: skip
    for n in order:
        await customers.handle(said[n])
        await look(means)
    found = [it["state"] for it in await tasks(api)]
    assert found == ["done"] if order.index(0) < order.index(2) else found == []
    assert await customers.rows("orders", "id", "(state = 'clarifying') <> asked") == []


async def test_whoever_is_erased_is_not_asked(customers: World, api: Api, means: Means) -> None:
    await customers.handle(record("order.placed.v1", placed(**UNCLEAR)))
    await look(means)
    await customers.pool.execute("UPDATE orders SET erased_id = $1", customer_of("erp/C-1"))
    await customers.pool.execute("DELETE FROM claim")
    await look(means)
    assert [it["state"] for it in await tasks(api)] == ["called_off"]
    await customers.handle(record("order.confirmed.v1", about(confirmed_at=moment(2), version=1)))
    await look(means)
    assert [it["state"] for it in await tasks(api)] == ["called_off"]


async def test_a_person_may_say_that_they_asked(customers: World, api: Api, means: Means) -> None:
    await customers.handle(record("order.placed.v1", placed(**UNCLEAR)))
    await look(means)
    (task,) = await tasks(api)
    assert (await api.ask("POST", f"/v1/tasks/{task['id']}/completion", {}, role="specialist")).status_code == 200
    await look(means)
    await customers.handle(record("order.confirmed.v1", about(confirmed_at=moment(2), version=1)))
    await look(means)
    assert [(it["state"], it["done_by"]) for it in await tasks(api)] == [("done", "s-1")]


async def test_tasks_follow_a_customer_who_turns_out_to_be_another(customers: World, api: Api, means: Means) -> None:
    before, after = customer_of("shop/W-1"), customer_of("erp/C-1")
    await customers.handle(record("order.placed.v1", placed(reference="shop/W-1", **UNCLEAR)))
    await look(means)
    assert [it["customer_id"] for it in await tasks(api)] == [str(before)]
    await customers.handle(record("customer.declared.v1", declared(references=["shop/W-1"])))
    (merged,) = [body for name, body in await customers.announced() if name == "customer.merged.v1"]
    told = CustomerMerged.model_validate_json(orjson.dumps(merged))
    await customers.handle(record(told.name, merged, source="/careloop/customers", id=str(uuid7()), topic=told.topic, key=told.key))
    assert [it["customer_id"] for it in await tasks(api, f"&customer_id={after}")] == [str(after)]
    await customers.handle(record("order.placed.v1", placed("O-9", reference="shop/W-1", **UNCLEAR)))
    await look(means)
    assert {it["customer_id"] for it in await tasks(api)} == {str(after)}
