"""What a service announced, kept for those who ask later what happened: events whose contract says `kept`, written together with the outbox.

Ids, times and codes, as on the topic. A record of the business, not of the plumbing: nothing purges it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection
from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.entities import Timestamp
from shared.plumbing import Plumbing
from shared.topics import TOPICS, source_of

COLUMNS = "id", "topic", "type", "subject", "unit", "data", "correlation"


class Journal(Plumbing, table=True):
    """An event that was announced. Its time is the outbox's: both default to the beginning of their transaction."""

    __table_args__ = (
        Index("journal_correlation", "correlation", "announced_at", "id"),
        Index("journal_subject", "subject", "announced_at", "id"),
        Index("journal_type", "type", "announced_at", "id"),
        Index("journal_announced", "announced_at", "id"),
    )
    id: UUID = Field(primary_key=True)  # of the event: ce_id
    topic: str
    type: str
    subject: str | None = None
    unit: str | None = None
    data: dict[str, Any] = Field(sa_type=JSONB)
    correlation: str | None = None
    announced_at: datetime = Field(sa_type=Timestamp)

    @property
    def source(self) -> str:
        return source_of(TOPICS[self.topic].owner)


async def write(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of the outbox whose events are kept: id, topic, key, type, subject, unit, payload, trace, correlation."""
    kept = [
        (id, topic, type, subject, unit, payload.decode(), correlation)
        for id, topic, _, type, subject, unit, payload, _, correlation in rows
    ]
    await connection.copy_records_to_table("journal", columns=COLUMNS, records=kept)
