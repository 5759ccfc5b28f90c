"""Long tables over a real port: who reads slowly, goes away or asks for too much, and what fails half way."""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.complaints.app import service
from shared.registers import answering
from shared.registers.answering import PLACES
from shared.registers.asking import Format, Wanted
from shared.registers.folder import folder
from shared.registers.sheet import Asking
from shared.registers.writing import Order, write
from tests.complaints.making import NOON, a_complaint, kept
from tests.rooms import UNITS, World
from tests.shared.an_api import Running, jwks, running, until

MANY, LONG = 5_000, 4_000  # together more than all buffers between two sockets hold
COPIED = """
INSERT INTO complaint SELECT (jsonb_populate_record(it, jsonb_build_object('id', gen_random_uuid(), 'number', 'C' || n, 'correlation', repeat('x', $2)))).*
FROM complaint it, generate_series(1, $1::int) n"""


@pytest.fixture
async def served(complaints: World, tmp_path: Path) -> AsyncIterator[Running]:
    (tmp_path / "jwks.json").write_text(jwks())
    await kept(complaints, a_complaint())
    async with running(complaints.dsn, str(tmp_path / "jwks.json"), service=service) as api:
        yield api


async def nobody_reads(world: World) -> bool:
    """Every process that wrote a table is gone, with its snapshot."""
    return not await world.pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'complaints-table'")


def asked(api: Running, format: str, **more: str) -> httpx.Request:
    return api.client.build_request("GET", "/v1/complaints", params={"format": format} | more, headers=api.auth())


async def test_whoever_hangs_up_ends_it(served: Running, complaints: World) -> None:
    await complaints.pool.execute(COPIED, MANY, LONG)
    answer = await served.client.send(asked(served, "csv"), stream=True)
    async for piece in answer.aiter_raw():
        assert piece.startswith(b"\xef\xbb\xbf")
        break
    assert not await nobody_reads(complaints), "it is under way"
    assert (await served.client.get("/v1/complaints", headers=served.auth())).status_code == 200, "and others are answered meanwhile"
    await answer.aclose()
    await until(lambda: nobody_reads(complaints))

    waiting = asyncio.create_task(served.client.send(asked(served, "xlsx")))
    await until(lambda: begun(complaints))
    assert served.means.engine.pool.checkedout() == 0, "no connection of the API waits with it"  # type: ignore[attr-defined]
    waiting.cancel()  # before the first byte
    await asyncio.wait([waiting])
    await until(lambda: nobody_reads(complaints))


async def begun(world: World) -> bool:
    return not await nobody_reads(world)


async def test_whoever_takes_nothing_gets_no_more(served: Running, complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await complaints.pool.execute(COPIED, MANY, LONG)
    monkeypatch.setattr(answering, "STALLED", 0.3)
    host, port = served.client.base_url.host, served.client.base_url.port
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, (host, port))
        head = f"GET /v1/complaints?format=csv HTTP/1.1\r\nHost: x\r\nAuthorization: {served.auth()['Authorization']}\r\n\r\n"
        await loop.sock_sendall(slow, head.encode())
        assert (await loop.sock_recv(slow, 100)).startswith(b"HTTP/1.1 200")
        await until(lambda: nobody_reads(complaints))
        told = b""
        while piece := await loop.sock_recv(slow, 2**20):
            told = piece
        assert not told.endswith(b"0\r\n\r\n"), "half a file does not look like a whole one"


async def test_what_fails_half_way(served: Running, complaints: World) -> None:
    """The database lets go of the process that writes."""
    await complaints.pool.execute(COPIED, MANY, LONG)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'complaints-table'"
    answer = await served.client.send(asked(served, "csv"), stream=True)
    pieces = answer.aiter_raw()
    await anext(pieces)
    await complaints.pool.execute(kill)
    with pytest.raises(httpx.RemoteProtocolError):
        async for _ in pieces:
            pass
    waiting = asyncio.create_task(served.client.send(asked(served, "xlsx")))
    await until(lambda: begun(complaints))
    await complaints.pool.execute(kill)
    told = await waiting
    assert (told.status_code, told.headers["content-type"], told.headers["retry-after"]) == (503, "application/problem+json", "5")
    await until(lambda: nobody_reads(complaints))


async def test_what_is_refused(served: Running, complaints: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(answering, "MOST_ROWS", 2)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    await complaints.pool.execute(COPIED, 2, 1)
    long = await served.client.send(asked(served, "xlsx"))
    assert (long.status_code, long.json()["type"].rpartition("/")[2]) == (422, "register-too-long")
    assert "/v1/exports" in long.json()["fix"]
    assert (await served.client.send(asked(served, "xlsx", number="C1"))).status_code == 200, "narrowed it is short enough"
    monkeypatch.setattr(answering, "PATIENCE", 0.05)
    async with PLACES.one(), PLACES.one():
        busy = await served.client.send(asked(served, "csv", number="C1"))
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "30") and busy.json()["fix"]
        assert (await served.client.get("/v1/complaints", headers=served.auth())).status_code == 200
    assert (await served.client.send(asked(served, "csv", number="C1"))).status_code == 200
    assert not [*tmp_path.glob("careloop-*")], "what was written is gone"


async def test_what_was_written_for_a_server_that_was_killed_goes(complaints: World, tmp_path: Path) -> None:
    def to_nobody(_: bytes) -> None:
        raise BrokenPipeError

    (tmp_path / "here").mkdir()
    order = Order("complaints", "complaints", Wanted(Format.XLSX), {}, None, Asking(NOON, "s-1"), UNITS, complaints.dsn)
    with pytest.raises(BrokenPipeError):
        await write(to_nobody, order, str(tmp_path / "here"))
    assert not [*tmp_path.iterdir()]


def test_what_was_written_by_whoever_was_killed_goes_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody was left to remove it: a pod's processes end together, and its temporary folder stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, another, new = (tmp_path / name for name in ("careloop-table-dead", "something-else", "careloop-table-new"))
    with folder() as alive:
        for it in dead, another, new:
            it.mkdir()
            (it / "table.xlsx").write_text("a name")
        for it in dead, another, Path(alive):
            os.utime(it, (0, 0))
        with folder() as mine:
            assert {*tmp_path.iterdir()} == {Path(alive), Path(mine), another, new}
    assert {*tmp_path.iterdir()} == {another, new}


async def test_a_table_has_a_time_of_its_own(served: Running, complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that other requests have; it ends too."""
    await complaints.pool.execute(COPIED, MANY, LONG)
    monkeypatch.setattr(answering, "LONGEST", 0.01)
    assert (await served.client.send(asked(served, "xlsx"))).status_code == 503
    await until(lambda: nobody_reads(complaints))
