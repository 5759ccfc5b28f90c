"""Looking behind the mask of a customer's file, through the real edge."""

from typing import Any

import pytest
from sqlalchemy import text

from shared import audit
from shared.ids import customer_of, uuid7
from shared.permissions import PERMISSIONS, ROLES
from tests.apis import Api
from tests.looking import lines, look, reads
from tests.makers import declared, moment, record
from tests.rooms import World
from tests.shared.an_api import token

PHONE, MAIL, ADDRESS = "+8613800138000", "buyer@example.com", "1 Example Road, Suzhou"
CONSENT = {"purpose": "notices", "channel": "sms", "granted_at": moment(), "evidence": "contract 17"}


@pytest.fixture
async def somebody(customers: World) -> str:
    """A new one each time: lines of the trail stay from test to test."""
    reference = f"erp/{uuid7()}"
    told = declared(reference, phones=[PHONE], emails=[MAIL], address=ADDRESS, orgunit="overseas", consents=[CONSENT])
    await customers.handle(record("customer.declared.v1", told))
    return str(customer_of(reference))


async def test_what_was_asked_for_is_shown_and_nothing_else(api: Api, customers: World, somebody: str) -> None:
    here = f"/v1/customers/{somebody}"
    assert reads(api, "contact") == 0
    answer = await look(api, here, "phones", "address", "phones")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json() == {"customer_id": somebody, "phones": [PHONE], "address": ADDRESS}
    unit = (await api.get(here))["unit"]
    assert await lines(customers, f"customer:{somebody}") == [("s-1", "unmasked", "call_customer", ["phones", "address"], unit)]
    assert (reads(api, "contact"), reads(api, "consent"), reads(api, "contact", "legal")) == (1, 0, 0)
    shown = (await look(api, here, "emails", "consents", "contact_person", purpose="privacy_request", role="privacy_officer")).json()
    assert (shown["emails"], shown["contact_person"], "phones" in shown) == ([MAIL], None, False)
    assert [(it["purpose"], it["evidence"]) for it in shown["consents"]] == [("notices", "contract 17")]


@pytest.mark.parametrize(
    "body",
    [
        {"purpose": "curiosity", "fields": ["phones"]},
        {"fields": ["phones"]},
        {"purpose": "deliver", "fields": []},
        {"purpose": "deliver", "fields": ["display_name"]},
        {"purpose": "deliver", "fields": ["phones"], "remarks": "please"},
    ],
)
async def test_without_a_purpose_and_fields_of_the_lists_nothing_is_shown(api: Api, customers: World, somebody: str, body: Any) -> None:
    answer = await api.ask("POST", f"/v1/customers/{somebody}/unmasking", body, role="specialist")
    assert answer.status_code == 422 and PHONE not in answer.text
    assert await lines(customers, f"customer:{somebody}") == []


async def test_the_answer_is_kept_nowhere_and_a_repeat_looks_again(api: Api, customers: World, somebody: str) -> None:
    for _ in range(2):
        answer = await look(api, f"/v1/customers/{somebody}", "phones", Idempotency_Key="k-1")
        assert answer.json()["phones"] == [PHONE] and "Idempotent-Replayed" not in answer.headers
    assert await customers.rows("idempotency") == []
    assert len(await lines(customers, f"customer:{somebody}")) == 2


async def test_no_line_no_answer(api: Api, customers: World, somebody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trail can't be written: nobody sees anything."""
    monkeypatch.setattr(audit, "INTO", text("INSERT INTO audit (about) VALUES (NULL)"))
    answer = await look(api, f"/v1/customers/{somebody}", "phones")
    assert answer.status_code == 500 and PHONE not in answer.text


async def test_what_nobody_knows_leaves_no_line(api: Api, customers: World) -> None:
    nobody = uuid7()
    assert (await look(api, f"/v1/customers/{nobody}", "phones")).status_code == 404
    assert await lines(customers, f"customer:{nobody}") == []


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_who_may(api: Api, somebody: str, role: str) -> None:
    answer = await look(api, f"/v1/customers/{somebody}", "phones", role=role)
    assert (answer.status_code == 200) == (role in PERMISSIONS["customers.unmask"])
    assert (PHONE in answer.text) == (answer.status_code == 200)


async def test_the_trail_is_read_by_few_and_narrowed(api: Api, somebody: str) -> None:
    await look(api, f"/v1/customers/{somebody}", "phones")
    await look(api, f"/v1/customers/{somebody}", "emails", purpose="deliver")
    about = f"about=customer:{somebody}"
    told = await api.get(f"/v1/audit?{about}&count=true", role="auditor")
    newest = told["items"][0]
    assert (told["total"], newest["purpose"], newest["fields"], newest["action"]) == (2, "deliver", ["emails"], "unmasked")
    assert len(newest["hash"]) == 64 and newest["correlation"] and PHONE not in str(told)
    for question, total in {"purpose=deliver": 1, "by=s-1": 2, "by=s-2": 0, "action=unmasked": 2, "since=2100-01-01T00:00:00Z": 0}.items():
        assert (await api.get(f"/v1/audit?{about}&{question}&count=true", role="privacy_officer"))["total"] == total, question
    assert (await api.get(f"/v1/audit?{about}&correlation={newest['correlation']}", role="auditor"))["items"] == [newest]
    for role in sorted(ROLES - PERMISSIONS["audit.read"]):
        await api.get("/v1/audit", role=role, status=403)


async def test_a_line_without_a_unit_is_seen_by_whoever_sees_all(api: Api, customers: World, somebody: str) -> None:
    """And one of another unit by nobody else."""
    (row,) = await customers.rows("customer", "unit", "id = $1", somebody)
    await look(api, f"/v1/customers/{somebody}", "phones")
    await customers.pool.execute(
        "INSERT INTO audit (at, by, action, about, fields, outcome, facts) VALUES (now(), 'x', 'resumed', $1, '[]', 'done', '{}')",
        f"customer:{somebody}",
    )

    async def seen(*units: str) -> list[str]:
        headers = {"Authorization": f"Bearer {token('auditor', units=list(units))}"}
        answer = await api.client.get(f"/v1/audit?about=customer:{somebody}", headers=headers)
        return [it["action"] for it in answer.json()["items"]]

    others = {"headquarters", "overseas"} - {row["unit"]}
    assert await seen("*") == ["resumed", "unmasked"]
    assert await seen(row["unit"]) == ["unmasked"]
    assert await seen(*others) == []
