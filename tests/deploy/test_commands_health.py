"""`careloop health`: what is wrong is named with its cause, and a healthy system has nothing to say."""

from typing import Any

import httpx
import pytest

from deploy import health
from deploy.command.health import behind
from shared.health import TURN, Health
from shared.metrics import Metrics
from shared.ops import ops_app

ADDRESS = "http://followup-worker"


@pytest.fixture
def process() -> tuple[Health, Metrics]:
    return Health("followup", "worker", clock=lambda: 100.0), Metrics("followup", "1.0")


async def seen(process: tuple[Health, Metrics], name: str = "followup-worker") -> health.Seen:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(ops_app(*process))) as client:
        return await health.see(client, name, ADDRESS)


async def told(process: tuple[Health, Metrics], meanwhile: Any = lambda: None) -> list[str]:
    before = await seen(process)
    meanwhile()
    after = await seen(process)
    after.at = before.at + 2
    return health.wrong([before], [after])


async def test_a_healthy_process_has_nothing_to_say(process):
    well, metrics = process
    well.dependency("postgres").up()
    metrics.outbox_oldest_age_seconds.set(1)
    metrics.parked_open.labels(topic="t").set(0)
    metrics.disk_free_ratio.labels(place="tmp").set(0.5)
    metrics.clock_apart_seconds.set(-0.1)
    metrics.consumer_handle_seconds.labels(event_type="batch").observe(0.01)

    def work() -> None:
        metrics.http_requests_total.labels(method="GET", route="/v1/calls", code=200).inc()
        metrics.provider_requests_total.labels(provider="sms", outcome="taken").inc()
        metrics.consumer_handle_seconds.labels(event_type="batch").observe(0.02)
        metrics.db_errors_total.labels(kind="race").inc()

    assert await told(process, work) == []


async def test_what_is_wrong_is_named(process):
    ill, metrics = process
    ill.dependency("kafka").down("KafkaError")
    ill.beat("consumer")
    ill.stopped["careloop.orders"] = {"reason": "a bug"}
    metrics.clock_apart_seconds.set(-90)
    metrics.disk_free_ratio.labels(place="tmp").set(0.02)
    metrics.provider_breaker_open.labels(provider="sms").set(1)
    metrics.outbox_oldest_age_seconds.set(200)

    def worse() -> None:
        ill.loops["consumer"] -= TURN + 1
        metrics.parked_total.labels(topic="careloop.orders", reason="invalid").inc(3)
        metrics.consumer_handle_seconds.labels(event_type="batch").observe(1.5)
        metrics.http_requests_total.labels(method="GET", route="/v1/calls", code=500).inc()

    found = "\n".join(await told(process, worse))
    for sentence in (
        "followup-worker can't reach kafka for 0 s (KafkaError).",
        "followup-worker: consumer has not turned for 61 s.",
        "followup has stopped reading careloop.orders: a bug.",
        "followup-worker's clock is 90 s before PostgreSQL's",
        "followup-worker has 2% of its disk left (tmp).",
        "followup leaves sms alone, because it does not answer.",
        "followup has events that have not left for 200 s",
        "followup puts records of careloop.orders aside (invalid), 3 within 2 s",
        "followup takes 1.5 s for a record",
        "followup answered 1 request(s) GET /v1/calls with 500 within 2 s",
    ):
        assert sentence in found


async def test_a_batch_that_takes_long_is_named_before_it_ends(process):
    _, metrics = process
    metrics.consumer_handle_seconds.labels(event_type="batch").observe(0.4)
    metrics.consumer_lag_seconds.labels(group="followup", topic="careloop.orders", partition=0).set(45)
    assert [it.split(":")[0] for it in await told(process)] == [
        "followup is behind on careloop.orders, partition 0", "followup takes 0.4 s for a record; something that it does for each is slow.",
    ]  # fmt: skip


async def test_one_that_does_not_answer_and_two_versions_are_named(process):
    async with httpx.AsyncClient(trust_env=False) as client:
        gone = await health.see(client, "customers-api", "http://127.0.0.1:1")
    assert health.wrong([gone], [gone]) == ["customers-api is not there (ConnectError)."]
    old, new = await seen(process, "a"), await seen(process, "b")
    old.told = {**old.told, "version": "0.9"}
    assert "followup runs in 2 versions" in health.wrong([old, new], [old, new])[0]


def test_a_name_is_asked_at_each_of_its_addresses(monkeypatch):
    assert behind("127.0.0.1:4") == [("127.0.0.1:4", "http://127.0.0.1:4")]
    several = [(2, 1, 6, "", (it, 9090)) for it in ("10.0.0.2", "10.0.0.1")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: several)
    assert behind("workers") == [("workers (10.0.0.1)", "http://10.0.0.1:9090"), ("workers (10.0.0.2)", "http://10.0.0.2:9090")]
