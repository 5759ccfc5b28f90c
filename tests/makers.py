"""Makes what a test needs and spells only the fact that matters: records as Kafka gives them, and the bodies of the usual events."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import orjson

from shared.contracts.contacts import ContactChanged, ContactErased
from shared.contracts.registry import topic_of
from shared.envelope import headers_of
from shared.replay import Record

LONG_AGO = datetime(2026, 1, 5, 2, tzinfo=UTC)  # a Monday, 10 o'clock in Shanghai
OURS = {kind.name: kind.topic for kind in (ContactChanged, ContactErased)}
places = count(1)


def record(
    event_type: str,
    body: dict[str, Any] | None,
    *,
    source: str = "/erp",
    id: str | None = None,
    topic: str | None = None,
    key: str | None = None,
    at: datetime | None = None,
    partition: int = 0,
    offset: int | None = None,
    unit: str | None = None,
) -> Record:
    """`at` is its `ce_time`; topic and key are those where such an event belongs, each record comes after the one made before."""
    at = at or datetime.now(UTC)
    headers = headers_of(source=source, id=id or uuid4().hex, type=event_type, time=at, unit=unit)
    return Record(
        topic=topic or topic_of(event_type) or OURS[event_type],
        partition=partition,
        offset=next(places) if offset is None else offset,
        timestamp=int(at.timestamp() * 1000),
        key=(key or key_of(body or {})).encode(),
        value=None if body is None else orjson.dumps(body),
        headers=headers,
    )


def withdrawal(reference: str, *, topic: str = "careloop.inbound.customers", partition: int = 0, offset: int | None = None) -> Record:
    """A null value without headers: its key says who."""
    return Record(
        topic,
        partition,
        next(places) if offset is None else offset,
        int(datetime.now(UTC).timestamp() * 1000),
        reference.encode(),
        None,
        (),
    )


def key_of(body: dict[str, Any]) -> str:
    if "customer" in body:
        return f"{body['customer']['system']}/{body['customer']['id']}"
    return str(next((body[name] for name in ("customer_id", "staff_id", "call_id") if name in body), "-"))


def customer(reference: str) -> dict[str, str]:
    system, _, id = reference.partition("/")
    return {"system": system, "id": id}


def moment(hours: float = 0) -> str:
    """So many hours after a Monday morning, long enough ago that nothing is in the future."""
    return (LONG_AGO + timedelta(hours=hours)).isoformat()


def declared(reference: str = "erp/C-1", **facts: Any) -> dict[str, Any]:
    others = facts.pop("references", None)
    told = {"customer": customer(reference), "kind": "company", "display_name": "Example Steel"} | facts
    return told if others is None else told | {"references": [customer(it) for it in others]}


def placed(order_id: str = "O-1", reference: str = "erp/C-1", **facts: Any) -> dict[str, Any]:
    """A complete order: nothing about it has to be clarified."""
    return {
        "customer": customer(reference), "order_id": order_id, "placed_at": moment(), "promised_delivery_until": "2026-01-20",
        "total": {"amount": "1234.5000", "currency": "CNY"}, "ship_to": {"region": "Jiangsu", "city": "Suzhou"}, "payment_terms": "30 days",
        "lines": [{"line_id": "1", "sku": "HRC-3", "specification": "3.0 x 1250", "quantity": {"value": "12.5", "unit": "TNE"}}],
    } | facts  # fmt: skip


def about(order_id: str = "O-1", reference: str = "erp/C-1", **facts: Any) -> dict[str, Any]:
    """Anything about an order."""
    return {"customer": customer(reference), "order_id": order_id} | facts


def shipped(shipment_id: str = "S-1", order_id: str = "O-1", reference: str = "erp/C-1", **facts: Any) -> dict[str, Any]:
    return about(order_id, reference, shipment_id=shipment_id, shipped_at=moment(24), carrier={"code": "sf", "name": "SF Express"}) | facts


def delivered(shipment_id: str | None = "S-1", order_id: str = "O-1", reference: str = "erp/C-1", **facts: Any) -> dict[str, Any]:
    return about(order_id, reference, shipment_id=shipment_id, delivered_at=moment(72)) | facts
