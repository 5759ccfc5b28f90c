"""Every answer of the edge over a real socket: each status code, its document, what it must not repeat, and when the transaction ends."""

import asyncio
import gzip
import json
import re
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter
from sqlalchemy import text

from shared.api_docs import KIT
from shared.http import Router, Session, allow, checked
from tests.shared.an_api import SLEEP, Running

PHONE = "13800138000"


def problem(answer: httpx.Response, status: int, kind: str) -> dict:
    told = answer.json()
    assert (answer.status_code, told["status"], answer.headers["content-type"]) == (status, status, "application/problem+json")
    assert told["type"] == f"https://careloop.dev/problems/{kind}"
    assert told["title"] and told["detail"] and told["correlation_id"] in told["instance"]
    assert answer.headers["x-correlation-id"] == told["correlation_id"]
    return told


async def things(api: Running) -> list[str]:
    async with api.means.engine.connect() as connection:
        return list((await connection.execute(text("SELECT name FROM thing ORDER BY name"))).scalars())


async def test_a_thing_is_made_read_and_changed(api: Running):
    made = await api.client.post("/v1/things", json={"name": "a"}, headers=api.auth())
    assert made.status_code == 201 and made.headers["etag"] == '"1"' and made.json()["version"] == 1
    where = made.headers["location"]
    read = await api.client.get(where, headers=api.auth("viewer"))
    assert read.json() == made.json()
    painted = await api.client.put(f"{where}/paint", json={"colour": "red"}, headers=api.auth() | {"If-Match": read.headers["etag"]})
    assert painted.status_code == 200 and painted.headers["etag"] == '"2"'


async def test_if_match(api: Running):
    where = (await api.client.post("/v1/things", json={"name": "a"}, headers=api.auth())).headers["location"] + "/paint"
    missing = problem(await api.client.put(where, json={"colour": "red"}, headers=api.auth()), 428, "version-missing")
    assert "If-Match" in missing["fix"]
    stale = await api.client.put(where, json={"colour": "red"}, headers=api.auth() | {"If-Match": '"7"'})
    problem(stale, 412, "changed")
    assert stale.headers["etag"] == '"1"'
    problem(await api.client.put(where, json={"colour": "red"}, headers=api.auth() | {"If-Match": "1"}), 400, "malformed")
    problem(
        await api.client.put(where, json={"colour": "red"}, headers=api.auth() | {"If-Match": '"*"'}), 412, "changed"
    )  # a tag, not a star
    assert (await api.client.put(where, json={"colour": "red"}, headers=api.auth() | {"If-Match": '"0", "1"'})).status_code == 200
    assert (await api.client.put(where, json={"colour": "blue"}, headers=api.auth() | {"If-Match": "*"})).status_code == 200


async def test_refusals_of_rules(api: Running):
    problem(await api.client.get(f"/v1/things/{uuid4()}", headers=api.auth()), 404, "lost")
    invalid = problem(await api.client.post("/v1/things", json={"name": "invalid"}, headers=api.auth()), 422, "invalid")
    assert invalid["field"] == "/name"
    conflict = problem(await api.client.post("/v1/things", json={"name": "conflict"}, headers=api.auth()), 409, "not-now")
    assert conflict["allowed"] == ["paint", "sand"] and conflict["detail"] == "It is dry."
    problem(await api.client.post("/v1/things", json={"name": "refused"}, headers=api.auth()), 403, "refused")
    assert await things(api) == []


async def test_malformed_bodies(api: Running):
    async def post(content: bytes, kind: str = "application/json") -> httpx.Response:
        return await api.client.post("/v1/things", content=content, headers=api.auth() | {"Content-Type": kind})

    for content in (b"{", b'{"name": "a",}', b'{"name": NaN}', b'{"name": "\xff"}', b'{"name": "\\ud800"}', b"[" * 5000):
        told = problem(await post(content), 400, "malformed")
        assert told["fix"] and told["field"] == "" and "line 1, column" in told["detail"]
    assert problem(await post(b'{"name": "a"}', "text/plain"), 400, "malformed")["field"] == "Content-Type"
    assert "field once" in problem(await post(b'{"name": "a", "lines": [{"sku": "a", "sku": "b"}]}'), 400, "malformed")["fix"]
    packed = api.auth() | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    told = problem(await api.client.post("/v1/things", content=gzip.compress(b'{"name": "a"}'), headers=packed), 400, "malformed")
    assert (told["field"], told["fix"]) == ("Content-Encoding", "Send it as it is.")
    assert problem(await post(b'{"name": "a\\u0000b"}'), 422, "invalid-request")["field"] == "/name"
    assert problem(await api.client.get("/v1/things?name=a%00", headers=api.auth()), 400, "malformed")["field"] == "name"
    problem(await api.client.get("/v1/things%0A", headers=api.auth()), 404, "no-such-route")


async def test_what_does_not_fit_is_pointed_to_and_never_repeated(api: Running):
    told = problem(
        await api.client.post(
            "/v1/things",
            json={"name": {"phone": PHONE}, "lines": [{"sku": "a", "quantity": 1}, {"quantity": f"+{PHONE}x"}], "tel": PHONE},
            headers=api.auth(),
        ),
        422,
        "invalid-request",
    )
    assert [it["pointer"] for it in told["errors"]] == ["/name", "/lines/1/sku", "/lines/1/quantity", "/tel"]
    assert told["field"] == "/name" and told["fix"].startswith("Mend `/name`")
    assert PHONE not in json.dumps(told)
    extra = problem(await api.client.post("/v1/things", json={"name": "a", "nmae": 1}, headers=api.auth()), 422, "invalid-request")
    assert (extra["field"], extra["fix"]) == ("/nmae", "Leave `/nmae` out; it is not known here.")
    missing = problem(await api.client.post("/v1/things", json={}, headers=api.auth()), 422, "invalid-request")
    assert (missing["field"], missing["fix"]) == ("/name", "Add `/name`.")
    assert problem(await api.client.post("/v1/things", headers=api.auth()), 422, "invalid-request")["fix"] == "Send a body."
    assert problem(await api.client.get("/v1/things/nothing", headers=api.auth()), 422, "invalid-request")["field"] == "thing_id"


async def test_addresses_and_methods(api: Running):
    problem(await api.client.get("/v1/nothing", headers=api.auth()), 404, "no-such-route")
    problem(await api.client.get("/v1/things/", headers=api.auth()), 404, "no-such-route")
    told = await api.client.delete("/v1/things", headers=api.auth())
    body = problem(told, 405, "method-not-allowed")
    assert (told.headers["allow"], body["fix"]) == ("GET, HEAD, POST", "Use one of GET, HEAD, POST.")
    assert api.value("http_requests_total", method="GET", route="unmatched", code="404") == 2


async def test_head_is_get_without_its_body(api: Running):
    read, asked = [await api.client.request(it, "/v1/things", headers=api.auth()) for it in ("GET", "HEAD")]
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-length"] == str(len(read.content))
    assert (await api.client.head("/v1/things")).status_code == 401


async def test_a_large_body_is_refused_also_when_it_does_not_say_so(api: Running):
    body = json.dumps({"name": "a" * 300_000}).encode()
    headers = api.auth() | {"Content-Type": "application/json"}
    problem(await api.client.post("/v1/things", content=body, headers=headers), 413, "too-large")

    async def chunks():
        for at in range(0, len(body), 10_000):
            yield body[at : at + 10_000]

    problem(await api.client.post("/v1/things", content=chunks(), headers=headers), 413, "too-large")
    assert (await api.client.post("/v1/things", json={"name": "b" * 200_000}, headers=api.auth())).status_code != 413


async def test_our_own_fault_is_logged_once_and_tells_nothing(api: Running, configured):
    said = configured()
    told = problem(
        await api.client.post("/v1/things", json={"name": "bug"}, headers=api.auth() | {"X-Correlation-Id": "c-77"}), 500, "internal"
    )
    assert told["correlation_id"] == "c-77"
    assert PHONE not in json.dumps(told)
    failed, answered = said()
    assert (failed["event"], failed["level"], failed["correlation_id"]) == ("a request failed", "error", "c-77")
    assert failed["exception"][0]["error"] == "KeyError" and " make" in failed["exception"][0]["at"][-1]
    assert (answered["event"], answered["code"], answered["route"], answered["principal"]) == ("answered", 500, "/v1/things", "s-1")
    assert PHONE not in json.dumps([failed, answered])


async def test_a_commit_that_fails_was_never_a_success(api: Running):
    told = problem(await api.client.post("/v1/things", json={"name": "late bug"}, headers=api.auth()), 409, "not-now")
    assert told["allowed"] == []
    assert await things(api) == []
    assert api.value("db_errors_total", kind="race") == 1


async def test_the_answer_leaves_after_the_commit(api: Running):
    for n in range(20):
        where = (await api.client.post("/v1/things", json={"name": f"n{n}"}, headers=api.auth())).headers["location"]
        assert (await api.client.get(where, headers=api.auth())).status_code == 200


async def test_ids_guards_and_numbers(api: Running):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    plain = await api.client.get("/v1/things", headers=api.auth())
    assert re.fullmatch("[0-9a-f]{32}", plain.headers["x-correlation-id"])
    assert {"x-content-type-options", "cache-control", "content-security-policy", "referrer-policy"} <= set(plain.headers)
    assert "server" not in plain.headers
    traced = await api.client.get("/v1/things", headers=api.auth() | {"traceparent": trace})
    assert traced.headers["x-correlation-id"] == trace[3:35]
    odd = await api.client.get("/v1/things", headers=api.auth() | {"X-Correlation-Id": f"tel: {PHONE}"})
    assert PHONE not in odd.headers["x-correlation-id"]
    assert api.value("http_requests_total", method="GET", route="/v1/things", code="200") == 3
    assert api.value("http_request_duration_seconds_count", method="GET", route="/v1/things") == 3
    assert api.value("http_in_flight") == 0
    assert api.value("db_pool_wait_seconds_count") == 0  # nobody watches this pool


async def test_too_much_at_once_is_said(api: Running, monkeypatch):
    monkeypatch.setattr("shared.edge.AT_ONCE", 1)
    SLEEP["seconds"] = 0.5
    first, second = await asyncio.gather(*(api.client.post("/v1/things", json={"name": it}, headers=api.auth()) for it in "ab"))
    answers = sorted((first, second), key=lambda it: it.status_code)
    assert answers[0].status_code == 201
    problem(answers[1], 503, "unavailable")
    assert answers[1].headers["retry-after"] == "1"


async def test_a_request_ends_somewhere(api: Running, monkeypatch):
    monkeypatch.setattr("shared.edge.LONGEST", 0.3)
    SLEEP["seconds"] = 5
    problem(await api.client.post("/v1/things", json={"name": "slow"}, headers=api.auth()), 503, "unavailable")
    assert await things(api) == []


async def test_the_open_addresses_and_the_document(api: Running):
    for path in ("/docs", "/openapi.json"):
        assert (await api.client.get(path)).status_code == 200
    page = await api.client.get("/docs")
    for address in re.findall(r'(?:src|href)="([^"]*)"', page.text):
        assert address.startswith("/docs/"), "it asks no other host"
        answer = await api.client.get(address)
        assert answer.status_code == 200 and answer.headers["content-type"].partition(";")[0] in {*KIT.values()}
    told = (await api.client.get("/openapi.json")).json()
    post = told["paths"]["/v1/things"]["post"]
    assert post["security"] and {"401", "403", "422", "503"} <= set(post["responses"])
    assert "application/problem+json" in post["responses"]["422"]["content"]
    assert any(it["name"] == "Idempotency-Key" for it in post["parameters"])
    assert {it["name"] for it in told["paths"]["/v1/things"]["get"]["parameters"]} == {
        "cursor",
        "limit",
        "count",
        "name",
        "colour",
        "id",
        "made_at",
    }
    assert "HTTPValidationError" not in told["components"]["schemas"]
    assert api.value("http_requests_total", method="GET", route="/openapi.json", code="200") >= 1


def test_a_route_without_a_permission_is_refused_at_the_start():
    open_to_all = Router(prefix="/v1/open")

    @open_to_all.get("")
    async def everybody() -> None: ...

    with pytest.raises(TypeError, match="names no permission"):
        checked(open_to_all)


def test_a_post_without_a_transaction_is_refused_at_the_start():
    forgetful = Router(prefix="/v1/forgetful")

    @forgetful.post("", dependencies=[allow("parked.act")])
    async def twice() -> None: ...

    with pytest.raises(TypeError, match="take a Session"):
        checked(forgetful)

    mindful = Router(prefix="/v1/mindful")

    @mindful.post("", dependencies=[allow("parked.act")])
    async def once(session: Session) -> None: ...

    checked(mindful)


def test_another_kind_of_router_is_refused_at_the_start():
    plain = APIRouter()

    @plain.get("/x", dependencies=[allow("orders.read")])
    async def x() -> None: ...

    with pytest.raises(TypeError, match="Router"):
        checked(plain)


def test_a_permission_that_nobody_wrote_down_is_refused():
    with pytest.raises(ValueError, match="permission table"):
        allow("orders.sell")
