"""Whatever lies on a topic is handled, passed over or parked; nothing that anybody can write stands in the way of what follows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.clock import now
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.envelope import LARGEST
from shared.gate import Gate
from shared.ids import customer_of
from shared.reactions import Listener
from shared.topics import SERVICES, TOPICS
from tests.makers import Record, record
from tests.rooms import KnownSources, World
from tests.shared.a_room import a_world, listener, payment

NAMES = [name for name, _ in payment().headers]


@pytest.fixture(scope="module")
async def owner(databases) -> AsyncIterator[World]:
    async with a_world(databases) as room:
        yield room


def test_only_what_others_write_has_to_be_small() -> None:
    """What we announce came of something that was accepted, and the broker has taken it."""
    gate = Gate("followup", [Listener("careloop.contacts")], KnownSources(), now)
    gate.listeners["careloop.contacts"].contracts[ContactChanged.name] = ContactChanged
    many = [KnownAs(reference=f"erp/{n}", revision=0) for n in range(20_000)]
    told = ContactChanged(customer_id=customer_of("erp/0"), standing=Standing.DECLARED, references=many, unit="headquarters")
    ours = record(told.name, told.model_dump(mode="json"), source="/careloop/customers", key=told.key)
    assert len(ours.value or b"") > LARGEST and gate.read(ours).event == told


names = st.sampled_from([*NAMES, "ce_subject", "ce_orgunit", "ce_correlationid", "traceparent", "ce_a\0b", "\0", "", "x" * 300]) | st.text(
    max_size=5
)
values = (
    st.none()
    | st.binary(max_size=40)
    | st.sampled_from(
        [b"a\0b", b"/erp", b"1.0", b"x" * 70_000, b"/careloop/customers", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59"]
    )
)
bodies = (
    st.none()
    | st.binary(max_size=60)
    | st.sampled_from([b"{}", b"[" * 100_000, b'{"customer": {"system": "erp", "id": "\\u0000"}}', b'{"a": 1e999}', b'"\\ud800"'])
)
strange = st.builds(
    Record, topic=st.sampled_from(["careloop.inbound.orders", "careloop.inbound.customers", "careloop.inbound.staff", "careloop.customers", "careloop.contacts", "careloop.rejections"]),
    partition=st.integers(0, 11), offset=st.integers(0, 2**62), timestamp=st.integers(-1, 2**62), key=st.none() | st.binary(max_size=20),
    value=bodies, headers=st.lists(st.tuples(names, values), max_size=6),
)  # fmt: skip


def test_what_lies_in_our_future_is_kept_by_whoever_reacts_to_it() -> None:
    """The topic's owner may have another clock; then nobody else would park it, and what follows from it would be missing without a trace."""
    ahead, faulty = payment(at=now() + timedelta(minutes=6)), replace(payment(), value=b"{")
    reads, passes = (Gate("followup", [on], KnownSources(), now) for on in (listener(), Listener("careloop.inbound.orders")))
    kept = reads.read(ahead)
    assert kept.outcome == "ok" and kept.trouble and kept.trouble.code == "future_time"
    assert [passes.read(ahead).outcome, reads.read(faulty).outcome] == ["skipped", "skipped"]


@st.composite
def spoilt(draw: Any) -> Record:
    """A good record with one thing changed."""
    it = payment(draw(st.integers(0, 10**9)), partition=draw(st.integers(0, 11)))
    match draw(st.sampled_from(["timestamp", "key", "value", "header", "more headers"])):
        case "timestamp":
            return replace(it, timestamp=draw(st.integers(-(2**62), 2**62)))
        case "key":
            return replace(it, key=draw(st.none() | st.binary(max_size=20)))
        case "value":
            return replace(it, value=draw(bodies))
        case "header":
            name = draw(st.sampled_from(NAMES))
            return replace(it, headers=[(other, draw(values) if other == name else value) for other, value in it.headers])
    return replace(it, headers=[*it.headers, *draw(st.lists(st.tuples(names, values), min_size=1, max_size=3))])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(strange | spoilt(), min_size=1, max_size=8))
@example([replace(payment(), headers=[("ce_a\0b", None), *payment().headers], value=b"")])
@example([replace(payment(), headers=[("ce_correlationid", b"a\0b"), ("ce_type", b"\xff")])])
@example([replace(payment(), timestamp=2**62, value=b"")])
@example([replace(payment(), headers=[("ce_correlationid", b"x" * 70_000), ("ce_type", b"\xff"), ("ce_source", b"x" * 70_000)])])
async def test_nothing_stands_in_the_way(owner: World, records: list[Record]) -> None:
    owner.room.windows.last.clear()
    witness = payment("witness", "erp/witness")
    assert await owner.handle(*records, witness) == {}
    assert await owner.rows("inbox", "id", "id = $1", owner.room.gate.read(witness).inbox_id)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_it_listens_to_and_what_it_owns(service: str) -> None:
    gate = Gate(service, [listener()], KnownSources(), lambda: None)  # type: ignore[arg-type, return-value]
    assert set(gate.topics) == {"careloop.inbound.orders"} | {name for name, topic in TOPICS.items() if topic.owner == service}
