"""The embedded PostgreSQL and Kafka: ours, alive after a kill, gone when we are gone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local.jars import Jar, jars, locked
from deploy.local.kafka import Broker, cluster_at
from deploy.local.leash import CannotStart, a_port
from deploy.local.postgres import Postgres
from tests.conftest import Databases


@pytest.fixture
def place() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="care loop "))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


async def test_a_killed_cluster_comes_back_with_what_was_committed(place: Path) -> None:
    server = Postgres(place / "postgres")
    server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("CREATE TABLE seen (n int); INSERT INTO seen VALUES (1)")
        server.kill()
        (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n")  # the number was given to somebody else
        server.start()
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("SELECT n FROM seen") == 1
        await connection.close()
    finally:
        server.stop()


def test_the_password_is_for_the_owner_of_the_folder_alone(place: Path) -> None:
    server = Postgres(place / "postgres")
    server.prepare()
    assert (place / "postgres" / "password").stat().st_mode & 0o777 == 0o600


async def test_a_service_sees_its_own_database_and_no_other(databases: Databases) -> None:
    customers, followup = await databases.empty("customers"), await databases.empty("followup")
    owner = await asyncpg.connect(customers.owner_dsn)
    await owner.execute("CREATE TABLE orders (id int)")
    await owner.close()
    runtime = await asyncpg.connect(customers.dsn)
    await runtime.execute("INSERT INTO orders VALUES (1)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("CREATE TABLE mine (id int)")
    await runtime.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(customers.dsn.replace(customers.name, followup.name))


def test_a_killed_broker_comes_back_as_the_same_cluster(place: Path) -> None:
    broker = Broker(place / "kafka")
    broker.start()
    try:
        cluster, address = broker.cluster, broker.address
        broker.kill()
        assert cluster_at(broker.address) is None
        broker.start()
        assert (cluster_at(broker.address), broker.address) == (cluster, address)
    finally:
        broker.stop()


def test_servers_end_with_the_process_that_started_them_even_when_it_is_killed(place: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from deploy.local.postgres import Postgres\n"
        "server = Postgres(Path(sys.argv[1])); server.start(); print(server.child.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(place / "postgres")], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    server = psutil.Process(int(starter.stdout.readline()))
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    server.wait(timeout=10)


def test_a_taken_port_is_not_fought_over(place: Path) -> None:
    first = Postgres(place / "first", port=a_port())
    first.start()
    try:
        second = Postgres(place / "second", port=first.port)
        second.start()
        second.stop()
        assert second.port != first.port
    finally:
        first.stop()


def test_every_jar_is_locked() -> None:
    assert len(locked()) == len({jar.coordinate for jar in locked()}) > 80
    assert all(len(jar.sha256) == 64 for jar in locked())


def test_a_jar_that_is_not_the_one_we_know_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Jar("org.example:thing:1.0", "0" * 64)
    repository = place / "served"
    (repository / wanted.path).parent.mkdir(parents=True)
    (repository / wanted.path).write_bytes(b"something else")
    (place / "lock").write_text(f"{wanted.sha256}  {wanted.coordinate}\n")
    port = a_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(repository)], stderr=subprocess.DEVNULL
    )
    try:
        _listens(port)
        _mirror(place, monkeypatch, f"http://127.0.0.1:{port}")
        with pytest.raises(CannotStart, match="not the jar we know"):
            jars(place / "jars", place / "lock")
    finally:
        server.kill()
        server.wait()
    assert not list((place / "jars").rglob("*.jar"))


def test_without_a_network_one_sentence_says_what_is_missing_and_where_mirrors_are_set(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "lock").write_text(f"{'0' * 64}  org.example:thing:1.0\n")
    _mirror(place, monkeypatch, f"http://127.0.0.1:{a_port()}")
    with pytest.raises(CannotStart, match=r"org.example:thing:1.0.*cannot be reached.*jgo.conf.*HTTPS_PROXY"):
        jars(place / "jars", place / "lock")


def _mirror(place: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    (place / "jgo.conf").write_text(f"[repositories]\ncentral = {url}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(place / "jgo.conf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def _listens(port: int) -> None:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the mirror did not come up")
