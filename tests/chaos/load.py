"""Publishes what other systems would: shipments and payments, and the contacts that `customers` would announce. Resent until the broker has them."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.envelope import headers_of
from shared.ids import customer_of, uuid7

CUSTOMERS = 40


class Load:
    def __init__(self, kafka: str, run: str) -> None:
        self.kafka, self.run = kafka, run
        self.payments: Counter[str] = Counter()
        self.shipped: set[str] = set()
        self.rounds = 0
        self.producer: AIOKafkaProducer | None = None

    async def contacts(self) -> None:
        """Half prefer mail, half short messages in a zone where it is noon."""
        zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
        records = []
        for number in range(CUSTOMERS):
            reference = f"erp/{self.run}{number}"
            email, phone = f"c{number}@example.com", f"+86138{number:08d}"
            told = ContactChanged(
                customer_id=customer_of(reference), standing=Standing.DECLARED, references=[KnownAs(reference=reference, revision=1)], unit="headquarters",
                emails=[email] if number % 2 else [], phones=[] if number % 2 else [phone], time_zone=zone,
            )  # fmt: skip
            records.append(
                record(told.topic, told.key, told.name, "/careloop/customers", str(uuid7()), orjson.loads(told.model_dump_json()))
            )
        await self.publish(records)

    async def tick(self) -> None:
        """A payment of each third customer, a shipment of each twentieth; and something that nobody can read."""
        now = datetime.now(UTC).isoformat()
        self.rounds += 1
        records = []
        for number in range(CUSTOMERS):
            customer = {"system": "erp", "id": f"{self.run}{number}"}
            key = f"erp/{self.run}{number}"
            if number % 3 == self.rounds % 3:
                self.payments[str(number)] += 1
                payment = f"{self.run}.{number}.{self.payments[str(number)]}"
                body = {
                    "customer": customer,
                    "payment_id": payment,
                    "order_id": "O1",
                    "received_at": now,
                    "amount": {"amount": "1.00", "currency": "CNY"},
                }
                records.append(record("careloop.inbound.orders", key, "payment.received.v1", "/erp", payment, body))
            if number % 20 == self.rounds % 20:
                shipment = f"{self.run}-{number}-{self.rounds}"
                self.shipped.add(shipment)
                body = {
                    "customer": customer,
                    "order_id": f"O-{shipment}",
                    "shipment_id": shipment,
                    "shipped_at": now,
                    "carrier": {"code": "SF"},
                }
                records.append(record("careloop.inbound.orders", key, "order.shipped.v1", "/erp", shipment, body))
        records.append(("careloop.inbound.orders", b"?", b"not json", [("ce_id", b"\xff")]))
        await self.publish(records)

    async def publish(self, records: list[tuple[str, bytes, bytes, Any]]) -> None:
        """All of them, again and again until all are acknowledged: one event a customer and kind in a round, so repeats change no order."""
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


def record(topic: str, key: str, type: str, source: str, id: str, body: Any) -> tuple[str, bytes, bytes, Any]:
    return topic, key.encode(), orjson.dumps(body), headers_of(source=source, id=id, type=type, time=datetime.now(UTC))
