"""Key sets: an issuer that is slow, away, asked for nonsense or for another's keys."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from shared.health import Dependency
from shared.jwks import DISCOVERY, Whereabouts
from shared.keys import AT_FIRST, FORGOTTEN, FRESH, PAUSE, STALE, UNKNOWN, Keys, NoKeys, read
from tests.shared.an_api import KEYS, jwks
from tests.shared.an_issuer import AnIssuer, Clock


async def test_a_thousand_made_up_keys_ask_the_issuer_once(issuer: AnIssuer, cache: Keys, clock: Clock):
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


async def test_an_unknown_key_is_asked_for_again_after_a_while_only(issuer: AnIssuer, cache: Keys, clock: Clock):
    assert await cache.find("new") is None
    clock.at += PAUSE + 1
    assert await cache.find("new") is None and issuer.asked == 1  # known to be unknown
    clock.at += FORGOTTEN
    issuer.text = json.dumps({"keys": [KEYS["rsa"].as_dict(private=False) | {"kid": "new"}]})
    assert await cache.find("new") and issuer.asked == 2


async def test_a_new_key_is_found_at_once_when_the_last_question_was_long_ago(issuer: AnIssuer, cache: Keys, clock: Clock):
    await cache.find("rsa")
    clock.at += PAUSE
    issuer.text = json.dumps({"keys": [KEYS["ec"].as_dict(private=False) | {"kid": "rolled"}]})
    assert await cache.find("rolled")


async def test_keys_are_kept_for_a_day_when_the_issuer_is_away(issuer: AnIssuer, cache: Keys, clock: Clock):
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


async def test_an_issuer_that_was_never_there_is_asked_again_soon(issuer: AnIssuer, cache: Keys, clock: Clock):
    issuer.status = 503
    with pytest.raises(NoKeys):
        await cache.find("rsa")
    issuer.status = 200
    clock.at += AT_FIRST
    assert await cache.find("rsa")


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_shared_secret_in_the_key_set_is_left_out():
    told = {
        "keys": [
            {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
            *json.loads(jwks())["keys"],
            {"kty": "RSA", "kid": "broken", "n": "!"},
            {"kty": "RSA", "kid": "sealing", "use": "enc"},
            {"kty": "RSA", "kid": "small", "n": "AQ" * 100 + "AQ", "e": "AQAB"},
            {"kty": "RSA", "kid": "huge", "n": "AQ" * 10_000, "e": "AQAB"},
            {"kty": ["RSA"], "kid": "odd"},
            "nonsense",
        ]
    }
    known = read(json.dumps(told).encode())
    assert set(known) == {"rsa", "ec", "ed"}
    assert not any(it.is_private for it in known.values())


async def test_a_large_or_strange_key_set_is_refused(issuer: AnIssuer, cache: Keys):
    for text in ("x" * 300_000, "[]", '{"keys": 1}', '{"keys": []}'):
        issuer.text = text
        with pytest.raises(NoKeys):
            await Keys(issuer.url, idp=Dependency(time.monotonic)).find("rsa")


async def test_the_issuer_is_no_reason_to_wait_long(issuer: AnIssuer, monkeypatch):
    monkeypatch.setattr("shared.jwks.PATIENCE", 0.2)
    issuer.delay = 1
    began = time.monotonic()
    with pytest.raises(NoKeys):
        await Keys(issuer.url, idp=Dependency(time.monotonic)).find("rsa")
    assert time.monotonic() - began < 1


def discovered(issuer: AnIssuer, more: dict[str, object] | None = None) -> Keys:
    """The keys of an issuer of which nothing but its name is known."""
    told = {"issuer": issuer.address, "jwks_uri": f"{issuer.address}/certs"} | (more or {})
    issuer.documents = {DISCOVERY: json.dumps(told), "/certs": jwks(), "/jwks": None}
    return Keys(Whereabouts(issuer=issuer.address), idp=Dependency(time.monotonic))


async def test_keys_are_found_by_discovery(issuer: AnIssuer):
    assert await discovered(issuer).find("rsa")


async def test_an_issuer_without_discovery_has_them_beside_its_name(issuer: AnIssuer):
    keys = discovered(issuer)
    issuer.documents = {DISCOVERY: None, "/jwks": jwks()}
    assert await keys.find("rsa")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"issuer": "https://evil.example"}, "the discovery document is another issuer's"),
        ({"issuer": None}, "the discovery document is another issuer's"),
        ({"jwks_uri": "file:///etc/passwd"}, "names no address of keys that can be trusted (jwks_uri)"),
        ({"jwks_uri": 7}, "names no address of keys that can be trusted (jwks_uri)"),
    ],
)
async def test_a_discovery_that_can_not_be_believed(issuer: AnIssuer, said: dict[str, object], reason: str):
    keys = discovered(issuer, said)
    with pytest.raises(NoKeys):
        await keys.find("rsa")
    assert keys._idp.told()["state"] == "down" and keys._idp.reason.endswith(reason)


async def test_keys_of_an_issuer_on_https_are_not_fetched_in_the_clear(issuer: AnIssuer, monkeypatch):
    """Whoever stands between us could put in their own."""

    async def got(_: object, address: str) -> bytes:
        assert address.startswith("https://"), "it was asked in the clear"
        return json.dumps({"issuer": "https://id.example", "jwks_uri": issuer.url}).encode()

    monkeypatch.setattr("shared.jwks.got", got)
    with pytest.raises(NoKeys):
        await Keys(Whereabouts(issuer="https://id.example"), idp=Dependency(time.monotonic)).find("rsa")


async def test_a_key_set_may_want_a_token(issuer: AnIssuer, tmp_path: Path):
    (tmp_path / "token").write_text("of-the-pod\n")
    keys = Keys(Whereabouts(issuer.url, bearer=tmp_path / "token"), idp=Dependency(time.monotonic))
    assert await keys.find("rsa") and issuer.told["Authorization"] == "Bearer of-the-pod"


async def test_nobody_is_sent_elsewhere(issuer: AnIssuer):
    issuer.status = 302
    with pytest.raises(NoKeys):
        await Keys(issuer.url, idp=Dependency(time.monotonic)).find("rsa")


async def test_a_key_set_that_is_nested_without_end(issuer: AnIssuer):
    issuer.text = '{"keys": ' + "[" * 50_000
    with pytest.raises(NoKeys):
        await Keys(issuer.url, idp=Dependency(time.monotonic)).find("rsa")
