"""Publishes a customer and a shipment to Careloop: `python producer.py HOST:PORT ORDER`. Needs aiokafka."""

import asyncio
import json
import sys
import time
from typing import Any

from aiokafka import AIOKafkaProducer


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


async def publish(producer: AIOKafkaProducer, topic: str, id: str, type: str, subject: str, data: dict[str, Any]) -> None:
    """`id`: the same fact, the same id, however often it is sent. Returns when the broker has it, or raises."""
    headers = {
        "ce_specversion": "1.0", "ce_id": id, "ce_source": "/erp", "ce_type": type, "ce_time": now(), "ce_subject": subject,
        "content-type": "application/json",
    }  # fmt: skip
    key = f"{data['customer']['system']}/{data['customer']['id']}"
    encoded = [(name, text.encode()) for name, text in headers.items()]
    await producer.send_and_wait(topic, json.dumps(data).encode(), key=key.encode(), headers=encoded)


async def main(kafka: str, order: str) -> None:
    customer = {"system": "erp", "id": f"P-{order}"}
    declared = {
        "customer": customer, "kind": "company", "display_name": "Example Pipes", "emails": ["pipes@example.com"],
        "preferred_channel": "email",
    }  # fmt: skip
    shipped = {
        "customer": customer, "order_id": order, "shipment_id": f"{order}-1", "shipped_at": now(),
        "carrier": {"code": "sf", "name": "SF Express"}, "tracking_number": "SF1400000007001",
    }  # fmt: skip
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer:
        await publish(producer, "careloop.inbound.customers", f"customer-P-{order}", "customer.declared.v1", f"erp/P-{order}", declared)
        await publish(producer, "careloop.inbound.orders", f"shipped-{order}-1", "order.shipped.v1", order, shipped)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
