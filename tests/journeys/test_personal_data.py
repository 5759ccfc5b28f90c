"""Names, phones and addresses go through everything, also inside what is broken; then logs, numbers, listings and topics are searched for them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from deploy.local.databases import Server
from deploy.local.gateways import smtp
from deploy.local.mailbox import Mailbox
from shared.topics import TOPICS
from tests.chaos.checker import everything
from tests.conftest import Databases
from tests.journeys.conftest import Servers
from tests.journeys.processes import System
from tests.journeys.taking import publish, until
from tests.makers import Record, customer, declared, record, shipped, withdrawal
from tests.shared.a_room import payment

NAME, PERSON = "Zhuxingdong Qiongqi", "饕餮夫人"
PHONE, MAIL = "+8613987612345", "zhuxingdong@private-mail.example"
SECRETS = [NAME, PERSON, PHONE, PHONE[3:], MAIL, "Zhuxingdong", "zhuxingdong"]
WHO = {"display_name": NAME, "contact_person": PERSON, "phones": [PHONE], "emails": [MAIL]}
OPEN_TOPICS = [name for name, topic in TOPICS.items() if not topic.personal and not topic.inbound]


def poison() -> list[Record]:
    """What careless publishers put where it does not belong."""
    told = declared("erp/broken", **WHO)
    order = shipped("S-9", "O-9", "erp/good")
    broken: list[tuple[str, str, dict[str, Any]]] = [
        ("p1", "customer.declared.v1", told | {"kind": NAME}),
        ("p2", "customer.declared.v1", told | {"phones": [NAME, PHONE], "emails": PHONE}),
        ("p3", "customer.declared.v1", told | {"customer": {"system": NAME, "id": PHONE}}),
        ("p4", "customer.declared.v1", told | {"time_zone": MAIL, "language": PERSON}),
        ("p5", "order.shipped.v1", order | {"shipped_at": f"{NAME} {PHONE}"}),
        ("p6", "order.shipped.v1", order | {"carrier": {"code": {NAME: MAIL}}}),
        ("p7", "order.placed.v1", {NAME: PHONE, "lines": [{PERSON: [MAIL]}]}),
    ]
    records = [record(name, body, id=id, key=f"{NAME} {id}") for id, name, body in broken]
    unread = record("order.shipped.v1", order, id="p8")
    return [
        *records,
        replace(unread, value=f'{{"name": "{NAME}", {MAIL}'.encode()),
        replace(unread, headers=[*unread.headers, ("ce_subject", f"{PERSON} {PHONE}".encode("gb18030"))]),
        replace(unread, headers=[(name, f"{NAME} {PHONE}".encode() if name == "ce_time" else value) for name, value in unread.headers]),
        replace(
            unread, headers=[("content-type", b"application/cloudevents+json")], value=orjson.dumps({"id": {NAME: PHONE}, "data": MAIL})
        ),
        withdrawal(f"{NAME}!{PHONE}"),
    ]


@pytest.fixture
async def systems(servers: Servers, tmp_path: Path) -> AsyncIterator[dict[str, System]]:
    databases = Databases(Server(servers.postgres.dsn, "journeys"))
    systems = {}
    for name in ("customers", "followup", "reception"):
        systems[name] = System(servers, tmp_path)
        await systems[name].prepare(databases, name)
    try:
        yield systems
    finally:
        for system in systems.values():
            system.clear()


async def test_what_is_personal_stays_where_it_belongs(servers: Servers, systems: dict[str, System], tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mailbox" / "requests.jsonl")
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # where it is noon: nothing has to wait for the morning
    async with smtp(mailbox, 0) as port:
        customers, followup, reception = systems.values()
        workers = [
            customers.start(["deploy.command", "worker", "customers"], "worker", {}),
            followup.start(["deploy.command", "worker", "followup"], "worker", {"CARELOOP_SMTP": f"smtp://127.0.0.1:{port}"}),
            reception.worker(),  # another reader, with bugs
        ]
        apis = {name: system.api() for name, system in systems.items()}
        processes = [*workers, *(process for process, _ in apis.values())]
        for process in processes:
            await until(process.is_ready, 90)

        now = datetime.now(UTC).isoformat()
        await publish(servers.kafka, [
            record("customer.declared.v1", declared("erp/good", **WHO, time_zone=zone, preferred_channel="email", address=NAME), id="d1"),
            record("customer.declared.v1", declared("erp/other", **WHO, references=["erp/good"]), id="d2"),
            record("order.shipped.v1", shipped("S-1", "O-1", "erp/good", shipped_at=now), id="s1"),
            *[replace(it, partition=n % 3) for n, it in enumerate(poison())],
            *[replace(payment(does, "erp/good", does=does, id=does), headers=[*payment().headers[:0], *payment(does, does=does, id=does).headers]) for does in ("BUG", "LATE BUG", "NUL", "CONSTRAINT")],
            record("payment.received.v1", {"customer": customer("erp/good"), "payment_id": NAME, "order_id": "BUG", "received_at": now, "amount": {"amount": "1.00", "currency": "CNY"}}, id="bug"),
            record("payment.received.v1", {"customer": customer("erp/good"), "payment_id": MAIL, "order_id": "CONSTRAINT", "received_at": now, "amount": {"amount": "1.00", "currency": "CNY"}}, id="constraint"),
        ])  # fmt: skip
        _, http = apis["customers"]
        path = "/v1/customers/by-reference/erp/http"
        for body in (declared_over_http(), declared_over_http(kind=NAME), declared_over_http(phones=[NAME]), {NAME: PHONE}):
            await http.put(path, json=body)
        await http.put(path, content=f'{{"display_name": "{NAME}" {PHONE}'.encode(), headers={"Content-Type": "application/json"})
        await http.get("/v1/customers", params={"cursor": NAME, "kind": PHONE})

        await until(lambda: parked_are(customers, len(poison()) + 1), 90)  # and the reference that two declarations claim
        await until(lambda: parked_are(reception, 6), 90)
        await until(lambda: any(MAIL in entry.to for entry in mailbox.entries), 90)

        seen: dict[str, str] = {}
        for process in processes:
            seen[f"metrics of {process.log.name}"] = (await process.ask("metrics")).text + (await process.ask("healthz")).text
        for name, (_, client) in apis.items():
            seen[f"parked of {name} over HTTP"] = await listing(client)
            seen[f"parked of {name} by command"] = await by_command(systems[name])
        for topic in OPEN_TOPICS:
            for it in await everything(servers.kafka, topic):
                seen[topic] = seen.get(topic, "") + f"{it.key} {(it.value or b'').decode()} {it.headers}"
        for process in processes:
            process.popen.terminate()
            await until(lambda process=process: not process.lives, 90)
        for log in [*(process.log for process in processes), servers.postgres.log, servers.broker.log]:
            seen[f"log {log.name}"] = log.read_text(errors="replace")
        for _, client in apis.values():
            await client.aclose()

    assert len(seen["careloop.rejections"]) > 1000 and "parked" in seen["log customers-worker-0.log"], "there was something to search"
    found = [(where, secret) for where, text in seen.items() for secret in SECRETS if any(form in text for form in forms(secret))]
    assert found == []


def declared_over_http(**facts: Any) -> dict[str, Any]:
    return {"kind": "company", **WHO} | facts


def forms(secret: str) -> set[str]:
    """As it stands, as JSON and Python escape it, and as bytes."""
    return {
        secret,
        orjson.dumps(secret).decode()[1:-1],
        ascii(secret)[1:-1],
        repr(secret.encode())[2:-1],
        repr(secret.encode("gb18030"))[2:-1],
    }


async def parked_are(system: System, count: int) -> bool:
    connection = await asyncpg.connect(system.database.dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM parked")) >= count
    finally:
        await connection.close()


async def listing(client: httpx.AsyncClient) -> str:
    page = await client.get("/v1/parked")
    assert page.status_code == 200, page.text
    return page.text + "".join([(await client.get(f"/v1/parked/{item['id']}")).text for item in page.json()["items"]])


async def by_command(system: System) -> str:
    settings = {"CARELOOP_DATABASE": system.database.dsn, "PATH": "", "COLUMNS": "250"}

    async def say(*words: str) -> str:
        command = [sys.executable, "-m", "deploy.command", "parked", *words]
        done = await asyncio.to_thread(subprocess.run, command, env=settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    listed = await say("list", "--json")
    ids = [it["id"] for it in orjson.loads(listed)]
    return listed + await say("list") + (await say("show", ids[0]) if ids else "")
