"""A person comes in by every door of a whole system, is erased, and is looked for everywhere: tables, topics down to their files, numbers, logs, registers."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.partitioner import murmur2

from deploy.broker import administrator
from deploy.local.databases import SERVICES
from deploy.local.postgres import _binaries
from shared.ids import customer_of
from shared.replay import Record
from shared.topics import TOPICS
from tests.journeys.desk import Desk, Thing, now, until
from tests.journeys.taking import publish
from tests.makers import customer, declared, record
from tests.terminal import a_system

NAME, PERSON, STREET = "Zhuxingdong Qiongqi", "饕餮夫人", "9 Taotie Lane"
PHONE, GUEST_PHONE, MAIL = "+8613987612345", "+8613987654321", "zhuxingdong@private-mail.example"
SAID = [
    "It smells of sulphur in the hall",
    "Their driver laughed at me",
    "How do I get the smell out",
    "I want to see the furnace",
    "Never again, I tell you",
]
WORDS = [NAME, "Zhuxingdong", PERSON, STREET, PHONE, PHONE[3:], GUEST_PHONE, GUEST_PHONE[3:], MAIL, *SAID]
COMPACTED = [name for name, topic in TOPICS.items() if topic.compacted]
QUICK = {
    "segment.ms": "100", "min.cleanable.dirty.ratio": "0.001", "delete.retention.ms": "0", "max.compaction.lag.ms": "100", "file.delete.delay.ms": "1",
}  # fmt: skip
REGISTERS = {
    "customers": ["customers", "orders", "tasks", "parked"], "complaints": ["complaints", "tasks", "parked"],
    "followup": ["notices", "calls", "surveys", "parked"], "reception": ["visits", "inquiries", "parked"],
}  # fmt: skip
COUNTED = [("customers", "customers"), ("customers", "orders"), ("complaints", "complaints"), ("followup", "notices"), ("followup", "calls"),
           ("followup", "surveys"), ("reception", "visits"), ("reception", "inquiries")]  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with a_system() as terminal:
        desk = Desk(terminal)
        desk.clients["privacy_officer"] = desk.client("privacy_officer")
        yield desk


def written(desk: Desk, *records: Record) -> None:
    asyncio.run(publish(desk.addresses["kafka"], records))


def in_its_place(told: Record) -> Record:
    """In the partition where every Kafka client puts this key."""
    return replace(told, partition=(murmur2(told.key) & 0x7FFFFFFF) % TOPICS[told.topic].partitions)


def come_in(desk: Desk, erp: str, shop: str) -> dict[str, Any]:
    """By every door."""
    who = {
        "display_name": NAME,
        "contact_person": PERSON,
        "phones": [PHONE],
        "emails": [MAIL],
        "address": STREET,
        "preferred_channel": "email",
    }
    zone = f"Etc/GMT{time.gmtime().tm_hour - 12:+d}"  # where it is noon: nothing has to wait for the morning
    written(desk, in_its_place(record("customer.declared.v1", declared(erp, **who, time_zone=zone, references=[shop]), source="/erp")))
    until(lambda: desk.items("customers", "/v1/customers", source="/erp"))
    system, _, id = shop.partition("/")
    put = desk.ask("PUT", "customers", f"/v1/customers/by-reference/{system}/{id}", {"kind": "person", **who})
    assert put.is_success, put.text
    order = f"O-{uuid4().hex[:8]}"
    desk.publish("/erp", "order.shipped.v1", {
        "customer": customer(erp), "order_id": order, "shipment_id": f"S-{order}", "shipped_at": now(), "carrier": {"code": "sf", "name": "SF"},
    })  # fmt: skip
    complaint = desk.complain(erp, content=SAID[0], expected_remedy=SAID[4])
    desk.resolve(complaint["id"])
    desk.answer(desk.call(f"complaint:{complaint['id']}"), "dissatisfied", score=1, remarks=SAID[1])
    desk.until_it_is(complaint["id"], "investigating", 2)
    inquiry = desk.post("reception", "/v1/inquiries", {
        "customer": customer(erp), "channel": "mail", "kind": "consultation", "question": SAID[2],
    }, role="reception")  # fmt: skip
    visit = desk.post("reception", "/v1/visits", {
        "customer": customer(shop), "company": NAME, "guests": 1, "guest": {"name": PERSON, "phone": GUEST_PHONE}, "arrives_at": now(hours=1),
        "purpose": SAID[3], "applicant": "s-17",
    }, role="reception")  # fmt: skip
    call = {
        "call_id": uuid4().hex,
        "started_at": now(),
        "ended_at": now(),
        "reason": "no_agent",
        "caller_number": PHONE,
        "customer": customer(erp),
    }
    desk.publish("/telephony", "call.missed.v1", call)
    broken = declared(erp, **who) | {"kind": "whatever"}
    written(desk, in_its_place(record("customer.declared.v1", broken, source="/erp", id="broken")))
    until(lambda: desk.items("followup", "/v1/notices", order_id=order, state="sent"))
    until(lambda: desk.callbacks(call))
    until(lambda: [it for it in desk.items("customers", "/v1/parked") if it["event_id"] == "broken"])
    return {"complaint": complaint, "inquiry": inquiry, "visit": visit, "order": order}


def counts(desk: Desk) -> list[int]:
    return [desk.get(service, f"/v1/{register}", count="true", limit="1")["total"] for service, register in COUNTED]


def erased(desk: Desk, erp: str) -> Thing:
    asked = desk.post("customers", "/v1/erasures", {"customer": customer(erp), "reason": "customer_request"})
    desk.post("customers", f"/v1/erasures/{asked['id']}/approval", role="privacy_officer", status=200)

    def over() -> Thing | None:
        erasure: Thing = desk.ask("GET", "customers", f"/v1/erasures/{asked['id']}", role="privacy_officer").json()
        return erasure if erasure["state"] == "completed" else None

    ended: Thing = until(over, 90)
    return ended


def databases(desk: Desk) -> str:
    """Everything in all four, as a backup of this moment would have it."""
    told = ""
    for service in SERVICES:
        dump = subprocess.run(
            [str(_binaries(None) / "pg_dump"), desk.addresses["postgres"][service]], capture_output=True, text=True, check=False
        )
        assert dump.returncode == 0, dump.stderr
        told += dump.stdout
    return told


def numbers(desk: Desk) -> str:
    return "".join(
        httpx.get(f"{ops}/{page}", trust_env=False).text for ops in desk.addresses["ops"].values() for page in ("metrics", "healthz")
    )


def registers(desk: Desk, things: dict[str, Any]) -> str:
    told = [str(desk.items(service, f"/v1/{it}")) for service, names in REGISTERS.items() for it in names]
    told += [str(desk.complaint(things["complaint"]["id"])), str(desk.get("reception", f"/v1/visits/{things['visit']['id']}"))]
    told += [
        str(desk.get("reception", f"/v1/inquiries/{things['inquiry']['id']}")),
        str(desk.get("customers", f"/v1/orders/{things['order']}")),
    ]
    return "".join(told)


def logs(desk: Desk) -> str:
    """Ours and the servers'. The mailbox is the provider's, and has what it was given."""
    files = [it for it in (desk.terminal.run / "logs").glob("*") if not it.name.startswith("mailbox")]
    return "".join(it.read_text(errors="replace") for it in files)


async def compact(kafka: str) -> None:
    """As a day would: what is overtaken goes when the log is rolled and cleaned."""
    async with administrator(kafka) as admin:
        wanted = {name: TOPICS[name].settings | QUICK for name in COMPACTED}  # the request forgets what it does not name
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, settings) for name, settings in wanted.items()])


def fill(desk: Desk) -> None:
    """A record in each partition, behind all others, so that they are no longer in the newest segment. It means nothing to anybody."""
    keys = {"careloop.inbound.customers": "erp/nobody", "careloop.inbound.staff": "nobody"}
    written(desk, *(
        Record(name, partition, 0, int(time.time() * 1000), keys.get(name, str(UUID(int=0))).encode(), None, ())
        for name in COMPACTED for partition in range(TOPICS[name].partitions)
    ))  # fmt: skip


def files_with(desk: Desk, words: list[str]) -> list[str]:
    """Segments of the compacted topics, byte by byte."""
    needles = [word.encode() for word in words]
    segments = [it for name in COMPACTED for it in (desk.terminal.run / "kafka" / "data").glob(f"{name}-*/*.log")]
    assert segments
    return [f"{it.parent.name}/{it.name}" for it in segments if any(needle in bytes_of(it, needle) for needle in needles)]


def bytes_of(segment: Path, otherwise: bytes) -> bytes:
    """One that the broker takes away just now has to be looked for again."""
    try:
        return segment.read_bytes()
    except FileNotFoundError:
        return otherwise


def must_be_compacted(desk: Desk, seconds: float = 150) -> None:
    """The broker cleans when it likes, and only what lies behind something newer."""
    limit, again = time.monotonic() + seconds, 0.0
    while left := files_with(desk, WORDS):
        assert time.monotonic() < limit, left
        if time.monotonic() > again:
            fill(desk)
            again = time.monotonic() + 10
        time.sleep(0.5)


def found_in(text: str) -> list[str]:
    return [word for word in WORDS if word in text or word.encode().hex() in text]


def verified(desk: Desk, id: Any, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    words = tmp_path / "words"
    words.write_text("\n".join(WORDS))
    return desk.terminal.careloop("erasure", "verify", str(id), "--words", str(words))


def test_of_whoever_is_erased_nothing_is_found_anywhere(desk: Desk, tmp_path: Path) -> None:
    erp, shop = f"erp/{uuid4().hex[:12]}", f"shop/{uuid4().hex[:12]}"
    things = come_in(desk, erp, shop)
    before = counts(desk)
    assert set(found_in(databases(desk))) == set(WORDS), "there was something to erase"
    told = verified(desk, customer_of(erp), tmp_path)
    assert told.returncode == 1 and {
        "customers: customer",
        "followup: contact",
        "careloop.contacts",
        "careloop.notes",
        "careloop.inbound.customers",
    } <= {line.rpartition(": ")[0] for line in told.stdout.splitlines()}, told.stdout + told.stderr

    erasure = erased(desk, erp)
    assert set(erasure["answers"]) == set(SERVICES)
    until(lambda: not found_in(databases(desk)), 90)  # what was on its way in the outbox has left
    assert found_in(numbers(desk)) == []
    assert found_in(registers(desk, things)) == []
    assert found_in(logs(desk)) == []
    assert counts(desk) == before

    asyncio.run(compact(desk.addresses["kafka"]))
    must_be_compacted(desk)

    told = verified(desk, customer_of(erp), tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "careloop.inbound.calls: 1 found; goes by itself until" in told.stdout and told.stdout.endswith("Nothing is left.\n")

    again = record("customer.declared.v1", declared(erp, display_name=NAME, phones=[PHONE], emails=[MAIL]), source="/erp")
    written(desk, in_its_place(again))
    until(lambda: [it for it in desk.items("customers", "/v1/parked", state="discarded") if it["code"] == "erased_subject"])
    system, _, id = shop.partition("/")
    put = desk.ask(
        "PUT", "customers", f"/v1/customers/by-reference/{system}/{id}", {"kind": "person", "display_name": NAME, "phones": [PHONE]}
    )
    assert put.status_code == 409 and found_in(put.text) == []
    desk.publish("/erp", "order.shipped.v1", {
        "customer": customer(shop), "order_id": "O-late", "shipment_id": "S-late", "shipped_at": now(), "carrier": {"code": "sf", "name": "SF"},
    })  # fmt: skip
    (late,) = until(lambda: desk.items("followup", "/v1/notices", order_id="O-late", state="skipped"), 90)
    assert late["reason"] == "erased"
    assert found_in(databases(desk)) == [] and found_in(logs(desk)) == []
    assert desk.get("customers", "/v1/orders/O-late")["customer_id"] == erasure["customer_id"]
    must_be_compacted(desk)  # declared again, the topic forgets again
