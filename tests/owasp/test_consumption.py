"""API4 and API6 of OWASP's ten: asking for too much, and making a business of what is meant for single cases."""

import time
from typing import Any

import httpx
import pytest
from limits import parse

from shared.api import create_api
from shared.edge import LARGEST
from shared.ids import customer_of
from shared.limits import Limits
from shared.paging import MOST
from tests.apis import Api
from tests.makers import declared, moment, record
from tests.owasp.conftest import Served, at_home
from tests.rooms import World
from tests.shared.an_api import token

HERE = f"/v1/customers/{customer_of('erp/C-1')}"
WANTED = {"recipient": "broker", "purpose": "partner_offer", "fields": ["phones"], "legal_basis": "consent", "evidence": "P-1"}


async def test_api4_no_register_gives_more_than_a_page(served: Served) -> None:
    """Tried: `limit` as large, small and odd as it goes, made-up cursors, more filter values than anybody needs, filters that are not there."""
    for door in served.registers():
        path, bearer = served.path(door), at_home(served.role(door))
        for question in (f"limit={MOST + 1}", "limit=1000000000", "limit=-1", "limit=0", "limit=1e3", "limit=", f"cursor={'A' * 1001}"):
            assert (await served.knock(door, bearer, path=f"{path}?{question}")).status_code == 422, f"{door}?{question}"
        for question in ("cursor=AAAA", "cursor=" + "W" * 999, "cursor=%F0%9F%92%A3", "cursor=bnVsbA"):
            assert (await served.knock(door, bearer, path=f"{path}?{question}")).status_code == 400, f"{door}?{question}"
        for question in ("&".join(["source=x"] * 1000), "offset=5", "sort=name"):
            answer = await served.knock(door, bearer, path=f"{path}?{question}")
            assert answer.status_code in (404, 422), f"{door}?{question[:20]}"


async def test_api4_no_body_is_read_without_end(served: Served) -> None:
    """Tried at every door that takes a body: one byte too many, a length that lies, arrays nested ten thousand deep, a number of ten thousand
    digits, ten thousand fields. Each is refused, and quickly."""
    bodies = {
        413: [b'"' + b"x" * LARGEST + b'"'],
        400: [b"[" * 10_000 + b"]" * 10_000, b"{" * 50, b"\xff\xfe", b"NaN"],
        422: [
            b"[" + b"1," * 10_000 + b"1]",
            b'{"a":' + b"9" * 10_000 + b"}",
            b"{" + b",".join(b'"f%d":1' % n for n in range(10_000)) + b"}",
        ],
    }
    for door in served.doors("POST", "PUT"):
        told = served.document["paths"][door.path.replace(":path", "")][door.method.lower()]
        if "application/json" not in told.get("requestBody", {}).get("content", {}):
            continue  # a file may be longer, and is read by a process of its own
        headers = {"Authorization": f"Bearer {at_home(served.role(door))}", "Content-Type": "application/json", "If-Match": '"1"'}
        for status, tries in bodies.items():
            for body in tries:
                began = time.monotonic()
                answer = await served.api.client.request(door.method, served.path(door), content=body, headers=headers)
                allowed = {status} | ({400, 422} if status != 413 else set())
                assert answer.status_code in allowed and time.monotonic() - began < 10, f"{door} {body[:20]!r}: {answer.status_code}"


@pytest.fixture
async def limited(customers: World, api: Api) -> Any:
    """The same service with limits as in production, only smaller."""
    from services.customers.app import service

    await customers.handle(record("customer.declared.v1", declared(phones=["+8613800138000"])))
    limits = Limits({"read": parse("5/minute"), "sensitive": parse("3/hour")}, api.means.metrics, systems=10)
    app = create_api(service, api.means, api.app.state.door, limits)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield client


async def asked(client: httpx.AsyncClient, method: str, path: str, sub: str, role: str = "leader", body: Any = None, **headers: str) -> int:
    told = {"Authorization": f"Bearer {token(role, sub=sub)}"} | {name.replace("_", "-"): it for name, it in headers.items()}
    answer = await client.request(method, path, json=body, headers=told)
    if answer.status_code == 429:
        assert int(answer.headers["Retry-After"]) > 0 and answer.json()["fix"]
    return answer.status_code


async def test_api4_one_caller_can_not_take_everything(limited: httpx.AsyncClient) -> None:
    """Tried: more than one's share, also as if from other addresses. It is counted by who asks; others go on."""
    got = [await asked(limited, "GET", HERE, "s-1", X_Forwarded_For=f"10.0.0.{n}", Forwarded=f"for=10.0.0.{n}") for n in range(7)]
    assert got == [200] * 5 + [429] * 2
    assert await asked(limited, "GET", HERE, "s-2") == 200


async def test_api6_contact_points_can_not_be_harvested(limited: httpx.AsyncClient, customers: World) -> None:
    """Tried: looking behind the mask and disclosing by the dozen, as a person and as a system, which may otherwise ask for ten times as much."""
    looking = {"purpose": "call_customer", "fields": ["phones"]}
    assert [await asked(limited, "POST", f"{HERE}/unmasking", "s-1", body=looking) for _ in range(5)] == [200] * 3 + [429] * 2
    assert [await asked(limited, "POST", f"{HERE}/disclosures", "s-3", body=WANTED) for _ in range(5)] == [403] * 3 + [429] * 2
    assert await asked(limited, "GET", "/v1/disclosures", "s-3") == 429


async def test_api6_a_disclosure_sent_twice_is_made_once_and_a_refused_one_leaves_a_trace(api: Api, customers: World) -> None:
    """Tried: the same command again and again under one key, and asking for what no consent covers until somebody gives in."""
    await customers.handle(record("customer.declared.v1", declared(phones=["+8613800138000"])))
    consent = {"purpose": "third_party_disclosure", "recipient": "broker", "fields": ["phones"], "granted_at": moment()}
    consent |= {"evidence": {"kind": "paper", "reference": "1"}}
    (before,) = await customers.rows("audit", "count(*) AS n")
    refused = [(await api.ask("POST", f"{HERE}/disclosures", WANTED, role="leader")).status_code for _ in range(3)]
    assert (await api.ask("POST", f"{HERE}/consents", consent, role="specialist")).status_code == 201
    made = [(await api.ask("POST", f"{HERE}/disclosures", WANTED, role="leader", idempotency_key="K")).json()["id"] for _ in range(3)]
    assert refused == [403] * 3 and len({*made}) == 1 == len(await customers.rows("disclosure"))
    (after,) = await customers.rows("audit", "count(*) AS n")
    assert after["n"] - before["n"] == 6


async def test_api6_nobody_erases_alone(api: Api, customers: World) -> None:
    """Tried: approving one's own request to erase a customer."""
    await customers.handle(record("customer.declared.v1", declared()))
    body = {"customer_id": str(customer_of("erp/C-1")), "reason": "other"}
    asked = await api.ask("POST", "/v1/erasures", body, role="privacy_officer")
    assert asked.status_code == 201, asked.text
    approved = await api.ask("POST", f"/v1/erasures/{asked.json()['id']}/approval", role="privacy_officer")
    assert approved.status_code == 403 and (await customers.rows("erasure", "state"))[0]["state"] == "requested"
