"""What else stands about the erased in the customer file: words in orders, parked records, and by which key their names are known again."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from services.customers.app import is_the_same_key
from services.customers.domain.erased import hold
from services.customers.domain.wordless import without_words
from services.customers.jobs.erasing import JOBS
from shared.clock import now
from shared.ids import customer_of
from shared.settings import SettingsError
from tests.apis import Api
from tests.customers.erasing import OFFICER, answer_of, ask, decide, erase, everything_in, left_in, means_of, told, work
from tests.makers import about, declared, placed, record
from tests.rooms import World

NUMBERS = ["13800138001", "13800138002", "13800138003", "13987654321", "Taotie Lane", "zhang@example.com", "for Zhang"]
LINE = {
    "line_id": "1",
    "sku": "x-1",
    "description": "for Zhang 13800138002",
    "specification": "mail zhang@example.com",
    "quantity": {"value": "2", "unit": "KGM"},
}
TERMS = {
    "payment_terms": "call 13800138001 first",
    "lines": [LINE],
    "ship_to": {"city": "9 Taotie Lane 13800138003"},
    "total": {"amount": "10", "currency": "CNY"},
}


def changed(order: str = "O-1", after: str = "9 Taotie Lane 13987654321", version: int = 2) -> Any:
    changes = [{"field": "ship_to", "before": 13800138001, "after": after}, {"field": "ask 13800138002", "after": None}]
    return record(
        "order.changed.v1", about(order, changed_at="2026-01-05T11:00:00Z", version=version, requested_by="customer", changes=changes)
    )


async def test_orders_stay_and_the_words_in_them_go(customers: World, api: Api) -> None:
    returned = record("return.requested.v1", about("O-1", return_id="R-1", requested_at="2026-01-06T11:00:00Z", reason="ask 13800138001"))
    await customers.handle(record("order.placed.v1", placed("O-1") | TERMS), changed(), returned)
    assert await customers.rows("parked") == []
    before = await api.get("/v1/orders/O-1")
    erasure = await erase(customers, api, customer={"system": "erp", "id": "C-1"})
    assert [it for it in NUMBERS if it in await everything_in(customers)] == []
    after = await api.get("/v1/orders/O-1")
    same = ("order_id", "state", "clarifying", "total", "placed_at", "customer_id", "source")
    assert {it: after[it] for it in same} == {it: before[it] for it in same}
    assert after["lines"] == [{**LINE, "description": "erased", "specification": "erased"}] and after["payment_terms"] == "erased"
    (change,) = after["changes"]
    assert change["changes"] == [{"field": "ship_to", "before": "erased", "after": "erased"}, {"field": "erased"}]
    assert erasure["state"] == "completed"


async def test_what_is_told_of_an_order_later_loses_its_words_as_it_comes(customers: World, api: Api) -> None:
    await customers.handle(record("order.placed.v1", placed("O-1")))
    await erase(customers, api, customer={"system": "erp", "id": "C-1"})
    await customers.handle(changed(), changed(after="another Taotie Lane"), record("order.placed.v1", placed("O-2") | TERMS))
    assert [it for it in NUMBERS if it in await everything_in(customers)] == [] and await customers.rows("parked") == []
    assert len((await api.get("/v1/orders/O-1"))["changes"]) == 1
    assert (await api.get("/v1/orders/O-2"))["total"]["amount"] == "10.0000"


def test_what_is_left_of_an_order_is_a_closed_list() -> None:
    facts = {
        "said_by": {"at": "1", "reference": "erp/C-1", "source": "/erp"}, "terms": {"promised_delivery_until": {"at": "1", "is": "2026-01-09"}},
        "cancelled": {"at": "1", "reason": "fraud", "cancelled_by": "customer"}, "payments": {"P-1": {"received": {"at": "1", "method": "by Zhang"}}},
        "shipments": {"S-1": {"shipped": {"at": "1", "carrier": {"code": "SF", "name": "Zhang's cousin"}, "final": True, "packages": 2}}},
        "whatever": [{"new": "Zhang"}, "Zhang", 3],
    }  # fmt: skip
    left = without_words(facts)
    assert "Zhang" not in json.dumps(left) and without_words(left) == left
    assert {it: left[it] for it in ("said_by", "terms", "cancelled")} == {it: facts[it] for it in ("said_by", "terms", "cancelled")}
    assert left["shipments"]["S-1"]["shipped"] == {"at": "1", "carrier": {"code": "SF", "name": "erased"}, "final": True, "packages": 2}
    assert left["whatever"] == [{"new": "erased"}, "erased", 3]


async def test_a_readable_record_of_another_stays_whatever_stands_in_it(customers: World, api: Api) -> None:
    other = declared("erp/C-2", display_name="Somebody else", phones=["+8613800000002"], address="8 Anna Street") | {"kind": "whatever"}
    await customers.handle(
        record("customer.declared.v1", declared("erp/C-1", display_name="Anna", phones=["+8613800000001"])),
        record("customer.declared.v1", other, id="p1"),
    )
    await erase(customers, api, customer={"system": "erp", "id": "C-1"})
    (parked,) = await customers.rows("parked", "state, value")
    assert parked["state"] == "open" and b"8 Anna Street" in parked["value"]


async def test_a_broken_record_is_found_by_a_name_that_is_escaped(customers: World, api: Api) -> None:
    mine = declared("erp/C-7", display_name="Jürgen Müller", phones=["+8613800000001"])
    broken = json.dumps({"customer": "erp C-7", "display_name": "Jürgen Müller"}).encode()[:-1]
    await customers.handle(record("customer.declared.v1", mine), replace(record("customer.declared.v1", mine), value=broken, key=b"-"))
    await erase(customers, api, customer={"system": "erp", "id": "C-7"})
    assert [(it["state"], it["value"]) for it in await customers.rows("parked")] == [("discarded", None)]


async def test_records_under_a_name_of_theirs_go_and_those_under_one_that_moved_stay(customers: World, api: Api) -> None:
    """erp/C-2 is a name of C-1; the customer whose first one it was lives on under shop/9."""
    await customers.handle(
        record("customer.declared.v1", declared("erp/C-2", phones=["+8613800000002"], references=["shop/9"]), id="a"),
        record("customer.declared.v1", None, key="erp/C-2", id="b"),
        record("customer.declared.v1", declared("shop/9", phones=["+8613800000002"]), id="c"),
        record("customer.declared.v1", declared("erp/C-1", references=["erp/C-2"]), id="d"),
        record("order.placed.v1", about("O-7", "erp/C-2", nothing=True)),
        record("order.placed.v1", about("O-8", "shop/9", nothing=True)),
    )
    erasure = await erase(customers, api, customer={"system": "erp", "id": "C-1"})
    assert erasure["customers"] == [str(customer_of("erp/C-1"))]
    parked = await customers.rows("parked", "value, state", "true ORDER BY id")
    assert [(it["value"] is None, it["state"]) for it in parked] == [(True, "discarded"), (False, "open")]
    (living,) = await customers.rows("customer", "state, phones", "id = $1", customer_of("erp/C-2"))
    assert living == {"state": "registered", "phones": ["+8613800000002"]}


async def test_a_record_that_is_parked_later_goes_by_the_hash_of_its_name(customers: World, api: Api) -> None:
    await customers.handle(record("customer.declared.v1", told("erp/C-1")))
    await erase(customers, api, customer={"system": "erp", "id": "C-1"})
    await customers.handle(
        record("order.placed.v1", about("O-7", "erp/C-1", nothing=True)), record("order.placed.v1", about("O-8", "erp/C-2", nothing=True))
    )
    await customers.pool.execute("UPDATE parked SET first_failed_at = $1", now())
    (again,) = [it for it in JOBS if it.name == "erased"]
    await again.run(means_of(customers, api))
    parked = await customers.rows("parked", "value, state", "true ORDER BY id")
    assert [(it["value"] is None, it["state"]) for it in parked] == [(True, "discarded"), (False, "open")]


async def test_an_answer_that_is_parked_by_a_fault_of_ours_can_still_be_tried_again(
    customers: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await customers.handle(record("customer.declared.v1", told("erp/C-1")))
    asked = await ask(api, customer={"system": "erp", "id": "C-1"})
    await decide(api, asked["id"])
    await work(customers, api)
    running = await api.get(f"/v1/erasures/{asked['id']}", **OFFICER)
    monkeypatch.setattr("services.customers.domain.erasure.Erasure.hear", lambda *_: 1 / 0)
    await customers.handle(answer_of("complaints", running))
    (parked,) = await customers.rows("parked", "state, ours, type")
    assert parked == {"state": "open", "ours": True, "type": "erasure.completed.v1"}
    await customers.pool.execute("UPDATE erasing SET done = false, done_at = NULL, searched = false, searched_to = NULL")
    await customers.pool.execute("UPDATE parked SET first_failed_at = $1", now())
    await work(customers, api)
    (again,) = [it for it in JOBS if it.name == "erased"]
    await again.run(means_of(customers, api))
    (parked,) = await customers.rows("parked", "state, value")
    assert parked["state"] == "open" and parked["value"] is not None and not left_in(await everything_in(customers))


async def test_no_process_starts_with_another_key_than_the_first(customers: World, api: Api) -> None:
    means = means_of(customers, api)
    await is_the_same_key(means)
    await is_the_same_key(means)
    try:
        hold("another secret, long enough")
        with pytest.raises(SettingsError) as refused:
            await is_the_same_key(means)
    finally:
        hold("")
    assert str(refused.value).startswith("CARELOOP_ERASURE_KEY is another") and "long enough" not in str(refused.value)
    assert SimpleNamespace(**(await customers.rows("erasure_key"))[0]).id == 1
