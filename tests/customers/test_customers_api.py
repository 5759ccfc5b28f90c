"""Customers over HTTP, through the real edge."""

import asyncio
from typing import Any

import pytest

from services.customers.store.gauges import gauges
from shared.ids import customer_of
from shared.masking import masked_email, masked_phone
from shared.permissions import PERMISSIONS, ROLES
from tests.apis import Api
from tests.makers import declared, placed, record
from tests.rooms import World

PHONE, MAIL = "+8613800138000", "buyer@example.com"
C1, WEB = str(customer_of("erp/C-1")), str(customer_of("shop/W-1"))
HERE = "/v1/customers/by-reference/erp/C-1"


def body(**facts: Any) -> dict[str, Any]:
    return {"kind": "company", "display_name": "Example Steel"} | facts


def names(customers_announced: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in customers_announced]


async def test_a_put_is_a_declaration(api: Api, customers: World) -> None:
    answer = await api.ask(
        "PUT",
        HERE,
        body(phones=[PHONE], emails=[MAIL], orgunit="overseas", references=[{"system": "shop", "id": "W-1"}]),
        role="integration",
    )
    assert (answer.status_code, answer.headers["ETag"], answer.headers["Location"]) == (201, '"1"', f"/v1/customers/{C1}")
    told = answer.json()
    assert (told["id"], told["state"], told["unit"], told["source"]) == (C1, "registered", "overseas", "/erp")
    assert (told["phones"], told["emails"]) == (["+86 138****8000"], ["b***@example.com"])
    assert told["references"] == [{"system": "erp", "id": "C-1", "claimed": True}, {"system": "shop", "id": "W-1", "claimed": True}]
    assert sorted(names(await customers.announced())) == [
        "contact.changed.v1",
        "contact.changed.v1",
        "customer.merged.v1",
        "customer.registered.v1",
    ]
    contact = next(it for name, it in await customers.announced() if name == "contact.changed.v1" and it["customer_id"] == C1)
    assert (contact["phones"], contact["emails"]) == ([PHONE], [MAIL])


async def test_the_same_put_again_changes_nothing(api: Api, customers: World) -> None:
    first = await api.ask("PUT", HERE, body(phones=[PHONE]))
    second = await api.ask("PUT", HERE, body(phones=[PHONE]))
    assert (first.status_code, second.status_code, second.headers["ETag"]) == (201, 200, '"1"')
    assert second.json() == first.json() and len(await customers.announced()) == 2


async def test_a_put_says_which_version_it_changes_if_it_likes(api: Api) -> None:
    assert (await api.ask("PUT", HERE, body(), if_match='"1"')).status_code == 412
    assert (await api.ask("PUT", HERE, body())).status_code == 201
    changed = await api.ask("PUT", HERE, body(language="en"), if_match='"1"')
    assert (changed.status_code, changed.headers["ETag"], changed.json()["version"]) == (200, '"2"', 2)
    late = await api.ask("PUT", HERE, body(language="zh"), if_match='"1"')
    assert (late.status_code, late.headers["ETag"]) == (412, '"2"')


async def test_a_put_counts_as_newest_until_the_next_record(api: Api, customers: World) -> None:
    old = record("customer.declared.v1", declared(display_name="Old"), offset=1)
    await customers.handle(old)
    await api.ask("PUT", HERE, body(display_name="Put"))
    await customers.pool.execute("DELETE FROM inbox")
    await customers.handle(old)
    assert (await api.get(HERE))["display_name"] == "Put"
    await customers.handle(record("customer.declared.v1", declared(display_name="New"), offset=2))
    assert (await api.get(HERE))["display_name"] == "New"


async def test_a_name_of_another_is_a_conflict(api: Api, customers: World) -> None:
    await customers.handle(record("customer.declared.v1", declared("shop/W-1"), source="/shop"))
    answer = await api.ask("PUT", HERE, body(phones=[PHONE], references=[{"system": "shop", "id": "W-1"}]))
    assert answer.status_code == 409
    assert (answer.json()["type"], answer.json()["field"]) == ("https://careloop.dev/problems/not-now", "/references/0")
    assert len(await customers.rows("claim")) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phones": ["138 0013 8000"]}, "/phones/0"),
        ({"kind": "club"}, "/kind"),
        ({"display_name": ""}, "/display_name"),
        ({"colour": "red"}, "/colour"),
        ({"consents": [{"granted_at": "yesterday"}]}, "/consents/0/granted_at"),
        ({"consents": [{"granted_at": "2026-13-01T00:00:00Z"}]}, "/consents/0/granted_at"),
        ({"references": [{"system": "ERP", "id": "1"}]}, "/references/0/system"),
        ({"time_zone": "Mars/Phobos"}, "/time_zone"),
        ({"time_zone": "America"}, "/time_zone"),
        ({"orgunit": "atlantis"}, "/orgunit"),
    ],
)
async def test_what_is_wrong_is_said_and_not_repeated(api: Api, wrong: dict[str, Any], field: str) -> None:
    answer = await api.ask("PUT", HERE, body(**wrong))
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "138 0013" not in answer.text and "yesterday" not in answer.text


async def test_what_can_not_be_a_reference_is_no_address(api: Api) -> None:
    assert (await api.ask("PUT", "/v1/customers/by-reference/ERP/C-1", body())).status_code == 422
    assert (await api.ask("PUT", f"/v1/customers/by-reference/erp/{'x' * 65}", body())).status_code == 422
    assert (await api.ask("PUT", "/v1/customers/by-reference/erp/A%2F1", body())).status_code == 201
    assert (await api.get("/v1/customers/by-reference/erp/A%2F1"))["references"][0]["id"] == "A/1"


async def test_whom_nobody_told_of_is_not_found(api: Api) -> None:
    await api.get(HERE, status=404)
    await api.get(f"/v1/customers/{C1}", status=404)


async def test_a_redirected_customer_says_who_it_is(api: Api, customers: World) -> None:
    await customers.handle(record("order.placed.v1", placed(reference="shop/W-1"), source="/shop"))
    await customers.handle(record("customer.declared.v1", declared(references=["shop/W-1"])))
    told = await api.get(f"/v1/customers/{WEB}")
    assert (told["state"], told["redirected_to"], told["references"]) == ("redirected", C1, [])
    assert (await api.get("/v1/customers/by-reference/shop/W-1"))["id"] == C1
    assert [it["id"] for it in (await api.get("/v1/customers?count=true"))["items"]] == [C1]
    assert (await api.get("/v1/customers?state=redirected&count=true"))["total"] == 1


async def test_the_register_is_narrowed_and_paged(api: Api, customers: World) -> None:
    await customers.handle(
        *(record("customer.declared.v1", declared(f"erp/C-{n}", kind="person" if n % 2 else "company")) for n in range(5))
    )
    await customers.handle(record("order.placed.v1", placed(reference="shop/W-1"), source="/shop", unit="overseas"))
    for question, total in {
        "source=/erp": 5,
        "state=provisional": 1,
        "unit=overseas": 1,
        "kind=person": 2,
        "source=/erp&kind=company": 3,
    }.items():
        assert (await api.get(f"/v1/customers?{question}&count=true"))["total"] == total, question
    seen, cursor = [], ""
    while cursor is not None:
        page = await api.get(f"/v1/customers?limit=2{cursor and '&cursor=' + cursor}")
        seen += [it["id"] for it in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 6


async def test_who_may_do_what(api: Api) -> None:
    for role in ROLES:
        assert ((await api.ask("PUT", HERE, body(), role=role)).status_code == 403) == (role not in PERMISSIONS["customers.declare"]), role
        assert ((await api.ask("GET", HERE, role=role)).status_code == 403) == (role not in PERMISSIONS["customers.read"]), role
    assert (await api.client.get(HERE)).status_code == 401


async def test_many_who_declare_one_customer_at_once_are_all_answered(api: Api, customers: World) -> None:
    answers = await asyncio.gather(*(api.ask("PUT", HERE, body(display_name=f"Name {n}")) for n in range(4)))
    assert sorted(it.status_code for it in answers) == [200, 200, 200, 201]
    assert len(await customers.rows("customer")) == len(await customers.rows("claim")) == 1


async def test_of_two_who_claim_one_name_at_once_one_gets_it(api: Api, customers: World) -> None:
    claim = body(references=[{"system": "shop", "id": "W-1"}])
    answers = await asyncio.gather(*(api.ask("PUT", f"/v1/customers/by-reference/erp/C-{n}", claim) for n in (1, 2)))
    assert sorted(it.status_code for it in answers) == [201, 409]
    assert len(await customers.rows("claim")) == 2


async def test_the_wall_shows_how_many(api: Api, customers: World) -> None:
    await customers.handle(
        record("customer.declared.v1", declared(references=["shop/W-1"])), record("order.placed.v1", placed(reference="erp/C-2"))
    )
    await gauges(api.means)
    count = api.means.metrics.registry.get_sample_value
    for state in ("registered", "provisional", "redirected"):
        assert count("careloop_customers_total", {"service": "customers", "status": state}) == 1


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8613800138000", "+86 138****8000"),
        ("+862155550100", "+86 21****0100"),
        ("+12125550100", "+1 21****0100"),
        ("+35312345678", "+353 ****5678"),
        ("+4912345", "+49 1****"),
        ("+49123", "+49 ****"),
        ("+290", "+290 ****"),
        ("+1", "+1 ****"),
    ],
)
def test_at_least_four_digits_are_hidden(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


def test_of_an_address_its_beginning_and_its_host_are_shown() -> None:
    assert masked_email("anna@example.com") == "a***@example.com"
