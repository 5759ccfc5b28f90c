"""Parked records and stops over HTTP, in a service that has them all."""

from typing import Any
from uuid import uuid4

import pytest

from services.customers.app import service
from shared.ids import uuid7
from shared.permissions import PERMISSIONS, ROLES
from shared.replay import MOST_REPLAYS, job
from tests.apis import Api
from tests.makers import declared, placed, record
from tests.rooms import World

PHONE = "138 0013 8000"
HERE = "/v1/parked"


async def park(customers: World, *, times: int = 1) -> list[str]:
    """Declarations with a phone that is none."""
    await customers.handle(
        *(record("customer.declared.v1", declared(f"erp/{PHONE}{n}", phones=[PHONE]), id=f"d-{n}") for n in range(times))
    )
    return [str(it["id"]) for it in await customers.rows("parked", "id", "true ORDER BY id")]


async def replay(api: Api, customers: World) -> None:
    """What the worker does within a second."""
    await job(customers.room).run(api.means)


async def test_a_parked_record_is_shown_without_its_values(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    listing, told = await api.get(f"{HERE}?count=true"), await api.get(f"{HERE}/{id}")
    assert listing["total"] == 1 and listing["items"][0]["id"] == id
    assert (told["code"], told["pointer"], told["topic"], told["ours"], told["state"]) == (
        "invalid",
        "/phones/0",
        "careloop.inbound.customers",
        False,
        "open",
    )
    assert told["value_bytes"] > 50 and told["key_bytes"] == len(f"erp/{PHONE}0") and "ce_source" in told["header_names"]
    assert told["allowed"] == ["replay", "discard"]
    assert PHONE not in str(listing) and PHONE not in str(told)


async def test_the_listing_is_narrowed(api: Api, customers: World) -> None:
    await park(customers, times=3)
    await customers.handle(record("order.placed.v1", placed(placed_at="soon"), source="/shop"))
    for question, total in {
        "state=open": 4,
        "state=discarded": 0,
        "topic=careloop.inbound.orders": 1,
        "type=customer.declared.v1": 3,
        "source=/shop": 1,
        "code=invalid": 4,
        "code=invalid&source=/erp": 3,
        "since=2020-01-01T00:00:00Z": 4,
        "since=2100-01-01T00:00:00%2B08:00": 0,
    }.items():
        assert (await api.get(f"{HERE}?{question}&count=true"))["total"] == total, question
    for no_moment in ("2020-01-01T00:00:00", "2026", "yesterday"):
        assert (await api.get(f"{HERE}?since={no_moment}", status=422))["field"] == "since"


async def test_one_is_tried_again_when_somebody_asks(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    asked = await api.ask("POST", f"{HERE}/{id}/replay")
    assert (asked.status_code, asked.json()["state"], asked.json()["allowed"]) == (200, "requested", ["discard"])
    twice = await api.ask("POST", f"{HERE}/{id}/replay")
    assert (twice.status_code, twice.json()["allowed"], twice.json()["type"]) == (409, ["discard"], "https://careloop.dev/problems/not-now")
    await replay(api, customers)
    told = await api.get(f"{HERE}/{id}")
    assert (told["state"], told["replays"], told["attempts"]) == ("open", 1, 2)


async def test_what_works_by_now_is_closed(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    good = record("customer.declared.v1", declared())
    await customers.pool.execute("UPDATE parked SET key = $1, value = $2", good.key, good.value)
    await api.ask("POST", f"{HERE}/{id}/replay")
    await replay(api, customers)
    told = await api.get(f"{HERE}/{id}")
    assert (told["state"], told["allowed"]) == ("replayed", []) and told["closed_at"]
    assert len(await customers.rows("customer")) == 1
    assert (await api.ask("POST", f"{HERE}/{id}/discard")).status_code == 409


async def test_it_is_tried_five_times_and_not_more(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    for _ in range(MOST_REPLAYS):
        assert (await api.ask("POST", f"{HERE}/{id}/replay")).status_code == 200
        await replay(api, customers)
    refused = await api.ask("POST", f"{HERE}/{id}/replay")
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["discard"])
    assert (await api.ask("POST", f"{HERE}/replay", {})).json() == {"ids": [], "requested": 0}


async def test_bytes_that_are_gone_are_not_tried(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    await customers.pool.execute("UPDATE parked SET first_failed_at = now() - interval '31 days', value = NULL, key = NULL, headers = '[]'")
    refused = await api.ask("POST", f"{HERE}/{id}/replay")
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["discard"])
    assert (await api.get(f"{HERE}/{id}"))["value_bytes"] is None


async def test_one_is_discarded_and_stays_so(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    done = await api.ask("POST", f"{HERE}/{id}/discard")
    assert (done.status_code, done.json()["state"], done.json()["allowed"]) == (200, "discarded", [])
    assert (await api.ask("POST", f"{HERE}/{id}/replay")).json()["allowed"] == []
    await api.get(f"{HERE}/{uuid7()}", status=404)
    assert (await api.ask("POST", f"{HERE}/{uuid4()}/discard")).status_code == 404


async def test_many_are_tried_again_at_once(api: Api, customers: World) -> None:
    ids = await park(customers, times=5)
    await customers.handle(record("order.placed.v1", placed(placed_at="soon"), source="/shop"))
    only = await api.ask("POST", f"{HERE}/replay", {"source": "/erp", "limit": 3, "dry_run": True})
    assert only.json() == {"ids": ids[:3], "requested": 0}
    assert (await api.ask("POST", f"{HERE}/replay", {"source": "/erp", "limit": 3})).json() == {"ids": ids[:3], "requested": 3}
    assert (await api.ask("POST", f"{HERE}/replay", {"type": "customer.declared.v1"})).json() == {"ids": ids[3:], "requested": 2}
    assert (await api.get(f"{HERE}?state=requested&count=true"))["total"] == 5


@pytest.mark.parametrize("body", [{"limit": 1001}, {"limit": 0}, {"colour": "red"}, {"since": "2026-01-05T10:00:00"}])
async def test_a_bulk_that_is_not_meant_so_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert (await api.ask("POST", f"{HERE}/replay", body)).status_code == 422


async def test_a_stopped_topic_is_shown_and_resumed(api: Api, customers: World) -> None:
    await customers.pool.execute(
        "INSERT INTO stopped (topic, reason) VALUES ('careloop.inbound.orders', 'handler'), ('careloop.inbound.orders/3', 'gap')"
    )
    assert [it["topic"] for it in (await api.get("/v1/stopped"))["items"]] == ["careloop.inbound.orders", "careloop.inbound.orders/3"]
    for topic in ("careloop.inbound.orders", "careloop.inbound.orders/3"):
        done = await api.ask("POST", f"/v1/stopped/{topic}/resumption")
        assert (done.status_code, [it["topic"] for it in done.json()["items"]]) == (200, [topic])
    assert (await api.get("/v1/stopped"))["items"] == []
    assert (await api.ask("POST", "/v1/stopped/careloop.inbound.orders/resumption")).status_code == 404


async def test_who_may_look_and_who_may_act(api: Api, customers: World) -> None:
    (id,) = await park(customers)
    for role in ROLES:
        for path in (HERE, f"{HERE}/{id}", "/v1/stopped"):
            assert ((await api.ask("GET", path, role=role)).status_code == 403) == (role not in PERMISSIONS["parked.read"]), (role, path)
        for path in (f"{HERE}/replay", f"{HERE}/{uuid7()}/replay", f"{HERE}/{uuid7()}/discard", "/v1/stopped/x/resumption"):
            assert ((await api.ask("POST", path, {}, role=role)).status_code == 403) == (role not in PERMISSIONS["parked.act"]), (
                role,
                path,
            )


def test_this_service_has_them() -> None:
    assert {"/v1/parked", "/v1/stopped"} <= {router.prefix for router in service.routers()}
