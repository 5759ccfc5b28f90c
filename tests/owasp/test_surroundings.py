"""API7 to API10 of OWASP's ten: being sent elsewhere, being set up carelessly, forgotten doors, and believing what others send."""

import contextlib
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from shared.envelope import LARGEST
from shared.health import Health
from shared.keys import Keys
from shared.paging import Register
from tests.makers import declared, placed, record
from tests.owasp.conftest import Served, at_home
from tests.permissions import things
from tests.rooms import World
from tests.shared.an_api import jwks, token

ELSEWHERE = (
    "http://169.254.169.254/latest/meta-data/",
    "https://evil.example/keys",
    "file:///etc/passwd",
    "gopher://localhost:6379/_FLUSHALL",
)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every name that is looked up and every address that is connected to, but for the database's socket."""
    seen: list[Any] = []
    find, connect = socket.getaddrinfo, socket.socket.connect

    def looked_up(host: Any, *rest: Any, **more: Any) -> Any:
        seen.append(host)
        return find("127.0.0.1", *rest, **more)

    def connected(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            seen.append(address)
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket.socket, "connect", connected)
    return seen


async def test_api7_no_address_that_we_are_sent_is_visited(served: Served, called: list[Any]) -> None:
    """Tried: addresses in every text of every body, in the query, in headers that proxies and frameworks follow, and as the place of the
    token's key (`jku`, `x5u`, `iss`). Nothing is looked up and nothing connected to but the database."""
    async with httpx.AsyncClient() as client:
        with contextlib.suppress(httpx.HTTPError):
            await client.get("http://evil.example:9")
    assert "evil.example" in str(called)  # whoever did go there would be seen
    called.clear()
    for address in ELSEWHERE:
        for door in served.doors():
            body = placing(address, served, door)
            headers = {"Referer": address, "X_Forwarded_Host": "evil.example", "Location": address, "Origin": address}
            path = f"{served.path(door)}?callback={address}" if door.method == "GET" else ""
            answer = await served.knock(door, at_home(served.role(door)), body=body, path=path, **headers)
            assert answer.status_code < 500, f"{door}: {answer.text}"
        door, claims = next(served.doors("GET")), [{"iss": address}, {"header": {"kid": address}}]
        claims += [{"header": {name: address}} for name in ("jku", "x5u") if address.startswith("http")]
        for it in claims:
            await served.knock(door, token(served.role(door), **it))
    assert not [it for it in called if "evil" in str(it) or "169.254" in str(it) or "6379" in str(it)]


def placing(address: str, served: Served, door: Any) -> Any:
    good = things.said(door, served.known)
    return {name: address if isinstance(it, str) else it for name, it in good.items()} if isinstance(good, dict) else good


GUARDS = "X-Content-Type-Options", "Referrer-Policy", "Cache-Control", "Strict-Transport-Security", "Content-Security-Policy"


async def test_api8_every_answer_carries_the_guards_and_says_nothing_of_how_it_is_made(served: Served) -> None:
    """Tried: good requests, refused ones, lost ones and broken ones, with a foreign `Origin`: guards on each, no CORS for anybody, no
    version of a server, no trace of a stack, and the operators' pages are on another port."""
    door = next(served.doors("GET"))
    bearer, evil = at_home(served.role(door)), {"Origin": "https://evil.example"}
    answers = [await served.knock(door, bearer, **evil), await served.knock(door, None, **evil)]
    for path in ("/nowhere", "/metrics", "/healthz", "/livez", "/config", "/v1/%00", "/openapi.json", "/docs"):
        answers.append(await served.api.client.get(path, headers=evil))
    answers.append(await served.api.client.request("OPTIONS", served.path(door), headers=evil | {"Access-Control-Request-Method": "POST"}))
    for it in answers:
        where = f"{it.request.method} {it.request.url}"
        assert [name for name in GUARDS if name not in it.headers] == [], where
        assert not [name for name in it.headers if name.startswith("access-control") or name in ("server", "x-powered-by")], where
        assert "Traceback" not in it.text and "site-packages" not in it.text, where
        assert it.status_code < 500 and (it.status_code == 200) == (
            it.request.url.path in ("/openapi.json", "/docs") or it is answers[0]
        ), where


async def test_api8_a_bug_of_ours_says_no_more_than_that_it_is_one(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried: the database refuses, with everything in its message; the answer has an id to quote and nothing else."""

    async def broken(*_: Any) -> None:
        raise KeyError("+8613800138000 SELECT password FROM customer")

    monkeypatch.setattr(Register, "page", broken)
    tried = 0
    for door in served.registers():
        answer = await served.knock(door, at_home(served.role(door)))
        if answer.status_code == 500:
            assert not [it for it in ("1380013", "SELECT", "KeyError", "paging.py") if it in answer.text], door
            assert answer.json()["correlation_id"] and answer.headers["X-Content-Type-Options"] == "nosniff"
            tried += 1
    assert tried


async def test_api9_there_is_no_door_that_is_not_in_the_document(served: Served) -> None:
    """Tried: the document against what is built, both ways; other versions, other spellings, leftovers of development."""
    built = {(door.method.lower(), door.path.replace(":path", "")) for door in served.doors()}
    told = {(method, path) for path, methods in served.document["paths"].items() for method in methods}
    assert built == told and all(path.startswith("/v1/") for _, path in built)
    for door in served.doors("GET"):
        path, bearer = served.path(door), at_home(served.role(door))
        for other in (path.replace("/v1", "/v0", 1), path.replace("/v1", "/v2", 1), path.replace("/v1", "", 1), path.replace("/v1", "/V1", 1),
                      path.replace("/v1", "/api/v1", 1), "/" + path, path.replace("/v1", "/internal", 1)):  # fmt: skip
            answer = await served.knock(door, bearer, path=f"http://api{other}")
            assert answer.status_code == 404, other


HOSTILE: dict[str, dict[str, Any]] = {
    "kinds that are not": declared(display_name={"$ne": None}),
    "a name that is a command": declared("erp/C-1", language="'; DROP TABLE customer; --"),
    "a text with an end in it": declared(display_name="Li\0"),
    "a number too long": declared(phones=["+" + "9" * 200]),
    "a phone that is a page": declared(phones=["<script>alert(1)</script>"]),
    "more names than a batch": declared(references=["erp/C-2"] * 3 + ["ERP/C 3"]),
    "deep": declared(address=[[[[[["x"]]]]]]),
}


async def test_api10_what_is_wrong_with_an_event_changes_nothing_and_is_not_repeated(customers: World) -> None:
    """Tried: events of a registered source with hostile values, unreadable ones, oversized ones, ones that claim to be somebody else's or
    from tomorrow. Each is parked, nobody is on file, and what its publisher is told has no value in it."""
    good = record("customer.declared.v1", declared())
    bad = [record("customer.declared.v1", it) for it in HOSTILE.values()]
    bad += [
        replace(good, value=b"\xff\xfe", offset=-2), replace(good, value=b"[" * 10_000, offset=-3),
        replace(good, value=orjson.dumps(declared(address="x" * LARGEST)), offset=-4),
        record("customer.declared.v1", declared(), source="/nobody"), record("customer.erased.v1", declared(), topic="careloop.inbound.customers"),
        record("order.placed.v1", placed(), source="/telephony"),
    ]  # fmt: skip
    await customers.handle(*bad)
    assert await customers.rows("customer") == await customers.rows("orders") == []
    parked = await customers.rows("parked", "id")
    assert len(parked) == len(bad)
    for name, told in await customers.announced():
        assert name == "event.rejected.v1" and not any(it in str(told) for it in ("DROP", "script", "999999", "$ne"))


async def test_api10_texts_that_mean_something_elsewhere_are_texts_here(customers: World) -> None:
    """Tried: SQL, markup, spreadsheet formulas and right-to-left marks as a customer's name: kept as they are, run by nobody."""
    names = [
        "'; DROP TABLE customer; --",
        "<img src=x onerror=alert(1)>",
        '=HYPERLINK("http://evil.example")',
        "\u202egnp.exe",
        "{{7*7}}",
        "${jndi:ldap://x}",
    ]
    await customers.handle(*(record("customer.declared.v1", declared(f"erp/C-{n}", display_name=it)) for n, it in enumerate(names)))
    assert {it["display_name"] for it in await customers.rows("customer")} == {*names}


async def test_api10_an_issuer_that_answers_nonsense_is_not_believed(tmp_path: Path) -> None:
    """Tried: the place of the keys gives a page, an empty set, a private secret, or far too much, after it was good once. The good keys stay."""
    file, moment = tmp_path / "jwks.json", [0.0]
    file.write_text(jwks())
    keys = Keys(str(file), idp=Health("customers", "api").dependency("idp"), clock=lambda: moment[0])
    assert (good := await keys.find("rsa"))
    for nonsense in (
        "<html>sign in</html>",
        "null",
        '{"keys": []}',
        '{"keys": "all"}',
        '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "rsa"}]}',
    ):
        file.write_text(nonsense)
        moment[0] += 400
        await keys.fetch()
        assert await keys.find("rsa") is good, nonsense
