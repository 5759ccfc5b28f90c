"""Tokens: each way in which one is not good, over the real edge; and an issuer that is slow, away, or asked for nonsense."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Iterator

import pytest

from shared.auth import REASONS, Door
from shared.health import Dependency
from shared.keys import AT_FIRST, FORGOTTEN, FRESH, PAUSE, STALE, UNKNOWN, Keys, NoKeys, read
from shared.metrics import Metrics
from shared.permissions import PERMISSIONS, ROLES
from shared.problems import Unauthenticated
from tests.shared.an_api import ISSUER, KEYS, Running, jwks, shared_secret_token, token

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA")  # the older of its two names


def now() -> int:
    return int(time.time())


BAD = {
    "expired": ("expired", lambda: token("admin", exp=now() - 31)),
    "not yet": ("expired", lambda: token("admin", nbf=now() + 120)),
    "no exp": ("missing", lambda: token("admin", exp=None)),
    "no nbf": ("missing", lambda: token("admin", nbf=None)),
    "no iss": ("missing", lambda: token("admin", iss=None)),
    "no aud": ("missing", lambda: token("admin", aud=None)),
    "no sub": ("missing", lambda: token("admin", sub=None)),
    "exp as text": ("missing", lambda: token("admin", exp="tomorrow")),
    "other issuer": ("issuer", lambda: token("admin", iss="https://evil.example")),
    "other audience": ("audience", lambda: token("admin", aud=["elsewhere"])),
    "unknown key": ("kid", lambda: token("admin", header={"kid": "nobody's"})),
    "no key": ("kid", lambda: token("admin", header={"kid": ""})),
    "another's key": ("signature", lambda: token("admin", header={"kid": "ec"})),
    "shared secret": ("signature", shared_secret_token),
    "alg none": ("signature", lambda: "eyJhbGciOiJub25lIiwia2lkIjoicnNhIn0.e30."),
    "changed": ("signature", lambda: token("viewer").replace(".", ".A", 1)),
    "rubbish": ("signature", lambda: "rubbish"),
    "very long": ("signature", lambda: token("admin", more="x" * 9000)),
}


async def test_the_three_algorithms_are_good(api: Running):
    for key in KEYS:
        assert (await api.client.get("/v1/things", headers=api.auth("viewer", key=key))).status_code == 200
    several = api.auth("viewer", aud=["other", "careloop"], exp=now() - 10)  # a clock may be 30 s behind
    assert (await api.client.get("/v1/things", headers=several)).status_code == 200


async def test_bad_tokens(api: Running):
    for case, (reason, make) in BAD.items():
        before = api.value("auth_failures_total", reason=reason)
        answer = await api.client.get("/v1/things", headers={"Authorization": f"Bearer {make()}"})
        assert answer.status_code == 401 and answer.json()["type"].endswith("/unauthenticated"), case
        assert answer.headers["www-authenticate"] == 'Bearer realm="careloop"' + (
            ', error="invalid_token"' if reason != "missing" else ""
        ), case
        assert api.value("auth_failures_total", reason=reason) == before + 1, case


async def test_no_token(api: Running):
    for header in (None, "", "Bearer", "Basic YTpi"):
        answer = await api.client.get("/v1/things", headers={} if header is None else {"Authorization": header})
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == 'Bearer realm="careloop"', header
    assert api.value("auth_failures_total", reason="missing") == 4


async def test_the_token_comes_before_everything_that_was_sent(api: Running):
    answer = await api.client.post("/v1/things", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401
    answer = await api.client.post("/v1/things", content=b"{", headers=api.auth("viewer") | {"Content-Type": "application/json"})
    assert answer.status_code == 403


async def test_every_role_on_every_kind_of_route(api: Running):
    for role in sorted(ROLES):
        read = await api.client.get("/v1/things", headers=api.auth(role))
        assert read.status_code == (200 if role in PERMISSIONS["orders.read"] else 403), role
        write = await api.client.post("/v1/things", json={}, headers=api.auth(role))
        assert write.status_code == (422 if role in PERMISSIONS["customers.declare"] else 403), role
    assert api.value("auth_failures_total", reason="forbidden") > 0
    for roles in ([], ["king"], "admin", None, [["admin"]]):
        answer = await api.client.get("/v1/things", headers={"Authorization": f"Bearer {token(roles=roles)}"})
        assert answer.status_code == 403 and answer.json()["type"].endswith("/not-your-role")


async def test_every_reason_stands_at_nought_from_the_start(api: Running):
    metrics = (await api.ops.get("/metrics")).text
    for reason in REASONS:
        assert f'careloop_auth_failures_total{{reason="{reason}",service="customers"}} 0.0' in metrics


def test_the_table_names_roles_that_there_are():
    assert len(ROLES) == 10
    assert all(roles and roles <= ROLES for roles in PERMISSIONS.values())


class Issuer:
    """A key set over HTTP that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked, self.text, self.status, self.delay = 0, jwks(), 200, 0.0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                time.sleep(issuer.delay)
                self.send_response(issuer.status)
                self.end_headers()
                self.wfile.write(issuer.text.encode())

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


class Clock:
    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(issuer: Issuer, clock: Clock) -> Keys:
    return Keys(issuer.url, idp=Dependency(clock), clock=clock)


async def test_a_thousand_made_up_keys_ask_the_issuer_once(issuer: Issuer, cache: Keys, clock: Clock):
    assert await cache.find("rsa") and issuer.asked == 1
    clock.at += PAUSE
    found = await asyncio.gather(*(cache.find(f"made-up-{n}") for n in range(1000)))
    assert not any(found) and issuer.asked == 2
    assert await cache.find("rsa") and issuer.asked == 2  # the good ones are still there
    clock.at += PAUSE
    for n in range(UNKNOWN * 2):
        await cache.find(f"other-{n}")
    assert issuer.asked == 3
    assert len(cache._unknown) <= UNKNOWN


async def test_an_unknown_key_is_asked_for_again_after_a_while_only(issuer: Issuer, cache: Keys, clock: Clock):
    assert await cache.find("new") is None
    clock.at += PAUSE + 1
    assert await cache.find("new") is None and issuer.asked == 1  # known to be unknown
    clock.at += FORGOTTEN
    issuer.text = json.dumps({"keys": [KEYS["rsa"].as_dict(private=False) | {"kid": "new"}]})
    assert await cache.find("new") and issuer.asked == 2


async def test_a_new_key_is_found_at_once_when_the_last_question_was_long_ago(issuer: Issuer, cache: Keys, clock: Clock):
    await cache.find("rsa")
    clock.at += PAUSE
    issuer.text = json.dumps({"keys": [KEYS["ec"].as_dict(private=False) | {"kid": "rolled"}]})
    assert await cache.find("rolled")


async def test_keys_are_kept_for_a_day_when_the_issuer_is_away(issuer: Issuer, cache: Keys, clock: Clock):
    await cache.find("rsa")
    issuer.status = 500
    clock.at += FRESH + 1
    assert await cache.find("rsa")  # asked beside the request, which does not wait
    await asyncio.sleep(0.3)
    assert issuer.asked == 2 and cache._idp.is_up is False
    clock.at += STALE - 400
    assert await cache.find("rsa")
    clock.at += 500
    with pytest.raises(NoKeys):
        await cache.find("rsa")
    issuer.status = 200
    clock.at += PAUSE
    assert await cache.find("rsa") and cache._idp.is_up


async def test_an_issuer_that_was_never_there_is_asked_again_soon(issuer: Issuer, cache: Keys, clock: Clock):
    issuer.status = 503
    with pytest.raises(NoKeys):
        await cache.find("rsa")
    issuer.status = 200
    clock.at += AT_FIRST
    assert await cache.find("rsa")


async def test_without_keys_the_answer_is_not_just_now(issuer: Issuer, cache: Keys):
    issuer.text = "<html>"
    metrics = Metrics("customers", "1")
    door = Door(cache, metrics, issuer=ISSUER, audience="careloop")
    with pytest.raises(Exception, match="can't be had") as refused:
        await door.admit(f"Bearer {token('admin')}")
    assert refused.value.status == 503  # it is not the caller's fault


async def test_a_token_that_was_good_is_looked_at_again(issuer: Issuer, cache: Keys, clock: Clock, monkeypatch):
    door, good = Door(cache, Metrics("customers", "1"), issuer=ISSUER, audience="careloop"), f"Bearer {token('admin')}"
    for _ in range(2):
        assert (await door.admit(good)).roles == {"admin"}
    later = time.time() + 3600
    with monkeypatch.context() as an_hour_on:
        an_hour_on.setattr(time, "time", lambda: later)
        with pytest.raises(Unauthenticated, match="expired"):
            await door.admit(good)
    assert (await door.admit(good)).roles == {"admin"}
    issuer.text = json.dumps({"keys": [it for it in json.loads(jwks())["keys"] if it["kid"] != "rsa"]})
    clock.at += PAUSE
    await cache.fetch()
    with pytest.raises(Unauthenticated, match="does not publish"):
        await door.admit(good)


async def test_only_so_many_tokens_are_remembered(issuer: Issuer, cache: Keys, monkeypatch):
    monkeypatch.setattr("shared.auth.REMEMBERED", 2)
    door = Door(cache, Metrics("customers", "1"), issuer=ISSUER, audience="careloop")
    for number in range(5):
        assert await door.admit(f"Bearer {token('admin', sub=f's-{number}')}")
    assert len(door._signed) == 2


def test_a_shared_secret_in_the_key_set_is_left_out():
    told = {
        "keys": [
            {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
            *json.loads(jwks())["keys"],
            {"kty": "RSA", "kid": "broken", "n": "!"},
            {"kty": "RSA", "kid": "sealing", "use": "enc"},
            "nonsense",
        ]
    }
    known = read(json.dumps(told).encode())
    assert set(known) == {"rsa", "ec", "ed"}
    assert not any(it.is_private for it in known.values())


async def test_a_large_or_strange_key_set_is_refused(issuer: Issuer, cache: Keys):
    for text in ("x" * 300_000, "[]", '{"keys": 1}', '{"keys": []}'):
        issuer.text = text
        with pytest.raises(NoKeys):
            await Keys(issuer.url, idp=Dependency(time.monotonic)).find("rsa")


async def test_the_issuer_is_no_reason_to_wait_long(issuer: Issuer, monkeypatch):
    monkeypatch.setattr("shared.keys.PATIENCE", 0.2)
    issuer.delay = 1
    began = time.monotonic()
    with pytest.raises(NoKeys):
        await Keys(issuer.url, idp=Dependency(time.monotonic)).find("rsa")
    assert time.monotonic() - began < 1
