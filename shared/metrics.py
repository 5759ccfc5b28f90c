"""What is counted: every number of a process, declared in one place.

A number appears at `/metrics` when it is first touched, so a process shows only what it does. No customer, phone, address, raw path or
exception text is ever a label.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, Self, TypeVar, overload

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from shared.logs import log

Kind = TypeVar("Kind", bound=MetricWrapperBase)
Shown = TypeVar("Shown")

REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1, 2.5, 5)
END_TO_END = (0.05, 0.1, 0.5, 1, 5, 30, 120, 600)
SHORT = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
LATE = (1, 5, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
DAYS = tuple(hours * 3600 for hours in (1, 4, 24, 2 * 24, 3 * 24, 5 * 24, 7 * 24, 10 * 24, 15 * 24, 30 * 24))
disable_created_metrics()  # type: ignore[no-untyped-call]  # they are a second series for each counter, which nobody reads

REFRESH = 2.0  # seconds that reading the gauges may hold up a scrape


class Family(Generic[Kind]):
    """A number with labels; ours, the service, is there already."""

    def __init__(self, metric: Kind, service: str) -> None:
        self._metric: Kind = metric
        self._service = service

    def labels(self, **labels: object) -> Kind:
        return self._metric.labels(service=self._service, **labels)

    def clear(self) -> None:
        """Forget every set of labels: those that are no longer true must not stay on the wall."""
        self._metric.clear()


class Number(Generic[Shown]):
    """Declares a number in the body of `Metrics`; made when it is first touched."""

    def __init__(self, kind: type[Counter | Gauge | Histogram], text: str, labels: tuple[str, ...], **more: Any) -> None:
        self.kind, self.text, self.labels, self.more = kind, text, labels, more

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, metrics: None, owner: type) -> Self: ...
    @overload
    def __get__(self, metrics: "Metrics", owner: type) -> Shown: ...
    def __get__(self, metrics: "Metrics | None", owner: type) -> Any:
        if metrics is None:
            return self
        metric = self.kind(f"careloop_{self.name}", self.text, ("service", *self.labels), registry=metrics.registry, **self.more)
        shown: Any = Family(metric, metrics.service) if self.labels else metric.labels(service=metrics.service)
        metrics.__dict__[self.name] = shown
        return shown


@overload
def counter(text: str) -> Number[Counter]: ...
@overload
def counter(text: str, *labels: str) -> Number[Family[Counter]]: ...
def counter(text: str, *labels: str) -> Number[Any]:
    return Number(Counter, text, labels)


@overload
def gauge(text: str) -> Number[Gauge]: ...
@overload
def gauge(text: str, *labels: str) -> Number[Family[Gauge]]: ...
def gauge(text: str, *labels: str) -> Number[Any]:
    return Number(Gauge, text, labels)


@overload
def histogram(buckets: tuple[float, ...], text: str) -> Number[Histogram]: ...
@overload
def histogram(buckets: tuple[float, ...], text: str, *labels: str) -> Number[Family[Histogram]]: ...
def histogram(buckets: tuple[float, ...], text: str, *labels: str) -> Number[Any]:
    return Number(Histogram, text, labels, buckets=buckets)


class Metrics:
    """The numbers of one process, in a registry of its own."""

    build_info = gauge("Always 1.", "version", "revision")
    schema_info = gauge("Always 1.", "revision")
    ready = gauge("1 while /readyz says yes.")
    alive = gauge("1 while /livez says yes; a supervisor that looks there ends the process when it is 0.")
    draining = gauge("1 from the signal to stop until the end.")
    dependency_up = gauge("1 while the dependency answers.", "dependency")
    clock_apart_seconds = gauge("PostgreSQL's clock less ours.")
    disk_free_ratio = gauge("What is free of the disk that we write to, from 0 to 1.", "place")
    certificate_not_after_timestamp_seconds = gauge("When a certificate that we use ends.", "purpose")
    event_loop_lag_seconds = histogram(SHORT, "How long the event loop let a call wait.")

    http_requests_total = counter("Requests answered.", "method", "route", "code")
    http_request_duration_seconds = histogram(REQUEST, "From the first byte in to the last byte out.", "method", "route")
    http_in_flight = gauge("Requests being answered.")
    pii_reads_total = counter(
        "Masked values that somebody was shown, each with a purpose and a line in the audit trail.", "field_class", "purpose"
    )
    auth_failures_total = counter("Requests turned away by their token.", "reason")
    rate_limited_total = counter("Requests turned away because their caller asked too much.", "class")

    consumer_records_total = counter("Records that were dealt with.", "group", "topic", "event_type", "outcome")
    consumer_handle_seconds = histogram(SHORT, "Time a record took, its share of the batch.", "event_type")
    consumer_lag_records = gauge("Records that are not read yet.", "group", "topic", "partition")
    consumer_lag_seconds = gauge("Age of the oldest record that is not handled yet.", "group", "topic", "partition")
    consumer_last_poll_timestamp_seconds = gauge("When the consumer last asked for records.", "group")
    consumer_assigned_partitions = gauge("Partitions that are this worker's.", "group")
    consumer_rebalances_total = counter("Times the partitions were shared out anew.", "group")
    consumer_paused = gauge("1 while the worker waits for a dependency.", "group")
    consumption_stopped = gauge("1 while a topic is not consumed, for a fault of ours.", "topic")
    event_end_to_end_seconds = histogram(END_TO_END, "From what happened to when it was handled.", "event_type")

    outbox_pending = gauge("Events that are not published yet.")
    outbox_oldest_age_seconds = gauge("Age of the oldest of them.")
    outbox_published_total = counter("Events given to the broker.", "topic", "outcome")
    parked_total = counter("Records put aside.", "topic", "reason")
    parked_replayed_total = counter("Parked records tried again.", "outcome")
    parked_open = gauge("Parked records that wait for somebody.", "topic")
    parked_oldest_age_seconds = gauge("Age of the oldest of them.", "topic")

    db_pool_size = gauge("Connections the pool may open.")
    db_pool_in_use = gauge("Connections that are lent.")
    db_pool_wait_seconds = histogram(SHORT, "How long a request waited for a connection.")
    db_errors_total = counter("Errors of the database.", "kind")

    timers_overdue = gauge("Clocks that are due and have not fired.", "kind")
    timer_delay_seconds = histogram(LATE, "From due to fired.", "kind")
    deadlines_provisional = gauge("Clocks that stand on days whose holidays nobody has announced yet.")
    complaint_sla_breaches_total = counter("Milestones that were missed.", "severity_level", "milestone")
    notices_total = counter("Notices by what became of them.", "kind", "channel", "state")
    notice_delay_seconds = histogram(LATE, "From due to sent.", "kind", "channel")
    staff_notices_total = counter("Notices to staff by what became of them.", "kind", "channel", "state")
    notices_waiting = gauge("Notices that are not at an end.", "state")
    complaints_registered_total = counter("Complaints that came in, counted when they are announced.", "channel", "category")
    complaint_resolution_seconds = histogram(DAYS, "From received to closed.", "severity_level")
    complaint_oldest_open_age_seconds = gauge("Age of the oldest that is not at an end.", "severity_level", "status")
    complaints_open = gauge("Complaints that are not at an end.", "severity_level", "status")
    followups_due = gauge("Customers who are still to be asked.", "kind")
    followups_overdue = gauge("Those among them who should have been asked by now.", "kind")
    followups_completed_total = counter("Customers who were asked, or nobody will ask any more, by how that ended.", "outcome")
    tasks_open = gauge("Tasks that nobody has done yet.", "kind")
    visits_open = gauge("Visits that are not at an end.")
    inquiries_open = gauge("Questions that nobody has answered yet.", "kind")
    inquiry_answer_seconds = histogram(LATE, "From asked to answered.", "kind")
    provider_requests_total = counter("Calls to those who send for us.", "provider", "outcome")
    provider_seconds = histogram((*REQUEST, 15, 30), "How long they took.", "provider")
    provider_breaker_open = gauge("1 while we do not call them.", "provider")
    customers_total = gauge("Customers on file.", "status")
    erasure_requests_total = counter("Erasures by what became of them.", "outcome")
    exports = gauge("Registers that were asked for as files, of the last 30 days.", "state")
    exports_oldest_queued_age_seconds = gauge("Age of the oldest that nobody has begun to write.")
    import_rows_total = counter("Rows of spreadsheets by what became of them.", "kind", "became")
    imports = gauge("Imports that are under way.", "state")
    erasure_oldest_open_age_seconds = gauge("Age of the oldest erasure that is not at an end; the law gives a month.")

    def __init__(self, service: str, version: str, revision: str = "") -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._readers: list[_Reader] = []
        self._reading = asyncio.Lock()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.build_info.labels(version=version, revision=revision).set(1)

    def refresh(self, read: Callable[[], Awaitable[None]], every: float = 5.0) -> None:
        """Gauges that are read from the database: `read` sets them before a scrape, at most once in so many seconds."""
        self._readers.append(_Reader(read, every))

    async def page(self) -> bytes:
        """What `/metrics` answers. A gauge that can't be read keeps its value: the scrape must go through just then."""
        async with self._reading:
            due = [it for it in self._readers if monotonic() - it.read_at >= it.every]
            if due:
                await asyncio.gather(*(it.run() for it in due))
        return generate_latest(self.registry)


class _Reader:
    def __init__(self, read: Callable[[], Awaitable[None]], every: float) -> None:
        self.read, self.every, self.read_at = read, every, float("-inf")

    async def run(self) -> None:
        self.read_at = monotonic()
        try:
            async with asyncio.timeout(REFRESH):
                await self.read()
        except Exception as error:  # noqa: BLE001  whatever it is, the other numbers are still true
            log.warning("gauges could not be read", error=error)
