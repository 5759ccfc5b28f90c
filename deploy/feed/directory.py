"""The staff directory as its topic has it now, and what has to be published that it says what a list of staff says.

What is declared as it was is published again under the id that it has: services drop it, unless they parked it, and then they try it afresh.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.broker import administrator
from deploy.feed.publisher import Message, NoKafka
from shared import envelope, records
from shared.clock import now
from shared.contracts.declarations import StaffDeclared
from shared.envelope import Unreadable, headers_of
from shared.ids import uuid7
from shared.kafka_access import secured

SOURCE = "/hr"
TOPIC = StaffDeclared.topic
PATIENCE = 30.0  # seconds without a record


class News(StrEnum):
    """What a declaration is beside the one before."""

    NEW = "new"
    CHANGED = "changed"
    AS_BEFORE = "as before"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Said:
    """The last word on somebody; without an event it is none that can be read, or a withdrawal."""

    written_at: int
    source: str | None = None
    id: str | None = None
    event: StaffDeclared | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is to be published of somebody."""

    event: StaffDeclared
    id: str
    news: News

    def message(self) -> Message:
        event = self.event
        headers = headers_of(source=SOURCE, id=self.id, type=event.name, time=now(), subject=event.subject)
        return Message(TOPIC, event.key.encode(), event.model_dump_json(exclude_none=True, by_alias=True).encode(), headers)


async def read(kafka: str) -> dict[str, Said]:
    """The last word on everybody, by staff id."""
    async with administrator(kafka) as admin:
        partitions = [it["partition"] for topic in await admin.describe_topics() if topic["topic"] == TOPIC for it in topic["partitions"]]
    if not partitions:
        raise NoKafka(f"The broker at {kafka} has no topic {TOPIC}; `careloop topics apply` makes them.")
    records.install()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.split(","), enable_auto_commit=False, auto_offset_reset="earliest", **secured())
    known: dict[str, Said] = {}
    try:
        await consumer.start()
        places = [TopicPartition(TOPIC, number) for number in partitions]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        for place, end in (await consumer.end_offsets(places)).items():
            while await consumer.position(place) < end:
                async with asyncio.timeout(PATIENCE):
                    found = (await consumer.getmany(place, timeout_ms=500)).get(place, [])
                for record in found:
                    keep(known, record)
    except (KafkaError, OSError, TimeoutError) as error:
        raise NoKafka(f"The directory on {kafka} can't be read: {type(error).__name__}.") from error
    finally:
        await consumer.stop()
    return known


def keep(known: dict[str, Said], record: Any) -> None:
    who = (record.key or b"").decode(errors="replace")
    said = said_by(record)
    if who not in known or said.written_at >= known[who].written_at:
        known[who] = said


def said_by(record: Any) -> Said:
    if record.value is None:
        return Said(record.timestamp)
    try:
        told, body = envelope.read(record, now=now())
        event = envelope.event_of(StaffDeclared, body, told) if told.type == StaffDeclared.name else None
    except Unreadable as error:
        return Said(record.timestamp, error.envelope.source, error.envelope.id)
    return Said(record.timestamp, told.source, told.id, event)


def declarations(staff: Sequence[StaffDeclared], known: dict[str, Said], *, leave_missing: bool) -> list[Declaration]:
    """Those of a list; at the end those whom we declared before and who are not on it any more, if they are to leave."""
    told = [declaration(event, known.get(event.staff_id)) for event in staff]
    if leave_missing:
        here = {event.staff_id for event in staff}
        told += (
            Declaration(left(said.event), str(uuid7()), News.LEFT)
            for who, said in sorted(known.items())
            if who not in here and said.source == SOURCE and said.event and said.event.active
        )
    return told


def declaration(event: StaffDeclared, before: Said | None) -> Declaration:
    if before is None or before.event is None:
        return Declaration(event, str(uuid7()), News.NEW)
    if before.event == event and before.source == SOURCE and before.id:
        return Declaration(event, before.id, News.AS_BEFORE)
    return Declaration(event, str(uuid7()), News.CHANGED)


def left(event: StaffDeclared) -> StaffDeclared:
    """The same without what nobody needs of those who left."""
    return event.model_copy(update={"active": False, **dict.fromkeys(("email", "phone", "skills", "absences"))})
