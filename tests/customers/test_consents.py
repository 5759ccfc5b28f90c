"""Consents through the real doors: over HTTP, and in what sources declare."""

import asyncio
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import httpx
import pytest

from shared.clock import now
from shared.ids import customer_of
from tests.apis import Api
from tests.makers import declared, moment, placed, record, withdrawal
from tests.rooms import World
from tests.shared.an_api import token

DECLARED = "customer.declared.v1"
C1, WEB = str(customer_of("erp/C-1")), str(customer_of("shop/W-1"))
HERE = f"/v1/customers/{C1}/consents"
GRANTED, WITHDRAWN = "consent.granted.v1", "consent.withdrawn.v1"


@pytest.fixture(autouse=True)
async def _on_file(customers: World) -> None:
    await customers.handle(record(DECLARED, declared()))


def grant(purpose: str = "marketing", **facts: Any) -> dict[str, Any]:
    return {"purpose": purpose, "granted_at": moment(), "evidence": {"kind": "web_form", "reference": "form 7 of +8613800138000"}} | facts


def listed(*consents: dict[str, Any], reference: str = "erp/C-1", offset: int | None = None) -> Any:
    return record(DECLARED, declared(reference, consents=list(consents)), offset=offset)


async def states(api: Api, customer: str = C1) -> dict[str, str]:
    """By purpose."""
    return {it["purpose"]: it["state"] for it in (await api.get(f"/v1/customers/{customer}/consents"))["items"]}


async def told(customers: World, *names: str) -> list[dict[str, Any]]:
    return [body for name, body in await customers.announced() if body and name in names]


async def record_it(api: Api, **facts: Any) -> dict[str, Any]:
    answer = await api.ask("POST", HERE, grant(**facts), role="specialist")
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_what_a_customer_allows_is_on_file_with_how_we_know(api: Api, customers: World) -> None:
    answer = await api.ask("POST", HERE, grant(channel="sms"), role="reception")
    made = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{HERE}/{made['id']}")
    assert (made["state"], made["channel"], made["recorded_by"], made["customer_id"]) == ("in_force", "sms", "s-1", C1)
    assert made["evidence"]["kind"] == "web_form" and "13800138000" not in answer.text  # whoever wrote a number there
    assert await api.get(answer.headers["Location"]) == made and (await api.get(HERE + "?count=true"))["total"] == 1
    (event,) = await told(customers, GRANTED)
    assert {*event} == {"customer_id", "unit", "consent_id", "purpose", "channel", "granted_at", "valid_until"}
    assert (event["consent_id"], event["unit"]) == (made["id"], "headquarters")


async def test_the_same_grant_is_one_consent_however_often_it_comes(api: Api, customers: World) -> None:
    ids = {it.json()["id"] for it in await asyncio.gather(*(api.ask("POST", HERE, grant(), role="leader") for _ in range(3)))}
    assert len(ids) == 1 == len(await told(customers, GRANTED))


async def test_it_is_taken_back_once(api: Api, customers: World) -> None:
    made = await record_it(api)
    gone = await api.ask("POST", f"{HERE}/{made['id']}/withdrawal", role="specialist")
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    again = await api.ask("POST", f"{HERE}/{made['id']}/withdrawal", {}, role="specialist")
    assert (again.status_code, again.json()["type"]) == (409, "https://careloop.dev/problems/not-now")
    (event,) = await told(customers, WITHDRAWN)
    assert event["by_customer"] is True


async def test_of_two_who_take_it_back_at_once_one_does(api: Api, customers: World) -> None:
    made = await record_it(api)
    answers = await asyncio.gather(*(api.ask("POST", f"{HERE}/{made['id']}/withdrawal", role="leader") for _ in range(3)))
    assert sorted(it.status_code for it in answers) == [200, 409, 409] and len(await told(customers, WITHDRAWN)) == 1


async def test_one_no_answers_for_all_who_told_of_the_same(api: Api, customers: World) -> None:
    await customers.handle(listed({"purpose": "marketing", "granted_at": moment(1)}))
    made = await record_it(api)
    await api.ask("POST", f"{HERE}/{made['id']}/withdrawal", {"withdrawn_at": moment(2)}, role="specialist")
    assert {it["state"] for it in (await api.get(HERE))["items"]} == {"withdrawn"}
    await record_it(api, granted_at=moment(3))
    assert sorted(it["state"] for it in (await api.get(HERE))["items"]) == ["in_force", "withdrawn", "withdrawn"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"purpose": "world_domination"}, "/purpose"),
        ({"purpose": "service"}, "/purpose"),
        ({"channel": "pigeon"}, "/channel"),
        ({"granted_at": "2026-01-05"}, "/granted_at"),
        ({"granted_at": (now() + timedelta(days=1)).isoformat()}, "/granted_at"),
        ({"valid_until": moment(-1)}, "/valid_until"),
        ({"evidence": {"kind": "hearsay", "reference": "x"}}, "/evidence/kind"),
        ({"evidence": {"kind": "paper", "reference": "x" * 201}}, "/evidence/reference"),
        ({"evidence": {"kind": "paper", "reference": ""}}, "/evidence/reference"),
        ({"recipient": "SF Express"}, "/recipient"),
        ({"purpose": "third_party_disclosure", "recipient": "SF Express"}, "/fields"),
        ({"purpose": "third_party_disclosure", "recipient": "*", "fields": ["soul"]}, "/fields/0"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_what_is_wrong_is_said_with_its_field_and_fix(api: Api, customers: World, wrong: dict[str, Any], field: str) -> None:
    answer = await api.ask("POST", HERE, grant(**wrong), role="specialist")
    assert (answer.status_code, answer.json()["field"]) == (422, field) and answer.json()["fix"]
    assert await customers.rows("consent") == []


async def test_another_s_consent_is_not_found(api: Api, customers: World) -> None:
    await customers.handle(record(DECLARED, declared("erp/C-2")))
    made, other = await record_it(api), f"/v1/customers/{customer_of('erp/C-2')}/consents"
    for method, path in (("GET", made["id"]), ("POST", f"{made['id']}/withdrawal")):
        assert (await api.ask(method, f"{other}/{path}", role="specialist")).status_code == 404
    await api.get(f"/v1/customers/{customer_of('erp/nobody')}/consents", status=404)


async def test_another_unit_s_customer_is_not_there(api: Api) -> None:
    made = await record_it(api)

    async def from_overseas(method: str, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token('specialist', units=['overseas'])}"}
        return await api.client.request(method, path, json=grant() if method == "POST" and path == HERE else None, headers=headers)

    for method, path in (("GET", HERE), ("POST", HERE), ("GET", f"{HERE}/{made['id']}"), ("POST", f"{HERE}/{made['id']}/withdrawal")):
        assert (await from_overseas(method, path)).status_code == 404, path


# -- what sources declare


async def test_what_a_source_lists_is_in_the_same_register_while_it_does(api: Api, customers: World) -> None:
    await record_it(api)
    await customers.handle(listed({"purpose": "Birthday-Greeting", "channel": "sms", "evidence": "signed"}, {"purpose": "??"}))
    assert await states(api) == {"marketing": "in_force", "birthday_greeting": "in_force"}
    (theirs,) = (await api.get(HERE + "?source=/erp"))["items"]
    assert (theirs["channel"], theirs["evidence"], theirs["recorded_by"]) == ("sms", {"kind": None, "reference": "signed"}, None)
    await customers.handle(record(DECLARED, declared()))
    assert await states(api) == {"marketing": "in_force", "birthday_greeting": "ended"}  # ours it did not grant
    assert [(it["purpose"], it["by_customer"]) for it in await told(customers, WITHDRAWN)] == [("birthday_greeting", False)]


async def test_a_put_lists_as_an_event_does(api: Api) -> None:
    body = {
        "kind": "company",
        "display_name": "Example Steel",
        "consents": [{"purpose": "recording", "granted_at": "2026-01-05T10:00:00.5+08:00"}],
    }
    address = "/v1/customers/by-reference/erp/C-1"
    assert (await api.ask("PUT", address, body)).status_code == 200
    assert await states(api) == {"recording": "in_force"}
    assert (await api.ask("PUT", address, body | {"consents": []})).status_code == 200
    assert await states(api) == {"recording": "ended"}


async def test_a_null_value_ends_what_its_source_listed(api: Api, customers: World) -> None:
    await record_it(api)
    await customers.handle(listed({"purpose": "recording"}))
    await customers.handle(withdrawal("erp/C-1"))
    assert await states(api) == {"marketing": "in_force", "recording": "ended"}


async def test_an_old_record_changes_nothing(api: Api, customers: World) -> None:
    new, old = listed({"purpose": "recording"}, offset=900_001), listed({"purpose": "marketing"}, offset=900_000)
    await customers.handle(new)
    await customers.handle(old)
    assert await states(api) == {"recording": "in_force"}


async def test_records_of_one_batch_see_each_other(api: Api, customers: World) -> None:
    await customers.handle(listed({"purpose": "recording"}), listed({"purpose": "marketing"}), listed({"purpose": "recording"}))
    assert await states(api) == {"marketing": "ended", "recording": "in_force"}
    assert len(await told(customers, GRANTED)) == 3 and len(await told(customers, WITHDRAWN)) == 2


# -- whose they are


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_consents_follow_the_customer(api: Api, customers: World, order: tuple[int, ...]) -> None:
    """Whatever comes first: the shop's list, what the shop's customer told us, or that it is the ERP's."""
    await customers.handle(record("order.placed.v1", placed(reference="shop/W-1"), source="/shop"))

    async def shop_lists() -> None:
        await customers.handle(record(DECLARED, declared("shop/W-1", consents=[{"purpose": "recording"}]), source="/shop"))

    async def customer_tells() -> None:
        assert (await api.ask("POST", f"/v1/customers/{WEB}/consents", grant(), role="specialist")).status_code == 201

    async def erp_claims() -> None:
        await customers.handle(record(DECLARED, declared(references=["shop/W-1"])))

    steps = shop_lists, customer_tells, erp_claims
    for number in order:
        await steps[number]()
    claimed_first = order.index(0) < order.index(2)  # then the shop's own claim stands, and the ERP's is refused
    for id in (C1, WEB):
        expected = {"recording", "marketing"} if id == WEB or not claimed_first else set()
        assert set(await states(api, id)) == expected, id


async def test_a_no_counts_for_the_whole_customer(api: Api, customers: World) -> None:
    shop = f"/v1/customers/{WEB}/consents"
    await customers.handle(record("order.placed.v1", placed(reference="shop/W-1"), source="/shop"))
    await record_it(api)
    made = (await api.ask("POST", shop, grant(granted_at=moment(1)), role="specialist")).json()
    await api.ask("POST", f"{shop}/{made['id']}/withdrawal", {"withdrawn_at": moment(2)}, role="specialist")
    assert await states(api) == {"marketing": "in_force"}
    await customers.handle(record(DECLARED, declared(references=["shop/W-1"])))
    assert [it["state"] for it in (await api.get(HERE))["items"]] == ["withdrawn", "withdrawn"]


async def test_another_no_never_lifts_the_first(api: Api) -> None:
    """Not even one from a clock that is before ours."""
    disclosing = {"recipient": "SF", "purpose": "delivery", "fields": ["phones"], "legal_basis": "consent", "evidence": "procedure 12"}
    to_whom = {"recipient": "SF", "fields": ["phones"]}
    first, second = [await record_it(api, purpose="third_party_disclosure", granted_at=moment(at), **to_whom) for at in (1, 2)]
    assert (await api.ask("POST", f"/v1/customers/{C1}/disclosures", disclosing, role="leader")).status_code == 201
    for consent, at in ((first, now()), (second, now() + timedelta(minutes=4))):
        gone = await api.ask("POST", f"{HERE}/{consent['id']}/withdrawal", {"withdrawn_at": at.isoformat()}, role="specialist")
        assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn") and datetime.fromisoformat(
            gone.json()["withdrawn_at"]
        ) <= now()
        assert (await api.ask("POST", f"/v1/customers/{C1}/disclosures", disclosing, role="leader")).status_code == 403
    assert {it["state"] for it in (await api.get(HERE))["items"]} == {"withdrawn"}
