"""Sends messages to Kafka: idempotent, in order per key, at a given rate or as fast as it goes."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import Refusal
from shared.kafka_access import secured

OUTSTANDING = 5_000
PATIENCE = 90.0  # seconds: a broker that restarts is waited for


@dataclass(frozen=True, slots=True)
class Message:
    """A record to be."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class NoKafka(Refusal):
    """The broker does not take it."""


class Publisher:
    """`async with Publisher(address, topics) as publisher`: the broker answers and has the topics."""

    def __init__(self, address: str, topics: Iterable[str]) -> None:
        self.address, self.topics = address, set(topics)
        self.sent = 0
        self.waiting: deque[asyncio.Future[Any]] = deque()
        self.places: list[Place] = []

    async def __aenter__(self) -> Self:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is said in one sentence, by us
        self.producer = AIOKafkaProducer(
            bootstrap_servers=self.address, enable_idempotence=True, acks="all", linger_ms=5, max_batch_size=128 * 1024, max_request_size=1024 * 1024,
            **secured(),
        )  # fmt: skip
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.producer.stop)
            try:
                await self.producer.start()
                known = (await self.producer.client.fetch_all_metadata()).topics()
            except (KafkaError, OSError, ValueError) as error:
                raise NoKafka(f"No Kafka answers at {self.address}; `make run` starts one, CARELOOP_KAFKA names another.") from error
            if missing := sorted(self.topics - known):
                raise NoKafka(f"The broker at {self.address} has no topic {', '.join(missing)}; `careloop topics apply` makes them.")
            undo.pop_all()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            await self.producer.stop()
        else:  # what could not be sent is not waited for
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(self.producer.stop(), 2)

    async def send(self, message: Message) -> None:
        """Returns when it is on its way; `flush` says that all arrived."""
        try:
            arrival = await self.producer.send(message.topic, message.value, key=message.key, headers=message.headers)
        except KafkaError as error:
            raise self.away() from error
        self.waiting.append(arrival)
        if len(self.waiting) >= OUTSTANDING:
            await self.settle(OUTSTANDING // 2)

    async def flush(self) -> None:
        await self.settle(0)

    async def settle(self, left: int) -> None:
        while len(self.waiting) > left:
            arrival = self.waiting[0]
            if not arrival.done():
                await asyncio.wait([arrival], timeout=PATIENCE)
            if not arrival.done() or arrival.exception():
                raise self.away()
            self.waiting.popleft()
            record = arrival.result()
            self.sent += 1
            self.places.append(Place(record.topic, record.partition, record.offset))

    def away(self) -> NoKafka:
        return NoKafka(
            f"Kafka at {self.address} went away after {self.sent} events; sent again, events with the same ids are not handled twice."
        )


async def publish(publisher: Publisher, makers: Iterable[Callable[[], Message]], *, rate: float | None, tell: Callable[[], None]) -> None:
    """Every message is made at the moment it is sent. `rate` is events a second; None is as fast as it goes."""
    started = monotonic()
    for number, make in enumerate(makers):
        if rate and (ahead := started + number / rate - monotonic()) > 0:
            await asyncio.sleep(ahead)
        elif number % 500 == 0:
            await asyncio.sleep(0)
        await publisher.send(make())
        tell()
    await publisher.flush()
