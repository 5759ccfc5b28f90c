"""Publishes what other systems would: customers, payments, reminders, shipments, repeats of all that, and what nobody can read. Resent until the broker has it."""

import asyncio
import random
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.envelope import headers_of

ORDERS, CUSTOMERS = "careloop.inbound.orders", "careloop.inbound.customers"
REPEATED = 0.06  # of all that is sent
REMEMBERED = 5_000  # records from which repeats are taken
BAD = 0.007
MARK = ("chaos", b"bad")  # a foreign header, at which nobody looks but this test

Record = tuple[str, bytes, bytes | None, Any]


class Load:
    """What was sent: payments and reminders by customer (numbered from 1), shipments. `run` begins every id."""

    def __init__(self, kafka: str, run: str, *, customers: int = 40, shipments: int = 2) -> None:
        self.kafka, self.run, self.customers, self.shipments = kafka, run, customers, shipments
        self.payments: Counter[str] = Counter()
        self.reminders: Counter[str] = Counter()
        self.shipped: set[str] = set()
        self.sent: Counter[str] = Counter()  # by type
        self.rounds = 0
        self.chance = random.Random(run)
        self.lately: deque[Record] = deque(maxlen=REMEMBERED)
        self.producer: AIOKafkaProducer | None = None

    @property
    def events(self) -> int:
        """Without repeats and without what can't be read."""
        return sum(count for kind, count in self.sent.items() if kind not in ("repeats", "unreadable"))

    async def declare(self) -> None:
        """Half have a mail address, half a telephone in a zone where it is noon."""
        zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
        records = []
        for number in range(self.customers):
            body = {
                "customer": self.customer(number), "kind": "company", "display_name": f"Example Steel {number}", "time_zone": zone,
                "emails": [f"c{number}@example.com"] if number % 2 else [], "phones": [] if number % 2 else [f"+86138{number:08d}"],
            }  # fmt: skip
            records.append(self.record(CUSTOMERS, number, "customer.declared.v1", f"{self.run}.declared.{number}", body))
        await self.publish(records)
        self.sent["customer.declared.v1"] += len(records)

    async def tick(self) -> None:
        """A payment of each third customer, a reminder to each tenth, a few shipments: one event a customer and kind, so that sending all of it again changes no order."""
        self.rounds += 1
        records = [self.payment(number) for number in range(self.customers) if number % 3 == self.rounds % 3]
        records += [self.reminder(number) for number in range(self.customers) if number % 10 == self.rounds % 10]
        records += [self.shipment((self.rounds * 7 + n * self.customers // self.shipments) % self.customers) for n in range(self.shipments)]
        fresh = len(records)
        if self.lately:
            records += [self.chance.choice(self.lately) for _ in range(self.rounded(fresh * REPEATED))]
        repeated = len(records)
        records += [self.bad() for _ in range(self.rounded(fresh * BAD))]
        await self.publish(records)
        self.lately.extend(records[:fresh])
        self.sent["repeats"] += repeated - fresh
        self.sent["unreadable"] += len(records) - repeated

    def payment(self, number: int) -> Record:
        self.payments[str(number)] += 1
        count = self.payments[str(number)]
        id = f"{self.run}.{number}.{count}"
        told = {
            "payment_id": id,
            "order_id": f"{self.run}-{number}-{count // 8}",
            "received_at": now(),
            "amount": {"amount": "1.00", "currency": "CNY"},
        }
        return self.event(number, "payment.received.v1", id, told)

    def reminder(self, number: int) -> Record:
        self.reminders[str(number)] += 1
        id = f"{self.run}.{number}.{self.reminders[str(number)]}"
        told = {"invoice_id": id, "due_date": yesterday(), "amount_due": {"amount": "1.00", "currency": "CNY"}, "dunning_level": 1}
        return self.event(number, "payment.overdue.v1", f"{id}.r", told)

    def shipment(self, number: int) -> Record:
        id = f"{self.run}-{number}-s{self.rounds}"
        self.shipped.add(id)
        told = {"order_id": f"O-{id}", "shipment_id": id, "shipped_at": now(), "carrier": {"code": "SF"}}
        return self.event(number, "order.shipped.v1", id, told)

    def bad(self) -> Record:
        """Each in its own way."""
        number = self.sent["unreadable"] + self.chance.randrange(10**9)
        topic, key, value, headers = self.record(
            ORDERS, 0, "payment.received.v1", f"{self.run}.bad.{number}", {"customer": self.customer(0)}
        )
        match self.chance.randrange(4):
            case 0:
                return topic, b"?", b"not json", [MARK, ("ce_id", b"\xff")]
            case 1:
                value = None
            case 2:
                headers = [(name, b"/stranger" if name == "ce_source" else text) for name, text in headers]
        return topic, key, value, [*headers, MARK]

    def event(self, number: int, type: str, id: str, told: dict[str, Any]) -> Record:
        self.sent[type] += 1
        return self.record(ORDERS, number, type, id, {"customer": self.customer(number)} | told)

    def customer(self, number: int) -> dict[str, str]:
        return {"system": "erp", "id": f"{self.run}{number}"}

    def record(self, topic: str, number: int, type: str, id: str, body: Any) -> Record:
        headers = headers_of(source="/erp", id=id, type=type, time=datetime.now(UTC))
        return topic, f"erp/{self.run}{number}".encode(), orjson.dumps(body), headers

    def rounded(self, wanted: float) -> int:
        """So that it comes out right over many rounds."""
        return int(wanted) + (self.chance.random() < wanted % 1)

    async def publish(self, records: list[Record]) -> None:
        """All of them, again and again until all are acknowledged."""
        while True:
            try:
                if self.producer is None:
                    self.producer = AIOKafkaProducer(bootstrap_servers=self.kafka, enable_idempotence=True, request_timeout_ms=5000)
                    await self.producer.start()
                sent = [await self.producer.send(topic, value, key=key, headers=headers) for topic, key, value, headers in records]
                await asyncio.wait_for(asyncio.gather(*sent), 8)
            except (KafkaError, TimeoutError, OSError):
                await self.close()
                await asyncio.sleep(0.2)
            else:
                return

    async def close(self) -> None:
        producer, self.producer = self.producer, None
        if producer:
            try:
                await asyncio.wait_for(producer.stop(), 2)
            except (KafkaError, TimeoutError):
                return


def now() -> str:
    return datetime.now(UTC).isoformat()


def yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
