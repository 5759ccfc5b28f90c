"""What goes in: full `order.shipped` events of 10,000 customers, a twentieth of them repeated a little later, one in a hundred broken.

One shipment in five is of an order that has shipped before. The same seed makes the same events.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.envelope import headers_of
from shared.ids import customer_of, uuid7

TOPIC = "careloop.inbound.orders"
CUSTOMERS = 10_000
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Published:
    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Shipments:
    """`good` tell something new, `broken` are to be parked; what is left are repeats."""

    records: Sequence[Published]
    good: int
    broken: int

    @property
    def outcomes(self) -> int:
        """A notice is planned for each good one, and each broken one is told to its publisher."""
        return self.good + self.broken


def reference(number: int) -> str:
    return f"erp/C-{number:05d}"


def shipments(count: int, seed: str, *, customers: int = CUSTOMERS, topic: str = TOPIC, spoilt: float = 0.01) -> Shipments:
    chance = random.Random(seed)
    now = datetime.now(UTC)
    records: list[Published] = []
    recent: list[tuple[int, str]] = []  # customer and order, of those that shipped once
    good = broken = 0
    for number in range(count):
        if records and chance.random() < 0.05:
            records.append(records[-1 - chance.randrange(min(len(records), 200))])
            broken += records[-1].value.endswith(b"!")
            continue
        again = len(recent) > 500 and chance.random() < 0.2
        customer, order = recent.pop(chance.randrange(500)) if again else (chance.randrange(customers), f"SO-{seed}-{number}")
        if not again:
            recent.append((customer, order))
        it = shipped(customer, order, f"SH-{seed}-{number}", f"{seed}-{number}", now + timedelta(microseconds=number), topic)
        if chance.random() < spoilt:
            it = Published(it.topic, it.key, it.value[:-1] + b"!", it.headers)
            broken += 1
        else:
            good += 1
        records.append(it)
    return Shipments(records, good, broken)


def shipped(customer: int, order: str, shipment: str, id: str, at: datetime, topic: str = TOPIC) -> Published:
    """As a warehouse would say it, with all that may be said."""
    until = (at + timedelta(days=2)).isoformat()
    body = {
        "customer": {"system": "erp", "id": f"C-{customer:05d}"}, "order_id": order, "shipment_id": shipment, "shipped_at": at.isoformat(),
        "carrier": {"code": "SF", "name": "顺丰速运"}, "tracking_number": f"SF{customer:010d}", "tracking_url": f"https://carrier.example/track/{shipment}",
        "expected_arrival_from": at.date().isoformat(), "expected_arrival_until": until,
        "lines": [{"line_id": "1", "quantity": {"value": "12.5", "unit": "TNE"}}, {"line_id": "2", "quantity": {"value": "3", "unit": "C62"}}],
        "final": True, "packages": 2, "gross_weight": {"value": "12.5", "unit": "TNE"},
    }  # fmt: skip
    told = headers_of(source="/logistics", id=id, type="order.shipped.v1", time=at, subject=order, unit="headquarters")
    return Published(topic, reference(customer).encode(), orjson.dumps(body), told)


def contacts(customers: int = CUSTOMERS) -> list[Published]:
    """Who the customers are, as `customers` would say it."""
    return [contact(number) for number in range(customers)]


def contact(number: int) -> Published:
    named = reference(number)
    told = ContactChanged(
        customer_id=customer_of(named), standing=Standing.DECLARED, references=[KnownAs(reference=named, revision=1)], unit="headquarters",
        emails=[f"c{number}@example.com"], phones=[f"+86138{number:08d}"],
    )  # fmt: skip
    headers: Any = headers_of(source="/careloop/customers", id=str(uuid7()), type=told.name, time=datetime.now(UTC), unit=told.unit)
    return Published(told.topic, told.key.encode(), told.model_dump_json().encode(), headers)


async def publish(kafka: str, records: Iterable[Published]) -> None:
    """All of them, in their order; returns when the broker has them."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, linger_ms=2, max_batch_size=128 * 1024)
    await producer.start()
    try:
        sent = []
        for it in records:
            sent.append(await producer.send(it.topic, it.value, key=it.key, headers=list(it.headers)))
            if len(sent) == AT_ONCE:
                for future in sent:
                    await future
                sent = []
        for future in sent:
            await future
    finally:
        await producer.stop()
