"""The tables of the delivery, the same in every service's database. `shared/migrations` makes them."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, LargeBinary, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry

from shared.entities import Entity


class Plumbing(Entity, registry=registry()):
    """Entities of the delivery itself: a registry apart from every service's."""


METADATA = Plumbing.metadata


def moment(name: str, *, nullable: bool = False, default: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=func.now() if default else None)


INBOX = Table(
    "inbox",
    METADATA,
    Column("id", Uuid, primary_key=True),
    moment("arrived_at", default=True),
    Index("inbox_arrived_at", "arrived_at", postgresql_using="brin"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text),
    Column("unit", Text),
    Column("payload", LargeBinary),  # null is a tombstone
    Column("trace", Text),
    Column("correlation", Text),
    moment("announced_at", default=True),
)

STOPPED = Table(
    "stopped",
    METADATA,
    Column("topic", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    moment("since", default=True),
)

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    moment("created_at", default=True),
    Index("idempotency_created_at", "created_at"),
)
