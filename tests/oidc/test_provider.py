"""Tokens of a real OpenID provider: found by discovery, through its rotation of keys, and while it is away."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.auth import Door
from shared.health import Dependency, Health
from shared.issuers import known, with_keys
from shared.keys import FORGOTTEN, FRESH, PAUSE, STALE, Keys
from shared.metrics import Metrics
from shared.problems import Unauthenticated, Unavailable
from shared.settings import ServiceSettings, SettingsError
from tests.oidc.provider import Provider
from tests.shared.an_api import prepare, running
from tests.shared.an_issuer import Clock

FILE = """
[issuers.company]
issuer = "{issuer}"
require = ["iss", "aud", "sub", "exp", "iat"]  # it does not say when its tokens begin
roles_claim = "realm_access.roles"
units_claim = "department"
role_map = {{ care-agent = ["specialist"] }}
"""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    provider = Provider(tmp_path)
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(provider: Provider, door: Door) -> Keys:
    return door._trusted[provider.issuer].keys


@pytest.fixture
async def door(provider: Provider, clock: Clock, tmp_path: Path) -> AsyncIterator[Door]:
    """As an API makes it, but for the clock."""
    (tmp_path / "issuers.toml").write_text(FILE.format(issuer=provider.issuer))
    issuers = known(ServiceSettings(config=tmp_path, environment="development"))
    [(issuer, keys)] = with_keys(issuers, Health("customers", "api"))
    yield Door([(issuer, Keys(keys.source, idp=Dependency(clock), clock=clock))], Metrics("customers", "1"))


async def test_a_client_is_let_in(provider: Provider, door: Door):
    who = await door.admit(await provider.token())
    assert (who.sub, who.roles, who.units) == ("erp-1", {"specialist"}, ("north",))


async def test_a_client_asks_the_api(provider: Provider, door: Door, databases, keys: Keys):
    database = await databases.empty("customers")
    await prepare(database.owner_dsn)
    async with running(database.dsn, "") as api:
        api.app.state.door = door
        headers = {"Authorization": await provider.token()}
        made = await api.client.post("/v1/things", json={"name": "a"}, headers=headers)
        assert made.status_code == 201
        assert (await api.client.get("/v1/parked", headers=headers)).status_code == 404


async def test_a_production_service_does_not_start_with_it(provider: Provider, door: Door, tmp_path: Path):
    with pytest.raises(SettingsError, match=r"issuers\.company\.issuer is on plain HTTP"):
        known(ServiceSettings(config=tmp_path))


async def test_keys_are_rotated(provider: Provider, door: Door, keys: Keys, clock: Clock):
    before = await provider.token()
    await door.admit(before)
    old = provider.rotate()
    after = await provider.token()
    clock.at += 1
    with pytest.raises(Unauthenticated, match="does not publish"):
        await door.admit(after)  # the provider was asked a moment ago
    clock.at += PAUSE
    assert [(await door.admit(it)).sub for it in (before, after, before)] == ["erp-1", "erp-2", "erp-1"]
    provider.withdraw(old)
    clock.at += FRESH
    await keys.fetch()  # as an API does it every five minutes
    with pytest.raises(Unauthenticated, match="does not publish"):
        await door.admit(before)
    assert (await door.admit(after)).sub == "erp-2"
    clock.at += FORGOTTEN
    with pytest.raises(Unauthenticated, match="does not publish"):
        await door.admit(before)


async def test_the_provider_goes_away_and_comes_back(provider: Provider, door: Door, keys: Keys, clock: Clock):
    good = await provider.token()
    await door.admit(good)
    provider.stop()
    for _ in range(3):
        clock.at += FRESH
        await keys.fetch()
        assert (await door.admit(good)).sub == "erp-1"
    assert keys._idp.is_up is False
    clock.at += STALE
    with pytest.raises(Unavailable):
        await door.admit(good)
    provider.rotate()  # meanwhile
    provider.start()
    clock.at += PAUSE
    assert (await door.admit(await provider.token())).sub == "erp-2"
    assert (await door.admit(good)).sub == "erp-1" and keys._idp.is_up
