"""The pods of the chart run as processes, against Kafka that wants TLS and SCRAM and PostgreSQL that wants TLS."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml

pytest.importorskip("helm_python", reason="Helm's engine is not installed: make test-deploy brings it")

from deploy.helm.rendering import EXAMPLES, rendered
from deploy.local import issuer
from deploy.local.databases import Server
from deploy.local.postgres import Postgres
from tests.deploy.charts import Object, of_kind, pods
from tests.deploy.test_chart_values import over
from tests.deploy_tools.certificates import Authority
from tests.deploy_tools.pods import Cluster, done, started
from tests.deploy_tools.secure_servers import Door, SecureBroker

ODD = "p@ss:w/ord? #%+é"  # any character may stand in a password
ISSUER = "https://id.example.com/realms/care"


@dataclass
class Installed:
    cluster: Cluster
    templates: dict[str, Object]
    door: Door
    issuer: Path


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="careloop pods "))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def installed(place: Path) -> AsyncIterator[Installed]:
    authority = Authority()
    broker = SecureBroker(place / "kafka", authority, {"complaints": "secret", "maker": "secret-too"})
    postgres = Postgres(place / "postgres")
    postgres.start()
    broker.start()
    try:
        database = await Server(postgres.dsn, postgres.secret).provide("complaints")
        connection = await asyncpg.connect(postgres.dsn)
        for role in ("complaints", "complaints_owner"):
            quoted = ODD.replace("'", "''")
            await connection.execute(f"ALTER ROLE {role} PASSWORD '{quoted}'")
        await connection.close()
        assert database.name == "complaints"
        issuer.prepare(place / "issuer", ISSUER)
        async with Door(postgres.port).standing(authority, place) as door:
            objects = rendered(values_for(broker.secure, door.port))
            cluster = Cluster(place / "pods", secrets(authority, (place / "issuer" / "jwks.json").read_text()), maps(objects))
            yield Installed(cluster, dict(pods(objects)), door, place / "issuer")
    finally:
        broker.kill()
        postgres.kill()


def values_for(kafka: str, port: int) -> dict[str, Any]:
    """The least that is installed, with one service of four."""
    off = {name: {"enabled": False} for name in ("customers", "followup", "reception")}
    values: dict[str, Any] = over(
        yaml.safe_load(EXAMPLES["minimal"].read_text(encoding="utf-8")),
        {
            "kafka": {"bootstrap": kafka},
            "topics": {"existingSecret": "topics", "replicationFactor": 1},
            "identityProvider": {"caSecret": "idp"},
            "config": {"issuers": f'[issuers.staff]\nissuer = "{ISSUER}"\njwks = "/run/trust/idp/jwks.json"\n'},
            "services": off | {"complaints": {"database": {"host": "localhost", "port": port}}},
        },
    )
    return values


def secrets(authority: Authority, jwks: str) -> dict[str, dict[str, str]]:
    return {
        "careloop-kafka": {"username": "complaints", "password": "secret"},
        "topics": {"username": "maker", "password": "secret-too"},
        "kafka-ca": {"ca.crt": authority.certificate},
        "postgresql-ca": {"ca.crt": authority.certificate},
        "complaints-runtime": {"username": "complaints", "password": ODD},
        "complaints-owner": {"username": "complaints_owner", "password": ODD},
        "idp": {"jwks.json": jwks},
    }


def maps(objects: list[Object]) -> dict[str, dict[str, str]]:
    return {it["metadata"]["name"]: it["data"] for it in of_kind(objects, "ConfigMap")}


def template(it: Installed, part: str) -> Object:
    (found,) = (one for name, one in it.templates.items() if part in name)
    return found


async def test_pods_start_roll_and_end_as_kubernetes_would_have_them(installed: Installed) -> None:
    cluster = installed.cluster
    async with started(cluster, "early", template(installed, "complaints-worker")) as worker:
        await worker.until("livenessProbe")
        assert not await worker.probe("startupProbe"), "it waits for its database to be migrated"
        for part in ("-topics-", "-migrate-complaints-"):
            code, said = await done(cluster, part.strip("-"), template(installed, part))
            assert code == 0, said
        await worker.until("startupProbe")
        await worker.until("readinessProbe")

        async with (
            started(cluster, "api", template(installed, "complaints-api")) as api,
            started(cluster, "second", template(installed, "complaints-worker"), ordinal=1) as second,
        ):
            for pod in (api, second):
                for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                    await pod.until(kind)
            await answers(installed, api.ports["http"])
            code, said = await done(cluster, "admin", template(installed, "complaints-admin"))
            assert [line for line in said.splitlines() if line.startswith("WRONG")] == [], said
            assert installed.door.turned_away == 0 and installed.door.let_in > 10

            assert await worker.ends(worker_grace(installed)) == 0
            async with started(cluster, "rolled", template(installed, "complaints-worker")) as rolled:
                await rolled.until("readinessProbe")
                assert await second.probe("readinessProbe")
            assert await api.ends(45) == 0


def worker_grace(installed: Installed) -> float:
    grace: int = template(installed, "complaints-worker")["spec"]["terminationGracePeriodSeconds"]
    return grace


async def answers(installed: Installed, port: int) -> None:
    token = issuer.sign(installed.issuer, ["viewer"], subject="somebody")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answer = await client.get("/v1/complaints", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
