"""Reads what everybody can read (topics, HTTP registers, the gateway's log) and says what was lost, doubled or put out of order."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import orjson
from aiokafka import AIOKafkaConsumer

from deploy.local.mailbox import Entry


class Reading:
    """A topic from its beginning; `more` reads on to where it ends by then. Records are in the order of each partition."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=kafka, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 1024 * 1024
        )

    async def more(self) -> list[Any]:
        partitions = list(self.consumer.assignment())
        ends = await self.consumer.end_offsets(partitions)
        records: list[Any] = []
        while [partition for partition in partitions if await self.consumer.position(partition) < ends[partition]]:
            for found in (await self.consumer.getmany(timeout_ms=500)).values():
                records += found
        return records

    async def __aenter__(self) -> Self:
        await self.consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()


async def everything(kafka: str, topic: str) -> list[Any]:
    """All records of a topic, in the order of each partition."""
    async with Reading(kafka, topic) as reading:
        return await reading.more()


@dataclass
class Effects:
    """What came out of the two reactions of this test. `came`: when the broker had the first of each."""

    run: str
    came: dict[str, float] = field(default_factory=dict)  # by payment or invoice
    doubled: int = 0
    reordered: int = 0
    repeats: int = 0  # of one event on the topic, which readers drop by its id
    seen: set[bytes] = field(default_factory=set)
    last: Counter[str] = field(default_factory=Counter)

    def take(self, records: list[Any]) -> None:
        for record in records:
            headers = dict(record.headers)
            if headers["ce_type"] not in (b"payment.acknowledged.v1", b"account.reminded.v1"):
                continue
            body = orjson.loads(record.value)
            name = f"P{body['payment_id']}" if "payment_id" in body else f"R{body['invoice_id']}"
            if name[1:].split(".")[0] != self.run:
                continue
            if headers["ce_id"] in self.seen:
                self.repeats += 1
                continue
            self.seen.add(headers["ce_id"])
            if name in self.came:
                self.doubled += 1
                continue
            self.came[name] = record.timestamp / 1000
            self.in_order(*self.place(name, body))

    def place(self, name: str, body: Any) -> tuple[str, int]:
        """In which row it stands, and where: payments of a customer as they were sent, reminders of an account as they became true."""
        if name.startswith("R"):
            return f"account {body['account']}", body["told_at"]
        _, customer, number = name.split(".")
        return f"customer {customer}", int(number)

    def in_order(self, row: str, number: int) -> None:
        self.reordered += number < self.last[row]
        self.last[row] = max(self.last[row], number)

    def lost(self, payments: dict[str, int], reminders: dict[str, int]) -> list[str]:
        """`sent`: how many by customer, numbered from 1."""
        sent = [("P", payments), ("R", reminders)]
        names = (f"{kind}{self.run}.{customer}.{n}" for kind, by in sent for customer, count in by.items() for n in range(1, count + 1))
        return [name for name in names if name not in self.came]


async def register(client: httpx.AsyncClient, path: str, **asked: str) -> list[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        told = asked | {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get(path, params=told)).raise_for_status().json()
        items += answer["items"]
        if not (cursor := answer["next"]):
            return items


@dataclass
class Notices:
    """What became of them. `silent`: given up, though the gateway's log has less than two mails, because whoever sent it died."""

    sent: int = 0
    failed: int = 0
    silent: int = 0
    wrong: list[str] = field(default_factory=list)


def judge_notices(notices: list[dict[str, Any]], shipped: set[str], log: list[Entry], events: list[Any]) -> Notices:
    """One notice a shipment, sent once: distinct keys are notices, no key has two bodies, a mail came twice at the most; and what is said of it on the topic."""
    found = Notices()
    by_shipment = Counter(notice["shipment_id"] for notice in notices)
    wrong = found.wrong
    wrong += [f"no notice for {shipment}" for shipment in shipped - by_shipment.keys()]
    wrong += [f"{count} notices for {shipment}" for shipment, count in by_shipment.items() if count > 1]
    known = {notice["id"]: notice for notice in notices}
    bodies: dict[str, set[tuple[str, str]]] = {}
    times = Counter[str]()
    for entry in log:
        key = entry.key.strip("<>").split("@")[0]
        bodies.setdefault(key, set()).add((entry.to, entry.body))
        times[key] += entry.channel == "email"
    for id, notice in known.items():
        found.sent += notice["state"] == "sent"
        if notice["state"] == "failed" and [it["state"] for it in notice["deliveries"] if it["channel"] == "email"] == ["unsure"]:
            found.failed += 1  # mailed, and both times nobody said so or nobody lived to hear it
            found.silent += times[id] < 2
        elif notice["state"] != "sent":
            wrong.append(f"{id} is {notice['state']} ({notice['reason']})")
        elif id not in bodies:
            wrong.append(f"{id} never reached its gateway")
    wrong += [f"{key} is no notice" for key in bodies if key not in known]
    wrong += [f"{key} came with {len(told)} bodies" for key, told in bodies.items() if len(told) > 1]
    wrong += [f"{key} was mailed {count} times" for key, count in times.items() if count > 2]
    announced = ends_of(events)
    expected = {id: [notice["state"]] for id, notice in known.items() if notice["state"] in ("sent", "failed")}
    wrong += [f"{id}: announced {announced.get(id)} instead of {states}" for id, states in expected.items() if announced.get(id) != states]
    return found


def ends_of(events: list[Any]) -> dict[str, list[str]]:
    """How each notice ended, as the topic says; a repeat is dropped by its id."""
    ends: dict[str, list[str]] = {}
    seen = set()
    for record in events:
        headers = dict(record.headers)
        kind = headers["ce_type"].decode()
        if kind in ("notice.sent.v1", "notice.failed.v1") and headers["ce_id"] not in seen:
            seen.add(headers["ce_id"])
            ends.setdefault(headers["ce_subject"].decode(), []).append(kind.split(".")[1])
    return ends
