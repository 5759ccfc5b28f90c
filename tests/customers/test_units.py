"""Customers of another unit are not there: whatever name is used, and whatever was asked before."""

from typing import Any

import httpx
import pytest

from services.customers.domain.erased import ErasedReference, hashed
from shared.clock import now
from shared.database import transaction
from shared.ids import customer_of, uuid7
from tests.apis import Api
from tests.makers import declared, placed, record, withdrawal
from tests.rooms import World
from tests.shared.an_api import token

HERE, THERE = "headquarters", "overseas"
C1 = customer_of("erp/C-1")
MINE = {"kind": "person", "display_name": "Mine"}
ASKED = {"customer_id": str(C1), "reason": "customer_request"}


async def ask(
    api: Api, method: str, path: str, body: Any = None, *, role: str, unit: str, sub: str = "s-1", **headers: str
) -> httpx.Response:
    told = {name.replace("_", "-"): it for name, it in headers.items()} | {"Authorization": f"Bearer {token(role, units=[unit], sub=sub)}"}
    return await api.client.request(method, path, json=body, headers=told)


@pytest.fixture
async def theirs(customers: World) -> World:
    """A customer of headquarters with two names, and one whom only an order of theirs has mentioned."""
    facts = declared("erp/C-1", orgunit=HERE, phones=["+8613800008000"], references=["crm/9"])
    await customers.handle(
        record("customer.declared.v1", facts, source="/erp"),
        record("order.placed.v1", placed("O-7", "erp/C-7"), source="/erp", unit=HERE),
    )
    return customers


@pytest.mark.parametrize("name", ["erp/C-1", "crm/9", "erp/C-7"])
@pytest.mark.parametrize("headers", [{}, {"If_Match": '"77"'}])
async def test_no_name_of_theirs_is_declared_from_another_unit(api: Api, theirs: World, name: str, headers: dict[str, str]) -> None:
    """Declared, named by a declaration, or only mentioned; and a version that is wrong tells no more."""
    before = await theirs.rows("customer", "id, unit, names::text, version")
    answer = await ask(api, "PUT", f"/v1/customers/by-reference/{name}", MINE, role="specialist", unit=THERE, **headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "customer-not-found")
    assert await theirs.rows("customer", "id, unit, names::text, version") == before


async def test_a_name_that_its_source_gave_up_is_still_theirs(api: Api, theirs: World) -> None:
    await theirs.handle(withdrawal("erp/C-1"))
    answer = await ask(api, "PUT", "/v1/customers/by-reference/erp/C-1", MINE, role="specialist", unit=THERE)
    assert answer.status_code == 404
    assert (await ask(api, "PUT", "/v1/customers/by-reference/erp/C-1", MINE, role="specialist", unit=HERE)).status_code == 201


@pytest.mark.parametrize("name", ["C-1", "C-7"])
async def test_nobody_is_taken_over_by_being_named(api: Api, theirs: World, name: str) -> None:
    body = MINE | {"references": [{"system": "erp", "id": name}]}
    answer = await ask(api, "PUT", "/v1/customers/by-reference/shop/1", body, role="specialist", unit=THERE)
    assert (answer.status_code, answer.json()["field"]) == (409, "/references/0")
    assert {it["unit"] for it in await theirs.rows("customer", "unit")} == {HERE}


async def test_whoever_sees_less_than_before_is_not_given_the_old_answer(api: Api, theirs: World) -> None:
    body = {"purpose": "marketing", "granted_at": "2026-01-01T00:00:00Z", "evidence": {"kind": "signature", "reference": "page 1"}}
    path = f"/v1/customers/{C1}/consents"
    for unit, status, again in ((HERE, 201, None), (HERE, 201, "true"), (THERE, 404, None)):
        answer = await ask(api, "POST", path, body, role="specialist", unit=unit, Idempotency_Key="k-1")
        assert (answer.status_code, answer.headers.get("Idempotent-Replayed")) == (status, again), unit


async def test_a_refused_disclosure_is_seen_by_the_auditors_of_the_unit(api: Api, theirs: World) -> None:
    body = {"recipient": "broker", "purpose": "delivery", "fields": ["phones"], "evidence": "P-1", "legal_basis": "consent"}
    assert (await ask(api, "POST", f"/v1/customers/{C1}/disclosures", body, role="leader", unit=HERE, sub="s-77")).status_code == 403
    for unit, seen in ((HERE, ["refused"]), (THERE, [])):
        found = (await ask(api, "GET", f"/v1/audit?about=customer:{C1}&by=s-77", role="auditor", unit=unit)).json()["items"]
        assert [it["outcome"] for it in found][:1] == seen


async def test_whose_unit_a_customer_is_by_now_decides_about_the_erasure(api: Api, theirs: World) -> None:
    erasure = (await ask(api, "POST", "/v1/erasures", ASKED, role="specialist", unit=HERE)).json()["id"]
    await theirs.handle(record("customer.declared.v1", declared("erp/C-1", orgunit=THERE, references=["crm/9"]), source="/erp"))
    again = await ask(api, "POST", "/v1/erasures", ASKED, role="specialist", unit=THERE)
    assert again.status_code == 409 and "at the same moment" not in again.json()["detail"]
    assert (await ask(api, "POST", f"/v1/erasures/{erasure}/approval", role="privacy_officer", unit=THERE, sub="s-8")).status_code == 200


async def test_a_task_to_decide_is_not_done_by_saying_so(api: Api, theirs: World) -> None:
    await ask(api, "POST", "/v1/erasures", ASKED, role="specialist", unit=HERE)
    ((task),) = await theirs.rows("task", "id", "kind = 'erasure'")
    answer = await ask(api, "POST", f"/v1/tasks/{task['id']}/completion", role="privacy_officer", unit=HERE, sub="s-8")
    assert answer.status_code == 409 and "is decided" in answer.json()["detail"]


async def test_who_was_erased_by_another_unit_is_as_unknown_as_anybody(api: Api, theirs: World) -> None:
    async with transaction(theirs.engine) as session:
        session.add(ErasedReference(hash=hashed("crm/9"), customer_id=C1, erasure_id=uuid7(), erased_at=now()))
    answers = []
    for name, unit in (("9", THERE), ("404", THERE), ("9", HERE)):
        body = {"customer": {"system": "crm", "id": name}, "reason": "customer_request"}
        answers.append((await ask(api, "POST", "/v1/erasures", body, role="specialist", unit=unit)).status_code)
    assert answers == [404, 404, 409]
