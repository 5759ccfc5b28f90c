"""PostgreSQL away and back, a pool that is stuck, the signal to stop: on a server of this test's own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deploy.local.databases import Server
from deploy.local.postgres import Postgres
from shared.ops import listen
from shared.pool import PoolWatch, Wedged
from tests.shared.an_api import ISSUER, fits, prepare, running, token, until


@pytest.fixture
async def server(folder: Path):
    server = Postgres(folder / "outages")
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def database(server: Postgres):
    database = await Server(server.dsn, "outages").provide("customers")
    await prepare(database.owner_dsn)
    return database


async def test_postgres_away_and_back(server, database, keys):
    async with running(database.dsn, keys, watch=True) as api:

        async def answers() -> bool:
            return (await api.client.post("/v1/things", json={"name": os.urandom(4).hex()}, headers=api.auth())).status_code == 201

        async def ready() -> bool:
            return (await api.ops.get("/readyz")).status_code == 200

        await until(ready)
        assert await answers()
        server.kill()
        away = await api.client.post("/v1/things", json={"name": "away"}, headers=api.auth() | {"Idempotency-Key": "k"})
        assert away.status_code == 503 and away.headers["retry-after"] == "5"
        assert away.json()["type"].endswith("/unavailable")
        assert (await api.client.get("/v1/things", headers=api.auth())).status_code == 503
        assert (await api.client.post("/v1/things", json={"nmae": 1}, headers=api.auth())).status_code == 422
        assert (await api.client.get("/v1/things")).status_code == 401

        async def seen() -> bool:
            return (await api.ops.get("/healthz")).json()["dependencies"]["postgres"]["state"] == "down"

        await until(seen)
        for probe in ("livez", "readyz", "startupz"):
            assert (await api.ops.get(f"/{probe}")).status_code == 200, probe  # an outage that all share takes nobody out
        assert 'careloop_dependency_up{dependency="postgres",service="customers"} 0.0' in (await api.ops.get("/metrics")).text
        server.start()
        again = await api.client.post("/v1/things", json={"name": "away"}, headers=api.auth() | {"Idempotency-Key": "k"})
        assert again.status_code == 201
        for _ in range(10):
            assert await answers()
        assert api.value("db_errors_total", kind="away") >= 2
        assert api.value("db_pool_wait_seconds_count") > 0
        await api.ops.get("/metrics")
        assert (api.value("db_pool_size"), api.value("db_pool_in_use")) == (4, 0)


async def test_postgres_restarted_between_two_requests_is_not_seen(server, database, keys):
    async with running(database.dsn, keys) as api:
        for n in range(3):
            assert (await api.client.post("/v1/things", json={"name": f"before{n}"}, headers=api.auth())).status_code == 201
        server.stop()
        server.start()
        for n in range(5):
            assert (await api.client.post("/v1/things", json={"name": f"after{n}"}, headers=api.auth())).status_code == 201


async def test_an_api_that_starts_without_postgres(server, database, keys):
    server.kill()
    async with running(database.dsn, keys, watch=True) as api:
        assert (await api.client.get("/v1/things", headers=api.auth())).status_code == 503
        assert (await api.ops.get("/startupz")).status_code == (await api.ops.get("/livez")).status_code == 200
        not_yet = await api.ops.get("/readyz")
        assert not_yet.status_code == 503 and not_yet.json()["why"] == ["schema is missing"]
        server.start()

        async def ready() -> bool:
            return (await api.ops.get("/readyz")).status_code == 200

        await until(ready)
        assert (await api.client.get("/v1/things", headers=api.auth())).status_code == 200


async def test_a_stuck_pool_is_opened_anew_and_in_the_end_given_up(database, keys, monkeypatch):
    monkeypatch.setattr("shared.pool.PATIENCE", 0.3)
    async with running(database.dsn, keys) as api:
        engine, health = api.means.engine, api.means.health
        watch = PoolWatch(engine, database.dsn, health, api.means.metrics, at_first=fits)
        await watch.look()
        assert health.not_ready() == []
        lent = [await engine.connect() for _ in range(4)]  # somebody never gives them back
        await watch.look()
        assert health.not_ready() == ["pool is missing"]
        assert health.dependency("postgres").is_up  # it is not the database
        await watch.look()
        assert health.not_ready() == []
        assert (await api.client.get("/v1/things", headers=api.auth())).status_code == 200
        for connection in lent:
            await connection.close()
        lent = [await engine.connect() for _ in range(4)]
        watch._stuck_since = -1000.0
        with pytest.raises(Wedged):
            await watch.look()
        for connection in lent:
            await connection.close()


def free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        return listener.getsockname()[1]


async def test_the_process_finishes_what_was_begun_and_ends_with_nought(database, keys, tmp_path):
    port, ops = free_port(), free_port()
    for name, text in (("units.toml", 'default = "hq"\n[units.hq]\n'), ("sources.toml", "[sources]\n")):
        (tmp_path / name).write_text(text)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "careloop_database").write_text(database.dsn)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.shared.a_process",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ
        | {
            "CARELOOP_SECRETS": str(secrets),
            "CARELOOP_ISSUER": ISSUER,
            "CARELOOP_JWKS": keys,
            "CARELOOP_PORT": str(port),
            "CARELOOP_OPS_PORT": str(ops),
            "CARELOOP_CONFIG": str(tmp_path),
        },
    )
    try:
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{ops}") as probe,
        ):

            async def started() -> bool:
                try:
                    return (await probe.get("/startupz")).status_code == 200
                except httpx.TransportError:
                    assert process.returncode is None
                    return False

            await until(started, 30)
            headers = {"Authorization": f"Bearer {token('admin')}", "X-Correlation-Id": "c-1"}
            begun = asyncio.create_task(client.post("/v1/things", json={"name": "13800138000"}, headers=headers))
            await asyncio.sleep(0.4)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            draining = await probe.get("/readyz")
            assert draining.status_code == 503 and "draining" in draining.json()["why"]
            assert (await begun).status_code == 201
        said, _ = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
    lines = [json.loads(line) for line in said.decode().splitlines()]  # each is one object
    assert [it["event"] for it in lines if it["event"] in ("listening", "stopping", "stopped")] == ["listening", "stopping", "stopped"]
    assert any(it.get("correlation_id") == "c-1" and it.get("route") == "/v1/things" for it in lines)
    assert b"13800138000" not in said and database.dsn.encode() not in said
