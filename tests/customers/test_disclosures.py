"""Giving customer data to third parties, through the real API: only with consent or by law, and never without a trace."""

import json
from typing import Any

import httpx
import pytest

from shared.ids import customer_of
from shared.permissions import PERMISSIONS, ROLES
from tests.apis import Api
from tests.makers import declared, moment, placed, record
from tests.rooms import World
from tests.shared.an_api import token

DECLARED = "customer.declared.v1"
C1 = str(customer_of("erp/C-1"))
HERE, GRANTS = f"/v1/customers/{C1}/disclosures", f"/v1/customers/{C1}/consents"
PHONE, MAIL, STREET = "+8613800138000", "buyer@example.com", "88 Nanjing Road"
SECRETS = PHONE, MAIL, STREET, "Example Steel"


@pytest.fixture(autouse=True)
async def _on_file(customers: World) -> None:
    await customers.handle(record(DECLARED, declared(phones=[PHONE], emails=[MAIL], address=STREET)))


def asked(*fields: str, **facts: Any) -> dict[str, Any]:
    usual = {"recipient": "SF Express", "purpose": "delivery", "legal_basis": "consent", "evidence": "procedure 12"}
    return usual | {"fields": list(fields or ("phones",))} | facts


async def consented(api: Api, *fields: str, recipient: str = "SF Express", **facts: Any) -> dict[str, Any]:
    evidence = {"kind": "signature", "reference": "folder 7"}
    body = {"purpose": "third_party_disclosure", "recipient": recipient, "fields": fields, "granted_at": moment(), "evidence": evidence}
    answer = await api.ask("POST", GRANTS, body | facts, role="specialist")
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def trail(customers: World) -> list[dict[str, Any]]:
    """What this test left on it: nobody can empty it."""
    return (await customers.rows("audit", "*", "action = 'customer_disclosed' ORDER BY seq"))[-3:]


async def length(customers: World) -> int:
    (row,) = await customers.rows("audit", "count(*) AS n")
    count: int = row["n"]
    return count


def refused(answer: httpx.Response, kind: str, field: str | None) -> None:
    body = answer.json()
    assert (answer.status_code, body["type"], body.get("field")) == (403, f"https://careloop.dev/problems/{kind}", field), body
    assert body["fix"] and not any(it in answer.text for it in SECRETS)


async def test_with_consent_the_fields_that_were_named_and_no_more(api: Api, customers: World) -> None:
    consent = await consented(api, "phones", "address", "emails")
    before = await length(customers)
    answer = await api.ask("POST", HERE, asked("phones", "address"), role="leader")
    made = answer.json()
    assert (answer.status_code, made["values"]) == (201, {"phones": [PHONE], "address": STREET})
    assert (made["consents"], made["disclosed_by"], made["unit"]) == ([consent["id"]], "s-1", "headquarters")
    assert MAIL not in answer.text and answer.headers["Cache-Control"] == "no-store"
    kept = await api.get(answer.headers["Location"], role="auditor")
    assert kept == {name: it for name, it in made.items() if name != "values"}
    for register in (HERE, "/v1/disclosures?recipient=SF Express", f"/v1/disclosures?customer_id={C1}"):
        assert (await api.get(register, role="auditor"))["items"] == [kept]
    line = (await trail(customers))[-1]
    assert (line["outcome"], line["by"], line["about"], line["purpose"], json.loads(line["fields"]) if isinstance(line["fields"], str) else line["fields"]) == (
        "done", "s-1", f"customer:{C1}", "delivery", ["address", "phones"],
    )  # fmt: skip
    assert await length(customers) == before + 1


@pytest.mark.parametrize(
    ("consent", "wanted"),
    [
        (None, asked("phones")),
        ({"fields": ["emails"]}, asked("phones")),
        ({"fields": ["phones"]}, asked("phones", "emails")),
        ({"fields": ["phones"], "recipient": "YTO"}, asked("phones")),
        ({"fields": ["phones"], "valid_until": moment(1)}, asked("phones")),
    ],
)
async def test_without_consent_nothing_but_a_trace(api: Api, customers: World, consent: Any, wanted: dict[str, Any]) -> None:
    if consent:
        await consented(api, *consent.pop("fields"), **consent)
    before = await length(customers)
    answer = await api.ask("POST", HERE, wanted, role="leader")
    refused(answer, "no-consent", "/fields")
    assert "phones" in answer.json()["detail"] or "emails" in answer.json()["detail"]
    line = (await trail(customers))[-1]
    assert (line["outcome"], line["about"], line["purpose"]) == ("refused", f"customer:{C1}", "delivery")
    assert await length(customers) == before + 1 and await customers.rows("disclosure") == []


async def test_a_consent_that_was_taken_back_allows_nothing(api: Api) -> None:
    everybody = await consented(api, "phones", recipient="*")
    assert (await api.ask("POST", HERE, asked(), role="leader")).status_code == 201
    await consented(api, "phones")  # both are taken back with the wider one
    await api.ask("POST", f"{GRANTS}/{everybody['id']}/withdrawal", role="specialist")
    refused(await api.ask("POST", HERE, asked(), role="leader"), "no-consent", "/fields")


async def test_what_a_source_declares_names_no_fields_and_allows_none(api: Api, customers: World) -> None:
    await customers.handle(
        record(DECLARED, declared(phones=[PHONE], consents=[{"purpose": "third_party_disclosure", "granted_at": moment()}]))
    )
    refused(await api.ask("POST", HERE, asked(), role="leader"), "no-consent", "/fields")


async def test_the_law_is_a_privacy_officer_s(api: Api, customers: World) -> None:
    wanted = asked("phones", purpose="authority", legal_basis="law")
    before = await length(customers)
    refused(await api.ask("POST", HERE, wanted, role="leader"), "not-for-you", "/legal_basis")
    assert (await trail(customers))[-1]["outcome"] == "refused" and await length(customers) == before + 1
    answer = await api.ask("POST", HERE, wanted, role="privacy_officer")
    assert (answer.status_code, answer.json()["values"], answer.json()["consents"]) == (201, {"phones": [PHONE]}, [])


async def test_who_may_do_what(api: Api) -> None:
    for role in ROLES:
        made = (await api.ask("POST", HERE, asked(), role=role)).json()
        assert made["type"].endswith("no-consent" if role in PERMISSIONS["disclosures.make"] else "not-your-role"), role
        seen = (await api.ask("GET", "/v1/disclosures", role=role)).status_code
        assert seen == (200 if role in PERMISSIONS["disclosures.read"] else 403), role


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"fields": []}, "/fields"),
        ({"fields": ["soul"]}, "/fields/0"),
        ({"purpose": "curiosity"}, "/purpose"),
        ({"recipient": ""}, "/recipient"),
        ({"evidence": ""}, "/evidence"),
        ({"legal_basis": "whim"}, "/legal_basis"),
        ({"values": True}, "/values"),
    ],
)
async def test_what_is_wrong_is_said_with_its_field(api: Api, wrong: dict[str, Any], field: str) -> None:
    answer = await api.ask("POST", HERE, asked() | wrong, role="leader")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    if field == "/fields/0":
        assert "'display_name'" in answer.json()["detail"]  # the list of those there are


async def test_asked_twice_it_was_given_once_and_its_values_are_kept_nowhere(api: Api, customers: World) -> None:
    consent = await consented(api, "phones")
    before = await length(customers)
    first, again = [await api.ask("POST", HERE, asked(), role="leader", idempotency_key="K-1") for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json())
    assert len(await customers.rows("disclosure")) == 1 and await length(customers) == before + 2  # seen twice, it is said twice
    other = await api.ask("POST", HERE, asked(recipient="sf express"), role="leader", idempotency_key="K-1")
    assert other.json()["id"] != first.json()["id"]
    for table in ("idempotency", "disclosure", "outbox", "audit"):
        kept = str([bytes(it) if isinstance(it, memoryview) else it for row in await customers.rows(table, "*") for it in row.values()])
        assert table == "outbox" or not any(it in kept for it in SECRETS), table
    await api.ask("POST", f"{GRANTS}/{consent['id']}/withdrawal", role="specialist")
    refused(await api.ask("POST", HERE, asked(), role="leader", idempotency_key="K-1"), "no-consent", "/fields")


async def test_another_unit_s_customer_is_not_there_and_its_disclosures_neither(api: Api) -> None:
    await consented(api, "phones")
    made = (await api.ask("POST", HERE, asked(), role="leader")).json()

    async def seen(unit: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token('leader', units=[unit])}"}
        return await api.client.request("POST" if body else "GET", path, json=body, headers=headers)

    assert (await seen("overseas", HERE, asked())).status_code == 404
    for path in (HERE, f"/v1/disclosures/{made['id']}"):
        assert ((await seen("overseas", path)).status_code, (await seen("headquarters", path)).status_code) == (404, 200)
    assert [(await seen(unit, "/v1/disclosures?count=true")).json()["total"] for unit in ("overseas", "headquarters")] == [0, 1]


async def test_what_was_given_of_whom_it_was_before_is_in_its_register(api: Api, customers: World) -> None:
    await consented(api, "phones")
    await api.ask("POST", HERE, asked(), role="leader")
    await customers.handle(record("order.placed.v1", placed(reference="crm/1")))
    await customers.handle(record(DECLARED, declared("crm/2", references=["crm/1"])))
    assert (await api.get(f"/v1/customers/{customer_of('crm/1')}/disclosures", role="auditor"))["items"] == []
    await customers.pool.execute(
        "UPDATE customer SET state = 'redirected', names = '{}', redirected_to = $1 WHERE id = $2",
        customer_of("crm/2"),
        customer_of("erp/C-1"),
    )
    for id in (customer_of("crm/2"), C1):
        assert len((await api.get(f"/v1/customers/{id}/disclosures", role="auditor"))["items"]) == 1


async def test_of_who_is_erased_nothing_can_be_given_or_allowed(api: Api, customers: World) -> None:
    await consented(api, "phones")
    await customers.pool.execute("UPDATE customer SET state = 'erased', names = '{}' WHERE id = $1", customer_of("erp/C-1"))
    for path, body in (
        (HERE, asked()),
        (GRANTS, {"purpose": "recording", "granted_at": moment(), "evidence": {"kind": "paper", "reference": "1"}}),
    ):
        answer = await api.ask("POST", path, body, role="leader")
        assert (answer.status_code, answer.json()["type"]) == (409, "https://careloop.dev/problems/not-now")
    assert [it["state"] for it in (await api.get(GRANTS))["items"]] == ["ended"]
