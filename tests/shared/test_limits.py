"""How much a caller may ask: limits of classes per principal, and the bounds that hold for everybody, each from outside."""

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from limits import parse
from starlette.requests import Request

from shared.auth import Principal
from shared.limits import AT_ONCE, CLASSES, Limits, class_of
from shared.metrics import Metrics
from shared.settings import ServiceSettings, SettingsError
from tests.shared.an_api import Running, prepare, running


@pytest.fixture
def at(monkeypatch) -> list[float]:
    """The time as the limits see it, soon after a window has begun."""
    now = [1_800_000_001.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@asynccontextmanager
async def limited(api: Running, systems: int = 1, **allowed: str) -> AsyncIterator[None]:
    before = api.app.state.limits
    api.app.state.limits = Limits({kind: parse(it) for kind, it in allowed.items()}, api.means.metrics, systems=systems)
    yield
    api.app.state.limits = before


async def listed(api: Running, role: str = "viewer", query: str = "", **more: object) -> httpx.Response:
    return await api.client.get(f"/v1/things{query}", headers=api.auth(role, **more))


async def test_who_asks_too_much_waits(api: Running, at: list[float]):
    async with limited(api, read="3/minute"):
        assert [(await listed(api)).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = await listed(api)
        told = refused.json()
        assert told["type"].endswith("/too-many-requests") and told["fix"] == f"Try again in {refused.headers['retry-after']} seconds."
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["ratelimit-policy"] == '"read";q=3;w=60'
        assert refused.headers["ratelimit"] == f'"read";r=0;t={refused.headers["retry-after"]}'
        assert api.value("rate_limited_total", **{"class": "read"}) == 2
        assert (await listed(api, sub="s-2")).status_code == 200  # each for themselves
        at[0] += int(refused.headers["retry-after"])
        assert (await listed(api)).status_code == 200


async def test_each_class_has_its_own(api: Running, at: list[float]):
    async with limited(api, read="1/minute", search="1/minute", write="1/minute"):
        for _ in range(2):
            asked = [
                await listed(api, "admin"),
                await listed(api, "admin", "?name=a"),
                await api.client.post("/v1/things", json={"name": "a"}, headers=api.auth()),
            ]
        assert [it.status_code for it in asked] == [429, 429, 429]
        assert [api.value("rate_limited_total", **{"class": it}) for it in ("read", "search", "write")] == [1, 1, 1]


async def test_a_system_may_ask_more(api: Running, at: list[float]):
    async with limited(api, systems=3, read="1/minute"):
        assert [(await listed(api, "integration")).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [(await listed(api)).status_code for _ in range(2)] == [200, 429]  # as a person they are measured anew


async def test_what_is_forbidden_counts_too(api: Running, at: list[float]):
    async with limited(api, write="1/minute"):
        answers = [await api.client.post("/v1/things", json={"name": "a"}, headers=api.auth("viewer")) for _ in range(2)]
        assert [it.status_code for it in answers] == [403, 429]


async def test_nobody_can_pass_for_another_by_a_header(api: Running, at: list[float]):
    async with limited(api, read="1/minute"):
        for number, status in ((1, 200), (2, 429)):
            headers = api.auth("viewer") | {
                "X-Forwarded-For": f"10.0.0.{number}",
                "Forwarded": f"for=10.0.0.{number}",
                "X-Real-IP": f"10.0.0.{number}",
            }
            assert (await api.client.get("/v1/things", headers=headers)).status_code == status


async def test_a_token_that_is_not_good_uses_up_nobodys_limit(api: Running, at: list[float]):
    async with limited(api, read="1/minute"):
        for _ in range(3):
            assert (await listed(api, iss="https://evil.example")).status_code == 401
        assert (await listed(api)).status_code == 200


async def test_every_class_stands_at_nought_from_the_start(api: Running):
    metrics = (await api.ops.get("/metrics")).text
    for kind in CLASSES:
        assert f'careloop_rate_limited_total{{class="{kind}",service="customers"}} 0.0' in metrics


@pytest.mark.parametrize(
    ("method", "path", "permission", "kind"),
    [
        ("GET", "/v1/complaints", "complaints.read", "read"),
        ("GET", "/v1/complaints?cursor=c&limit=5&count=true", "complaints.read", "read"),
        ("GET", "/v1/complaints?status=open&limit=5", "complaints.read", "search"),
        ("POST", "/v1/exports", "exports.make", "export"),
        ("GET", "/v1/exports/1/file", "exports.read", "export"),
        ("GET", "/v1/exports/1", "exports.read", "read"),
        ("POST", "/v1/exports/1/cancellation", "exports.make", "write"),
        ("GET", "/v1/customers/1/contact", "customers.unmask", "sensitive"),
        ("POST", "/v1/customers/1/unmask", "customers.unmask", "sensitive"),
        ("GET", "/v1/disclosures/1", "disclosures.read", "sensitive"),
        ("POST", "/v1/erasures", "erasures.request", "sensitive"),
        ("GET", "/v1/erasures", "erasures.read", "read"),
        ("POST", "/v1/complaints", "complaints.take", "write"),
        ("DELETE", "/v1/complaints/1", None, "write"),
    ],
)
def test_the_class_of_a_request(method: str, path: str, permission: str | None, kind: str):
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [],
        "server": ("a", 1),
        "scheme": "http",
    }
    assert class_of(Request(scope), permission) == kind


def told(tmp_path: Path, **more: str) -> dict[str, int]:
    limits = Limits.of(ServiceSettings(config=tmp_path, **more), Metrics("customers", "1"))
    return {kind: it.amount for kind, it in limits._allowed.items()}


def test_limits_by_the_environment(tmp_path: Path):
    assert told(tmp_path) == {"read": 600, "write": 300, "search": 300, "export": 30, "sensitive": 60}
    assert told(tmp_path, limit_read="5/10 second", limit_export="off") == {"read": 5, "write": 300, "search": 300, "sensitive": 60}
    assert told(tmp_path, environment="development", limit_write="7/minute") == {"write": 7}


@pytest.mark.parametrize("limit", ["", "many", "0/minute", "-1/minute", "5/fortnight", "5/0 minute", "5/minute; 6/hour"])
def test_a_limit_that_can_not_be_counted(monkeypatch, limit: str):
    monkeypatch.setenv("CARELOOP_LIMIT_READ", limit)
    with pytest.raises(SettingsError) as wrong:
        ServiceSettings.read()
    assert str(wrong.value).startswith("CARELOOP_LIMIT_READ: write it as 600/minute, 5/10 second or off. It is what one person may read")


async def test_a_page_has_an_end(api: Running):
    for limit in ("0", "201", "many"):
        assert (await listed(api, query=f"?limit={limit}")).status_code == 422
    assert (await listed(api, query="?limit=200")).status_code == 200


async def test_a_statement_ends_somewhere(databases, keys: str, monkeypatch):
    """Also one that only waits for somebody else's lock."""
    monkeypatch.setattr("shared.database.STATEMENT", 1)
    database = await databases.empty("customers")
    await prepare(database.owner_dsn)
    async with running(database.dsn, keys) as api:
        where = (await api.client.post("/v1/things", json={"name": "a"}, headers=api.auth())).headers["location"]
        holder = await asyncpg.connect(database.dsn)
        async with holder.transaction():
            await holder.execute("SELECT FROM thing FOR UPDATE")
            answer = await api.client.put(f"{where}/paint", json={"colour": "red"}, headers=api.auth() | {"If-Match": '"1"'})
        await holder.close()
        assert answer.status_code == 503 and "retry-after" in answer.headers
        assert (await api.client.get(where, headers=api.auth())).json()["colour"] == "grey"


async def test_who_sends_many_at_once_and_slowly_keeps_nobody_out(api: Running) -> None:
    """In the middle of forty bodies of one principal, theirs are refused and others' are answered."""
    async with limited(api, read="1000/minute"):
        with ExitStack() as answering:
            for _ in range(AT_ONCE):
                answering.enter_context(api.app.state.limits.under_way(Principal("s-1", frozenset())))
            refused = await listed(api)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1") and "at this moment" in refused.json()["detail"]
            assert (await listed(api, sub="s-2")).status_code == 200
        assert (await listed(api)).status_code == 200
        assert api.value("rate_limited_total", **{"class": "at_once"}) == 1
