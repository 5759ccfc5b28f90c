"""Reads what everybody can read (topics, HTTP registers, the gateway's log) and says what was lost, doubled or put out of order."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaConsumer

from deploy.local.mailbox import Entry


@dataclass
class Verdict:
    """Counts of what must not be; what was seen beside them."""

    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    repeats: int = 0  # of one event on the topic, which readers drop by its id
    notices: int = 0
    wrong_notices: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.reordered or self.wrong_notices)


async def everything(kafka: str, topic: str) -> list[Any]:
    """All records of a topic, in the order of each partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = list(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        records: list[Any] = []
        while [partition for partition in partitions if await consumer.position(partition) < ends[partition]]:
            for found in (await consumer.getmany(timeout_ms=500)).values():
                records += found
        return records
    finally:
        await consumer.stop()


def judge_payments(records: list[Any], sent: dict[str, int], run: str) -> Verdict:
    """Each payment is acknowledged once, those of one customer in the order in which they were sent."""
    verdict, seen, effects, last = Verdict(), set(), Counter[str](), Counter[str]()
    for record in records:
        headers = dict(record.headers)
        if headers["ce_type"] != b"payment.acknowledged.v1":
            continue
        payment = orjson.loads(record.value)["payment_id"]
        if not payment.startswith(run):
            continue
        if headers["ce_id"] in seen:
            verdict.repeats += 1
            continue
        seen.add(headers["ce_id"])
        effects[payment] += 1
        _, customer, number = payment.split(".")
        if effects[payment] == 1:
            verdict.reordered += int(number) < last[customer]
            last[customer] = max(last[customer], int(number))
    verdict.doubled = sum(count - 1 for count in effects.values())
    verdict.lost = sum(
        1 for customer, count in sent.items() for number in range(1, count + 1) if f"{run}.{customer}.{number}" not in effects
    )
    return verdict


async def register(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = (await client.get(path, params={"limit": "200"} | ({"cursor": cursor} if cursor else {}))).raise_for_status().json()
        items += answer["items"]
        if not (cursor := answer["next"]):
            return items


def judge_notices(notices: list[dict[str, Any]], shipped: set[str], log: list[Entry], verdict: Verdict) -> None:
    """One notice a shipment, sent once: distinct keys are notices, no key has two bodies, a mail came twice at the most."""
    by_shipment = Counter(notice["shipment_id"] for notice in notices)
    verdict.notices = len(notices)
    wrong = verdict.wrong_notices
    wrong += [f"no notice for {shipment}" for shipment in shipped - by_shipment.keys()]
    wrong += [f"{count} notices for {shipment}" for shipment, count in by_shipment.items() if count > 1]
    known = {notice["id"]: notice for notice in notices}
    bodies: dict[str, set[tuple[str, str]]] = {}
    times = Counter[str]()
    for entry in log:
        key = entry.key.strip("<>").split("@")[0]
        bodies.setdefault(key, set()).add((entry.to, entry.body))
        times[key] += entry.channel == "email"
    twice = {
        id for id, notice in known.items() if notice["state"] == "failed" and times[id] == 2
    }  # mailed, and both times nobody lived to say so
    wrong += [f"{id} is {notice['state']}" for id, notice in known.items() if notice["state"] != "sent" and id not in twice]
    wrong += [f"{id} never reached its gateway" for id in known if id not in bodies]
    wrong += [f"{key} is no notice" for key in bodies if key not in known]
    wrong += [f"{key} came with {len(told)} bodies" for key, told in bodies.items() if len(told) > 1]
    wrong += [f"{key} was mailed {count} times" for key, count in times.items() if count > 2]
