"""Tokens: each way in which one is not good, over the real edge; and those that were good once."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.auth import REASONS, Door, Principal
from shared.issuers import Issuer
from shared.keys import PAUSE, Keys
from shared.metrics import Metrics
from shared.permissions import PERMISSIONS, ROLES
from shared.problems import Unauthenticated
from tests.shared.an_api import ISSUER, KEYS, Running, jwks, shared_secret_token, token
from tests.shared.an_issuer import AnIssuer, Clock

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA")  # the older of its two names


def now() -> int:
    return int(time.time())


def written(header: dict[str, Any] | bytes, claims: bytes = b"{}") -> str:
    """A token as a forger writes it, signed by nobody."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return ".".join(urlsafe_b64encode(it).decode().rstrip("=") for it in (head, claims, b"signature"))


FORGER = RSAKey.generate_key(2048, {"kid": "rsa"})
CLAIMS = json.dumps({"iss": ISSUER, "aud": "careloop", "sub": "s-1", "exp": 9999999999, "nbf": 0, "roles": ["admin"]}).encode()


def forged(**header: Any) -> str:
    """Signed by a key that is not the issuer's, and says where that key is."""
    return jwt.encode({"alg": "RS256", "kid": "rsa"} | header, json.loads(CLAIMS), FORGER)


BAD = {
    "expired": ("expired", lambda: token("admin", exp=now() - 31)),
    "not yet": ("expired", lambda: token("admin", nbf=now() + 32)),
    "made tomorrow": ("expired", lambda: token("admin", iat=now() + 86400)),
    "no exp": ("missing", lambda: token("admin", exp=None)),
    "no nbf": ("missing", lambda: token("admin", nbf=None)),
    "no iss": ("missing", lambda: token("admin", iss=None)),
    "no aud": ("missing", lambda: token("admin", aud=None)),
    "no sub": ("missing", lambda: token("admin", sub=None)),
    "no names": ("missing", lambda: token("admin", sub="")),
    "a name with a nul": ("missing", lambda: token("admin", sub="s-1\0")),
    "a very long name": ("missing", lambda: token("admin", sub="s" * 256)),
    "exp as text": ("missing", lambda: token("admin", exp="tomorrow")),
    "other issuer": ("issuer", lambda: token("admin", iss="https://evil.example")),
    "other audience": ("audience", lambda: token("admin", aud=["elsewhere"])),
    "unknown key": ("kid", lambda: token("admin", header={"kid": "nobody's"})),
    "no key": ("kid", lambda: token("admin", header={"kid": ""})),
    "another's key": ("signature", lambda: token("admin", header={"kid": "ec"})),
    "shared secret": ("signature", shared_secret_token),
    "a key of one's own": ("signature", lambda: forged(jwk=FORGER.as_dict(private=False))),
    "a key at an address of one's own": ("signature", lambda: forged(jku="https://evil.example/jwks", x5u="https://evil.example/x5u")),
    "crit": ("signature", lambda: token("admin", header={"crit": ["kid"]})),  # well signed, but it has conditions
    "a signature of nothing": ("signature", lambda: written({"alg": "RS256", "kid": "rsa"}, CLAIMS)),
    "nested without end": ("signature", lambda: written(b"[" * 3000)),
    "claims nested without end": ("signature", lambda: written({"alg": "RS256", "kid": "rsa"}, b"[" * 3000)),
    "a claim nested deep": (
        "signature",
        lambda: written({"alg": "RS256", "kid": "rsa"}, b'{"iss":"' + ISSUER.encode() + b'","x":' + b"[" * 990 + b"]" * 990 + b"}"),
    ),
    "four parts": ("signature", lambda: token("admin") + ".more"),
    "not ASCII": ("signature", lambda: "ü.ü.ü"),
    "an ID token": ("kind", lambda: token("admin", nonce="n-1")),
    "an ID token with the hash of another": ("kind", lambda: token("admin", at_hash="h")),
    "Keycloak's ID token": ("kind", lambda: token("admin", typ="ID")),
    "Keycloak's refresh token": ("kind", lambda: token("admin", typ="Refresh")),
    "a logout token": ("kind", lambda: token("admin", header={"typ": "logout+jwt"})),
    "a logout token that does not say so": ("kind", lambda: token("admin", events={})),
    "alg none": ("signature", lambda: "eyJhbGciOiJub25lIiwia2lkIjoicnNhIn0.e30."),
    "changed": ("signature", lambda: token("viewer").replace(".", ".A", 1)),
    "rubbish": ("signature", lambda: "rubbish"),
    "very long": ("signature", lambda: token("admin", more="x" * 9000)),
}


async def test_the_three_algorithms_are_good(api: Running):
    for key in KEYS:
        assert (await api.client.get("/v1/things", headers=api.auth("viewer", key=key))).status_code == 200


async def test_tokens_that_are_good_all_the_same(api: Running):
    for more in (
        {"aud": ["other", "careloop"]},
        {"exp": now() - 28},  # a clock may be 30 s behind
        {"nbf": now() + 28},  # or before
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "application/at+jwt"}, "nonce": "n-1"},
        {"typ": "Bearer", "nonce": "n-1"},  # as Keycloak once wrote them
        {"header": {"x5t": "x", "nonce": "of Entra ID", "x5c": ["M" * 2000]}},  # what nobody reads does no harm
    ):
        answer = await api.client.get("/v1/things", headers=api.auth("viewer", **more))
        assert answer.status_code == 200, (more, answer.text)


async def test_bad_tokens(api: Running):
    for case, (reason, make) in BAD.items():
        before = api.value("auth_failures_total", reason=reason)
        answer = await api.client.get("/v1/things", headers={"Authorization": f"Bearer {make()}".encode()})
        assert answer.status_code == 401 and answer.json()["type"].endswith("/unauthenticated"), case
        assert answer.json()["field"] == "Authorization"
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


def a_door_with(keys: Keys) -> Door:
    return Door([(Issuer(issuer=ISSUER), keys)], Metrics("customers", "1"))


async def test_without_keys_the_answer_is_not_just_now(issuer: AnIssuer, cache: Keys):
    issuer.text = "<html>"
    door = a_door_with(cache)
    with pytest.raises(Exception, match="can't be had") as refused:
        await door.admit(f"Bearer {token('admin')}")
    assert refused.value.status == 503  # it is not the caller's fault


async def test_a_token_that_was_good_is_looked_at_again(issuer: AnIssuer, cache: Keys, clock: Clock, monkeypatch):
    door, good = a_door_with(cache), f"Bearer {token('admin')}"
    for _ in range(2):
        assert (await door.admit(good)).roles == {"admin"}
    later = time.time() + 3600
    with monkeypatch.context() as an_hour_on:
        an_hour_on.setattr(time, "time", lambda: later)
        with pytest.raises(Unauthenticated, match="expired"):
            await door.admit(good)
    assert (await door.admit(good)).roles == {"admin"}
    issuer.text = json.dumps({"keys": [FORGER.as_dict(private=False)]})  # another key under the same name
    clock.at += PAUSE
    await cache.fetch()
    with pytest.raises(Unauthenticated, match="signature is wrong"):
        await door.admit(good)
    issuer.text = json.dumps({"keys": [it for it in json.loads(jwks())["keys"] if it["kid"] != "rsa"]})
    clock.at += PAUSE
    await cache.fetch()
    with pytest.raises(Unauthenticated, match="does not publish"):
        await door.admit(good)


async def test_only_so_many_tokens_are_remembered(issuer: AnIssuer, cache: Keys, monkeypatch):
    monkeypatch.setattr("shared.auth.REMEMBERED", 2)
    door = a_door_with(cache)
    for number in range(5):
        assert await door.admit(f"Bearer {token('admin', sub=f's-{number}')}")
    assert len(door._signed) == 2


@pytest.mark.parametrize(("units", "unit"), [((), None), (("north",), "north"), (("north", "south"), None), (("*",), None)])
def test_the_unit_of_a_principal_is_said_only_where_it_is_certain(units: tuple[str, ...], unit: str | None):
    assert Principal("s-1", frozenset(), units).unit == unit
