"""Sends events and reads what comes of them: how long was each under way, from our publisher's hand to our reader's?"""

import asyncio
import contextlib
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.bench.shipments import Published


class Travels:
    """`left` and `took` by the event's id, in seconds. What comes of an event says it as its correlation; of a repeat the first counts."""

    def __init__(self, kafka: str, out: Sequence[str]) -> None:
        self.reader = AIOKafkaConsumer(*out, bootstrap_servers=kafka, auto_offset_reset="latest")
        self.producer = AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, linger_ms=0)
        self.left: dict[str, float] = {}
        self.took: dict[str, float] = {}

    async def __aenter__(self) -> "Travels":
        await self.reader.start()
        await self.producer.start()
        self.reading = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.reading
        await self.reader.stop()
        await self.producer.stop()

    async def read(self) -> None:
        async for record in self.reader:
            id = dict(record.headers)["ce_correlationid"].decode()
            if id in self.left and id not in self.took:
                self.took[id] = perf_counter() - self.left[id]

    async def send(self, it: Published) -> None:
        self.left.setdefault(id_of(it), perf_counter())
        await self.producer.send(it.topic, it.value, key=it.key, headers=list(it.headers))

    def has(self, it: Published) -> bool:
        return id_of(it) in self.took

    @property
    def complete(self) -> bool:
        return len(self.took) == len(self.left)


def id_of(it: Published) -> str:
    return dict(it.headers)["ce_id"].decode()
