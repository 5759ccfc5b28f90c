"""Asked for by one, approved by another, carried out, and done when every service has answered."""

import asyncio
import json

import pytest

from services.customers.jobs.erasing import JOBS
from services.customers.store.gauges import gauges
from shared.ids import customer_of
from tests.apis import Api
from tests.customers.erasing import OFFICER, answer_of, ask, decide, erase, everything_in, left_in, means_of, post, told, work
from tests.makers import about, declared, placed, record, shipped
from tests.rooms import World


@pytest.fixture
async def known(customers: World) -> World:
    """A person with two names and an order, one who turned out to be them, and somebody else."""
    await customers.handle(
        record("order.placed.v1", placed("O-1", "shop/77")),
        record("customer.declared.v1", told("erp/C-1", references=["shop/77"])),
        record("order.placed.v1", placed("O-2", "erp/C-1")),
        record("customer.declared.v1", declared("erp/C-2", phones=["+8613800000000"])),
    )
    return customers


async def test_one_asks_another_approves_and_every_service_is_told(known: World, api: Api) -> None:
    asked = await ask(api, customer={"system": "erp", "id": "C-1"})
    assert (asked["state"], asked["answers"], asked["requested_by"], asked["unit"]) == ("requested", {}, "zhang", "headquarters")
    approved = await decide(api, asked["id"])
    assert (approved["state"], approved["decided_by"]) == ("approved", "li")
    await work(known, api)
    running = await api.get(f"/v1/erasures/{asked['id']}", **OFFICER)
    assert running["state"] == "running" and running["waits_for"] == ["customers", "complaints", "followup", "reception"]
    assert set(running["customers"]) == {str(customer_of(it)) for it in ("erp/C-1", "shop/77")}
    (request,) = [body for type, body in await known.announced() if type == "erasure.requested.v1"]
    assert request["customer_id"] == asked["customer_id"] and request["merged"] == [str(customer_of("shop/77"))]
    (mine,) = [body for type, body in await known.announced() if type == "erasure.completed.v1"]
    assert (mine["service"], mine["counts"]["references"], mine["counts"]["files"]) == ("customers", 2, 1)


async def test_it_is_done_when_all_have_answered_and_then_the_topics_forget(known: World, api: Api) -> None:
    ended = await erase(known, api, customer={"system": "erp", "id": "C-1"})
    assert (ended["state"], ended["waits_for"]) == ("completed", []) and ended["completed_at"]
    rows = await known.rows("outbox", "topic, key, type, payload", "true ORDER BY position")
    nulls = {(it["topic"], it["key"]) for it in rows if it["payload"] is None}
    ids = {("careloop.contacts", str(customer_of(it))) for it in ("erp/C-1", "shop/77")}
    assert nulls == ids | {("careloop.inbound.customers", "erp/C-1"), ("careloop.inbound.customers", "shop/77")}
    assert rows[-1]["type"] == "customer.erased.v1"


async def test_nothing_is_left_by_which_they_could_be_known_or_reached(known: World, api: Api) -> None:
    await erase(known, api, customer={"system": "erp", "id": "C-1"})
    kept = await everything_in(known)
    assert not left_in(kept)
    assert await known.rows("claim", "*", "reference IN ('erp/C-1', 'shop/77')") == []
    assert "+8613800000000" in kept  # of somebody else, everything


async def test_registers_count_as_before_and_orders_stay_theirs(known: World, api: Api) -> None:
    before = [(await api.get(f"/v1/{it}?count=true"))["total"] for it in ("customers", "orders")]
    erasure = await erase(known, api, customer={"system": "shop", "id": "77"})
    assert [(await api.get(f"/v1/{it}?count=true"))["total"] for it in ("customers", "orders")] == before
    theirs = await api.get(f"/v1/orders?customer_id={erasure['customer_id']}")
    assert {it["order_id"] for it in theirs["items"]} == {"O-1", "O-2"}
    shown = await api.get(f"/v1/customers/{erasure['customer_id']}")
    assert (shown["state"], shown["references"], shown["phones"], shown["display_name"]) == ("erased", [], [], None)


async def test_an_order_that_comes_later_is_kept_and_theirs(known: World, api: Api) -> None:
    erasure = await erase(known, api, customer={"system": "erp", "id": "C-1"})
    await known.handle(record("order.shipped.v1", shipped("S-1", "O-1", "shop/77")), record("order.placed.v1", placed("O-3", "shop/77")))
    assert await known.rows("parked") == []
    for order in ("O-1", "O-3"):
        assert (await api.get(f"/v1/orders/{order}"))["customer_id"] == erasure["customer_id"] or order == "O-1"
    assert (await api.get("/v1/orders/O-1"))["state"] == "shipped"
    assert await known.rows("claim", "*", "reference = 'shop/77'") == []


async def test_whoever_is_declared_again_stays_without_contact_points_and_the_publisher_hears_it(known: World, api: Api) -> None:
    await erase(known, api, customer={"system": "erp", "id": "C-1"})
    await known.pool.execute("DELETE FROM outbox")
    await known.handle(
        record("customer.declared.v1", told("erp/C-1")),
        record("customer.declared.v1", told("erp/C-9", references=["erp/C-8", "shop/77"])),
    )
    assert not left_in(await everything_in(known))
    parked = await known.rows(
        "parked", "code, pointer, state, key, value, headers, closed_at IS NOT NULL AS closed", "true ORDER BY record_offset"
    )
    assert {(it["code"], it["state"], it["key"], it["value"], it["closed"]) for it in parked} == {
        ("erased_subject", "discarded", None, None, True)
    }
    assert [it["pointer"] for it in parked] == [None, "/references/1"]
    announced = await known.rows("outbox", "topic, key, type, payload", "true ORDER BY position")
    rejections = [json.loads(it["payload"]) for it in announced if it["type"] == "event.rejected.v1"]
    assert [it["code"] for it in rejections] == ["erased_subject"] * 2
    assert {(it["topic"], it["key"]) for it in announced if it["payload"] is None} == {
        ("careloop.inbound.customers", "erp/C-1"), ("careloop.inbound.customers", "erp/C-9"),
    }  # fmt: skip
    again = {name: value for name, value in told("erp/C-1").items() if name != "customer"}
    answer = await api.ask("PUT", "/v1/customers/by-reference/erp/C-1", again)
    assert answer.status_code == 409 and "Stop sending" in answer.json()["fix"] and not left_in(answer.text)
    assert (await api.ask("PUT", "/v1/customers/by-reference/erp/C-3", again)).status_code == 201


async def test_our_own_null_values_on_the_inbound_topic_change_nothing(known: World, api: Api) -> None:
    await erase(known, api, customer={"system": "erp", "id": "C-1"})
    before = await known.rows("customer", "*", "true ORDER BY id")
    await known.handle(
        record("customer.declared.v1", None, key="erp/C-1", source="/careloop/customers"),
        record("customer.declared.v1", None, key="shop/77", source="/careloop/customers"),
    )
    assert await known.rows("customer", "*", "true ORDER BY id") == before and await known.rows("parked") == []


async def test_what_was_parked_about_them_goes_and_what_is_about_others_stays(customers: World, api: Api) -> None:
    broken = told("erp/C-1") | {"kind": "whatever"}
    unread = record("order.placed.v1", placed())
    await customers.handle(
        record("customer.declared.v1", told("erp/C-1")),
        record("customer.declared.v1", broken),
        record("order.placed.v1", about("O-7", "erp/C-1", nothing=True)),  # names them by their reference alone
        type(unread)(**{**vars_of(unread), "value": b'{"phone": "+8613987612345"', "key": b"-"}),
        record("customer.declared.v1", declared("erp/C-2") | {"kind": "whatever"}),
    )
    assert len(await customers.rows("parked")) == 4
    erasure = await erase(customers, api, customer_id=str(customer_of("erp/C-1")))
    parked = await customers.rows("parked", "key, value, state", "true ORDER BY id")
    assert [(it["value"] is None, it["state"]) for it in parked] == [(True, "discarded")] * 3 + [(False, "open")]
    assert not left_in(await everything_in(customers))
    assert erasure["state"] == "completed"


def vars_of(it: object) -> dict:
    return {name: getattr(it, name) for name in ("topic", "partition", "offset", "timestamp", "key", "value", "headers")}


async def test_whoever_asked_can_not_approve(known: World, api: Api) -> None:
    asked = await ask(api, by="wu", role="privacy_officer", customer={"system": "erp", "id": "C-1"})
    refused = await decide(api, asked["id"], by="wu", status=403)
    assert refused["type"].endswith("not-by-the-same") and refused["fix"]
    assert (await api.get(f"/v1/erasures/{asked['id']}", **OFFICER))["state"] == "requested"
    for role in ("specialist", "leader", "admin"):
        assert (await post(api, f"/v1/erasures/{asked['id']}/approval", {}, by="li", role=role)).status_code == 403


async def test_what_is_refused_is_over_and_may_be_asked_for_again(known: World, api: Api) -> None:
    asked = await ask(api, customer={"system": "erp", "id": "C-1"})
    again = await ask(api, customer={"system": "shop", "id": "77"}, status=409)  # it is the same customer
    assert "under way" in again["detail"]
    refused = await decide(api, asked["id"], "refusal", {"reason": "legal_hold"})
    assert (refused["state"], refused["refused_because"]) == ("refused", "legal_hold")
    await decide(api, asked["id"], status=409)
    await work(known, api)
    assert not [type for type, _ in await known.announced() if type == "erasure.requested.v1"]
    assert (await ask(api, customer={"system": "erp", "id": "C-1"}))["id"] != asked["id"]


async def test_whoever_is_erased_is_not_erased_twice(known: World, api: Api) -> None:
    erasure = await erase(known, api, customer={"system": "erp", "id": "C-1"})
    await ask(api, customer={"system": "erp", "id": "C-1"}, status=409)
    await ask(api, customer_id=erasure["customer_id"], status=409)
    await ask(api, customer_id=str(customer_of("shop/77")), status=409)
    await ask(api, customer_id=str(customer_of("erp/nobody")), status=404)
    assert (await ask(api, status=422))["field"] == "/customer"


async def test_an_answer_that_comes_twice_or_late_or_of_nothing_does_no_harm(known: World, api: Api) -> None:
    erasure = await erase(known, api, customer={"system": "erp", "id": "C-1"})
    before = await known.rows("erasure")
    stranger = erasure | {"id": str(customer_of("no/erasure"))}
    await known.handle(answer_of("followup", erasure, notes=9), answer_of("reception", stranger))
    await work(known, api)
    assert await known.rows("erasure") == before and await known.rows("parked") == []
    assert [type for type, _ in await known.announced()].count("customer.erased.v1") == 1


async def test_it_is_on_the_record_and_a_task_for_the_privacy_officers(known: World, api: Api) -> None:
    asked = await ask(api, customer={"system": "erp", "id": "C-1"})
    (task,) = await known.rows("task", "state, role, about, due_at", "kind = 'erasure'")
    assert (task["state"], task["role"], task["about"]) == ("open", "privacy_officer", f"erasure:{asked['id']}")
    await decide(api, asked["id"])
    (task,) = await known.rows("task", "state, done_by", "kind = 'erasure'")
    assert task == {"state": "done", "done_by": "li"}
    trail = await known.rows("audit", "action, by, about", "facts->>'erasure' = $1 ORDER BY seq", asked["id"])
    assert [(it["action"], it["by"]) for it in trail] == [("erasure.request", "zhang"), ("erasure.approve", "li")]
    assert {it["about"] for it in trail} == {f"customer:{asked['customer_id']}"}


async def test_nobody_has_to_ask_them_anything_any_more(known: World, api: Api) -> None:
    customer = customer_of("erp/C-1")
    await known.pool.execute(
        "INSERT INTO task (id, kind, role, state, about, unit, source, urgent_at, named_id, customer_id, facts, created_at, version)"
        " SELECT gen_random_uuid(), 'clarify', 'specialist', 'open', 'order:O-1', 'headquarters', '/erp', now(), $1, id, '{}', now(), 1"
        " FROM unnest($2::uuid[]) AS id", customer, [customer, customer_of("erp/C-2")],
    )  # fmt: skip
    await erase(known, api, customer={"system": "erp", "id": "C-1"})
    tasks = await known.rows("task", "customer_id, state", "kind = 'clarify'")
    assert {(it["customer_id"], it["state"]) for it in tasks} == {(customer, "called_off"), (customer_of("erp/C-2"), "open")}


async def test_how_long_the_oldest_waits_is_shown(known: World, api: Api) -> None:
    means = means_of(known, api)
    asked = await ask(api, customer={"system": "erp", "id": "C-1"})
    await known.pool.execute("UPDATE erasure SET requested_at = requested_at - interval '21 days'")
    await gauges(means)
    assert value(api, "careloop_erasure_oldest_open_age_seconds") > 20 * 86400
    await decide(api, asked["id"], "refusal", {"reason": "mistake"})
    await gauges(means)
    assert value(api, "careloop_erasure_oldest_open_age_seconds") == 0
    assert value(api, "careloop_erasure_requests_total", outcome="refused") == 1


def value(api: Api, name: str, **labels: str) -> float:
    return api.means.metrics.registry.get_sample_value(name, {"service": "customers", **labels}) or 0


async def test_workers_side_by_side_tell_each_service_once(known: World, api: Api) -> None:
    asked = await ask(api, customer={"system": "erp", "id": "C-1"})
    await decide(api, asked["id"])
    means = means_of(known, api)
    for _ in range(30):
        await asyncio.gather(*(job.run(means) for job in [*JOBS, *JOBS] if job.name != "erased"))
    types = [type for type, _ in await known.announced()]
    assert (types.count("erasure.requested.v1"), types.count("erasure.completed.v1")) == (1, 1)
