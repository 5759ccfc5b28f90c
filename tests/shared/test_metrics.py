"""Numbers carry the service, appear when touched, and are read from the database at most once in a while."""

from shared.metrics import Metrics


async def text(metrics: Metrics) -> list[str]:
    return [it for it in (await metrics.page()).decode().splitlines() if it.startswith("careloop_")]


async def test_a_number_appears_when_it_is_touched():
    metrics = Metrics("customers", "1.2.3", revision="abc")
    assert await text(metrics) == ['careloop_build_info{revision="abc",service="customers",version="1.2.3"} 1.0']
    metrics.outbox_pending.set(4)
    metrics.consumer_records_total.labels(group="g", topic="t", event_type="e", outcome="ok").inc()
    assert {
        'careloop_outbox_pending{service="customers"} 4.0',
        'careloop_consumer_records_total{event_type="e",group="g",outcome="ok",service="customers",topic="t"} 1.0',
    } <= set(await text(metrics))


async def test_two_processes_in_one_do_not_share():
    first, second = Metrics("customers", "1"), Metrics("followup", "1")
    first.http_in_flight.set(1)
    assert not any("in_flight" in it for it in await text(second))


async def test_what_is_no_longer_true_is_forgotten():
    metrics = Metrics("customers", "1")
    metrics.consumer_lag_records.labels(group="g", topic="t", partition=0).set(5)
    metrics.consumer_lag_records.clear()
    assert not any("lag" in it for it in await text(metrics))


async def test_gauges_are_read_once_in_a_while_and_a_failure_keeps_the_last_value():
    metrics, reads = Metrics("customers", "1"), []

    async def read() -> None:
        reads.append(1)
        metrics.outbox_pending.set(7)
        raise ConnectionRefusedError

    metrics.refresh(read, every=60)
    for _ in range(3):
        assert 'careloop_outbox_pending{service="customers"} 7.0' in await text(metrics)
    assert len(reads) == 1
