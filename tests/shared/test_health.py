"""What the probes say, over a real socket."""

import asyncio
import contextlib
import socket
import time

import httpx
import psutil
import pytest

from shared.health import Health
from shared.metrics import Metrics
from shared.ops import listen, ops_app, serve
from tests.waiting import until


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def ops():
    """`(health, metrics, clock, get)` of a process whose ops port is open."""
    clock = Clock()
    health, metrics = Health("followup", "worker", clock), Metrics("followup", "1")
    listener = listen("127.0.0.1", 0)
    address = "http://{}:{}".format(*listener.getsockname())
    serving = asyncio.create_task(serve(ops_app(health, metrics), "", 0, listener=listener))
    async with httpx.AsyncClient(base_url=address) as client:
        yield health, metrics, clock, client.get
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def test_a_loop_that_does_not_turn_is_dead(ops):
    health, _, clock, get = ops
    health.beat("consume")
    clock.at += 59
    assert (await get("/livez")).status_code == 200
    clock.at += 2
    dead = await get("/livez")
    assert dead.status_code == 503 and dead.json()["why"] == ["consume has not turned for 61 s"]
    health.ends("consume")
    assert (await get("/livez")).status_code == 200


async def test_an_outage_that_all_share_changes_no_probe(ops):
    health, _, clock, get = ops
    for name in ("postgres", "kafka"):
        health.dependency(name).up()
        health.dependency(name).down("connection refused")
    health.waits("kafka")
    health.beat("consume")
    for probe in ("livez", "readyz", "startupz"):
        assert (await get(f"/{probe}")).status_code == 200
    clock.at += 30
    told = (await get("/healthz")).json()
    assert told["dependencies"]["kafka"] == {"state": "down", "for_seconds": 30.0, "reason": "connection refused"}
    assert told["waits_for"] == "kafka" and told["alive"] is told["ready"] is True
    assert 'careloop_dependency_up{dependency="kafka",service="followup"} 0.0' in (await get("/metrics")).text


async def test_ready_and_started_wait_for_what_has_to_be_there(ops):
    health, _, _, get = ops
    health.ready_when("schema")
    health.ready_when("group", at_start=True)
    assert [(await get(it)).status_code for it in ("/livez", "/readyz", "/startupz")] == [200, 503, 503]
    health.reached("group")
    assert [(await get(it)).status_code for it in ("/readyz", "/startupz")] == [503, 200]
    health.reached("schema")
    health.lost("group")
    assert [(await get(it)).status_code for it in ("/readyz", "/startupz")] == [503, 200]
    health.reached("group")
    assert (await get("/readyz")).status_code == 200
    health.draining = True
    draining = await get("/readyz")
    assert draining.status_code == 503 and draining.json()["why"] == ["draining"]
    assert 'careloop_draining{service="followup"} 1.0' in (await get("/metrics")).text


async def test_a_stopped_topic_is_shown(ops):
    health, _, _, get = ops
    health.stopped["careloop.inbound.orders"] = {"since": "2026-01-01T00:00:00Z", "reason": "handler"}
    health.facts["clock_offset"] = "P1D"
    told = (await get("/healthz")).json()
    assert told["stopped"]["careloop.inbound.orders"]["reason"] == "handler" and told["clock_offset"] == "P1D"
    assert 'careloop_consumption_stopped{service="followup",topic="careloop.inbound.orders"} 1.0' in (await get("/metrics")).text
    del health.stopped["careloop.inbound.orders"]
    assert "careloop_consumption_stopped{" not in (await get("/metrics")).text


async def test_the_ops_port_has_nothing_else(ops):
    _, _, _, get = ops
    assert (await get("/")).status_code == 404
    assert (await get("/livez/")).status_code == 404  # never a redirect: a probe takes it for success


async def test_the_watchdog_measures_the_loop(ops):
    health, metrics, _, _ = ops
    health.watch(metrics)
    await asyncio.sleep(0.1)
    time.sleep(0.8)  # noqa: ASYNC251  the loop is to be held up
    await asyncio.sleep(0.1)
    health.unwatch()
    slow = metrics.registry.get_sample_value("careloop_event_loop_lag_seconds_sum", {"service": "followup"})
    assert slow is not None and slow > 0.1
    assert health.not_alive() == []


async def test_stopping_finishes_what_was_begun():
    async def slow(scope, receive, send):
        await asyncio.sleep(0.5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    listener = listen("127.0.0.1", 0)
    address = "http://{}:{}".format(*listener.getsockname())
    serving = asyncio.create_task(serve(slow, "", 0, listener=listener))
    async with httpx.AsyncClient() as client:
        begun = asyncio.create_task(client.get(address))
        await asyncio.sleep(0.2)
        serving.cancel()
        assert (await begun).text == "done"
    with pytest.raises(asyncio.CancelledError):
        await serving


def test_a_taken_port_is_said_before_anything_starts():
    first = listen("127.0.0.1", 0)
    with first, pytest.raises(OSError, match="can't be listened on"):
        listen("127.0.0.1", first.getsockname()[1])


async def test_a_connection_whose_reader_takes_nothing_ends(monkeypatch: pytest.MonkeyPatch):
    """Closing it would wait for them for ever, and so would whoever stops the process."""
    monkeypatch.setattr("shared.ops.UNTAKEN", 0.3)

    async def long(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"16777216")]})
        await send({"type": "http.response.body", "body": b"x" * 2**24})

    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve(long, "", 0, listener=listener))
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(listener.getsockname())
        deaf.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

        async def connected():
            return [it for it in psutil.Process().net_connections("tcp") if it.raddr == deaf.getsockname()]

        async def is_over():
            return not await connected()

        await until(connected)
        await until(is_over)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
