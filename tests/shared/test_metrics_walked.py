"""`/metrics` of every kind of process, after all that it can do: no label that nobody thought about, and not more series than can be watched."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared import housekeeping, surroundings
from shared.contracts.registry import topics_of
from shared.exports import store as exported
from shared.health import Health
from shared.metrics import Metrics, Number
from shared.service import Means
from shared.tally import OTHERS, Bounded, Counting
from shared.topics import SERVICES, TOPICS
from tests.apis import api
from tests.contracts.sampled import FULL, sample
from tests.makers import Record, record
from tests.rooms import UNITS, KnownSources, World, world
from tests.shared.an_api import token

MOST = 2_000  # series of a process
BOUNDED = {  # label → why it has few values
    "service": "ours", "version": "one a process", "revision": "one a database", "dependency": "ours, and the issuers of issuers.toml",
    "method": "of HTTP, and other", "route": "templates, and unmatched", "code": "of HTTP, or ours", "class": "ours", "reason": "codes of ours",
    "field_class": "ours", "purpose": "ours", "group": "the service", "topic": "of the catalogue", "partition": "of the catalogue",
    "event_type": "of the contracts, and unknown", "outcome": "ours", "kind": "ours", "severity_level": "ours", "milestone": "of the policies",
    "channel": "at most twenty, or of the gateways", "category": "at most fifty", "state": "ours", "status": "ours", "provider": "of the settings and chats.toml",
    "became": "ours", "place": "ours", "le": "of the buckets",
}  # fmt: skip
OTHERS_OWN = re.compile(r"(process|python|faststream)_")  # of the libraries


def judged(page: str) -> int:
    """The number of series; each of ours has only labels that are known to be few."""
    declared = {f"careloop_{name}": {"service", *it.labels} for name, it in vars(Metrics).items() if isinstance(it, Number)}
    series = 0
    for family in text_string_to_metric_families(page):
        for it in family.samples:
            series += 1
            if not OTHERS_OWN.match(it.name):
                base = next(
                    name
                    for name in (it.name, it.name.removesuffix("_total"), re.sub("_(bucket|sum|count)$", "", it.name))
                    if name in declared
                )
                assert it.labels.keys() - {"le"} == declared[base]
                assert it.labels.keys() <= BOUNDED.keys(), f"{it.name}: say in BOUNDED why its labels have few values"
                assert all(len(value) <= 80 for value in it.labels.values())
    assert series <= MOST
    return series


async def walk(client: Any, routers: Any, known: dict[str, str]) -> None:
    """Every route once, and thirty addresses that are none."""
    for route in [route for router in routers for route in router.routes]:
        path = re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", route.path)
        for method in route.methods:
            await client.request(method, path, headers=known if method == "GET" else {})
    for number in range(30):
        await client.get(f"/nothing/{number}")


@pytest.mark.parametrize("name", sorted(SERVICES))
async def test_no_process_shows_more_than_can_be_watched(databases, tmp_path: Path, name: str):
    service = import_module(f"services.{name}.app").service
    quiet = {"trade": import_module(f"services.{name}.app").trade_of(UNITS)} if name != "customers" else {}
    async with world(databases, service, circumstances=quiet) as room, api(service, room, tmp_path) as served:
        await walk(served.client, service.routers(), {"Authorization": f"Bearer {token('admin')}"})
        of_api = judged((await served.means.metrics.page()).decode())
        of_worker = judged(await worked(service, room))
        assert of_api > 100 and of_worker > 100


async def worked(service: Any, room: World) -> str:
    """A worker that has handled every kind of event, has every partition, and has counted what it announced."""
    metrics = room.room.metrics
    means = Means(None, UNITS, KnownSources(), metrics, Health(service.name, "worker"), room.engine, room.pool)
    reads = {it.topic for it in service.listeners}
    await room.handle(*(record(type, {}, topic=topic) for type in FULL for topic in [*reads][:2]))  # all wrong in one way or another
    await room.handle(*(it for it in samples() if it.topic in reads))
    for topic in reads:
        for partition in range(TOPICS[topic].partitions):
            where = {"group": service.name, "topic": topic, "partition": partition}
            metrics.consumer_lag_records.labels(**where).set(0)
            metrics.consumer_lag_seconds.labels(**where).set(0)
    for gauges in (housekeeping.gauges, surroundings.gauges, exported.gauges, *service.gauges):
        await gauges(means)
    async with room.pool.acquire() as connection:
        rows = await connection.fetch("SELECT position, type, payload FROM outbox")
        await Counting(service.counting, metrics).left(connection, rows, [row["position"] for row in rows])
        for type in service.counting:  # those that nothing here announces; ids that are not there
            await service.counting[type](metrics, connection, [sample(type)["data"]])
    return (await metrics.page()).decode()


def samples() -> Iterator[Record]:
    for type in FULL:
        event = sample(type)
        for topic in topics_of(type):
            yield record(type, event["data"], source=event["source"], topic=topic)


def test_a_label_of_somebody_elses_words_does_not_grow_for_ever():
    label = Bounded(2)
    assert [label(it) for it in ("a", "b", "c", "a", None)] == ["a", "b", OTHERS, "a", OTHERS]


async def test_what_left_is_counted_and_what_did_not_is_not():
    metrics, counted = Metrics("complaints", "1"), []

    async def count(_: Any, __: Any, events: Any) -> None:
        counted.append(events)
        raise ValueError

    rows: Any = [{"position": n, "type": type, "payload": b'{"n": %d}' % n} for n, type in ((1, "a"), (2, "b"), (3, "a"))]
    await Counting({"a": count}, metrics).left(None, rows, [1, 2])  # type: ignore[arg-type]  # and that it fails keeps nothing back
    assert counted == [[{"n": 1}]]
