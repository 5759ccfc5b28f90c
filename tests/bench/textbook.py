"""The usual way, as FastStream and SQLModel document it: one message, one session, commit, publish after it. In order, one worker.

No inbox, no outbox: what dies between the commit and the publishing is never told.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import AckPolicy
from pydantic import ValidationError
from sqlalchemy import BigInteger, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.contracts.orders import OrderShipped
from shared.ids import customer_of, made_of

IN, OUT = "bench.textbook.in", "bench.textbook"


class Table(SQLModel, registry=registry()):
    pass


class Contact(Table, table=True):
    reference: str = Field(primary_key=True)
    customer_id: UUID
    revision: int = -1
    phones: list[str] = Field(default_factory=list, sa_type=JSONB)
    emails: list[str] = Field(default_factory=list, sa_type=JSONB)
    news: bool = False
    partition: int = -1
    record_offset: int = Field(default=-1, sa_type=BigInteger)


class Fulfilment(Table, table=True):
    id: UUID = Field(primary_key=True)
    system: str
    order_id: str
    reference: str
    facts: dict[str, Any] = Field(sa_type=JSONB)
    arrival_due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Notice(Table, table=True):
    id: UUID = Field(primary_key=True)
    kind: str
    source: str
    fulfilment_id: UUID
    order_id: str
    shipment_id: str
    reference: str
    customer_id: UUID
    unit: str
    state: str
    reason: str | None
    news_at: datetime = Field(sa_type=DateTime(timezone=True))
    due_at: datetime = Field(sa_type=DateTime(timezone=True))
    planned_at: datetime = Field(sa_type=DateTime(timezone=True))
    facts: dict[str, Any] = Field(sa_type=JSONB)
    correlation: str | None
    deliveries: list[Any] = Field(default_factory=list, sa_type=JSONB)
    version: int = 1


class Parked(Table, table=True):
    id: UUID = Field(primary_key=True)
    topic: str
    partition: int
    record_offset: int = Field(sa_type=BigInteger)
    record_at: datetime = Field(sa_type=DateTime(timezone=True))
    value: bytes
    headers: list[Any] = Field(sa_type=JSONB)
    code: str
    message: str
    ours: bool = False
    state: str = "open"
    attempts: int = 1
    replays: int = 0
    first_failed_at: datetime = Field(sa_type=DateTime(timezone=True))
    last_failed_at: datetime = Field(sa_type=DateTime(timezone=True))


class NoticePlanned(SQLModel):
    customer_id: UUID
    notice_id: UUID
    kind: str
    order_id: str
    shipment_id: str
    due_at: datetime


broker = KafkaBroker(os.environ.get("CARELOOP_KAFKA", ""), logger=None, enable_idempotence=True)
app = FastStream(broker, logger=None)
engine = create_async_engine(os.environ.get("CARELOOP_DATABASE", "postgresql://").replace("postgresql://", "postgresql+asyncpg://"))


async def undecoded(message: KafkaMessage) -> bytes:
    """So that what is no JSON can be parked too: FastStream's own way skips it."""
    body: bytes = message.body
    return body


@broker.subscriber(IN, group_id=os.environ.get("CARELOOP_GROUP"), auto_offset_reset="earliest", ack_policy=AckPolicy.ACK, decoder=undecoded)
async def on_shipped(body: bytes, message: KafkaMessage) -> None:
    now = datetime.now(UTC)
    record: Any = message.raw_message
    try:
        event = OrderShipped.model_validate_json(body)
    except ValidationError as error:
        async with AsyncSession(engine) as session:
            session.add(Parked(
                id=uuid4(), topic=record.topic, partition=record.partition, record_offset=record.offset, value=body, headers=[], code="unreadable",
                record_at=datetime.fromtimestamp(record.timestamp / 1000, UTC), message=str(error), first_failed_at=now, last_failed_at=now,
            ))  # fmt: skip
            await session.commit()
        await broker.publish({"code": "unreadable", "offset": record.offset}, OUT)
        return
    order_id = made_of("fulfilment", event.customer.system, event.customer.id, event.order_id)
    notice_id = made_of("notice", order_id, "shipped", event.shipment_id)
    source = str(message.headers["ce_source"])
    async with AsyncSession(engine) as session:
        if await session.get(Notice, notice_id):
            return
        contact = await session.get(Contact, event.key)
        if contact is None:
            contact = Contact(reference=event.key, customer_id=customer_of(event.key))
            session.add(contact)
        said = orjson.loads(event.model_dump_json(include={"tracking_number", "tracking_url", "carrier", "expected_arrival_until"}))
        fact = {event.shipment_id: {"shipped": {"at": event.shipped_at.isoformat(), "source": source} | said}}
        order = await session.get(Fulfilment, order_id)
        if order is None:
            order = Fulfilment(
                id=order_id, system=event.customer.system, order_id=event.order_id, reference=event.key, facts={"shipments": fact}
            )
            session.add(order)
        else:
            order.facts = {"shipments": order.facts["shipments"] | fact}
        old, reachable = now - event.shipped_at > timedelta(hours=72), bool(contact.phones or contact.emails)
        notice = Notice(
            id=notice_id, kind="shipped", source=source, fulfilment_id=order_id, order_id=event.order_id, shipment_id=event.shipment_id, reference=event.key,
            customer_id=contact.customer_id, unit="headquarters", state="skipped" if old else "planned" if reachable else "awaiting_contact",
            reason=None, news_at=event.shipped_at, due_at=now, planned_at=now, facts=said, correlation=str(message.headers["ce_id"]),
        )  # fmt: skip
        session.add(notice)
        planned = NoticePlanned(
            customer_id=contact.customer_id,
            notice_id=notice_id,
            kind="shipped",
            order_id=event.order_id,
            shipment_id=event.shipment_id,
            due_at=now,
        )
        await session.commit()
    await broker.publish(planned, OUT, key=str(planned.customer_id).encode())


if __name__ == "__main__":
    uvloop.run(app.run())
    asyncio.run(engine.dispose())
