"""Publishes the outbox: one leader, in order of position, a row removed only after the broker has it.

Only one batch a partition is under way, so that nothing overtakes a batch that fails. What is repeated after a fault, the readers' inbox drops;
first deliveries are in order, so dropping repeats keeps the order.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import lru_cache
from time import monotonic
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from shared.aside import put_aside
from shared.clock import now
from shared.envelope import headers_of
from shared.health import Health
from shared.kafka_access import secured
from shared.metrics import Metrics
from shared.outage import is_away
from shared.parked import Trouble
from shared.tally import Counting

LEADER = 0x0CA4E  # one relay a database
PAGE = 1000
BATCH_BYTES = 512 * 1024
IDLE, LONG_IDLE = 0.02, 0.05  # seconds between looks when nobody woke us
SETTLED = (
    10.0  # a transaction that took its position longer ago has committed or was ended for idling, but for one that is slow to commit ...
)
SWEEP = 30.0  # ... and a look from the beginning finds those that had not
READ = """
SELECT position, id, topic, key, type, subject, unit, payload, trace, correlation, announced_at
FROM outbox WHERE position > $1 AND position <> ALL($2::bigint[]) ORDER BY position LIMIT $3"""
hash_of = lru_cache(maxsize=16_384)(murmur2)  # pure Python, it takes as long as all else that is done for a row


class Relay:
    def __init__(
        self, dsn: str, kafka: str, source: str, wake: asyncio.Event, metrics: Metrics, health: Health, counting: Counting | None = None
    ) -> None:  # fmt: skip
        self.dsn, self.kafka, self.source, self.wake, self.metrics, self.health = dsn, kafka, source, wake, metrics, health
        self.batch_bytes, self.counting = BATCH_BYTES, counting

    async def run(self) -> None:
        """For ever; whoever is away is waited for, and what is under way then is read again."""
        pause = 0.1
        while True:
            started = monotonic()
            try:
                await self.lead()
            except Exception as error:
                if not (isinstance(error, KafkaError) or is_away(error)):
                    raise
                self.health.dependency("kafka" if isinstance(error, KafkaError) else "postgres").down(type(error).__name__)
                structlog.get_logger().warning("the relay waits", reason=type(error).__name__)
            pause = 0.1 if monotonic() - started > 10 else min(pause * 2, 2.0)
            self.health.beat("relay")
            await asyncio.sleep(pause)

    async def lead(self) -> None:
        connection = await asyncpg.connect(
            self.dsn,
            command_timeout=30,
            server_settings={"plan_cache_mode": "force_custom_plan", "enable_seqscan": "off", "application_name": "relay"},
        )
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER):
                self.health.beat("relay")
                await asyncio.sleep(0.2)
            producer = AIOKafkaProducer(
                bootstrap_servers=self.kafka,
                enable_idempotence=True,
                max_batch_size=BATCH_BYTES,
                request_timeout_ms=15_000,
                metadata_max_age_ms=30_000,
                **secured(),
            )
            try:
                await producer.start()
                await self.publish(connection, producer)
            finally:
                await asyncio.shield(asyncio.wait_for(producer.stop(), 5))
        finally:
            connection.terminate()

    async def publish(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        """While a page is on its way to the broker, the page before it is removed and the page behind it is read.

        `floor`: what was published lately; looking from there spares the dead rows. A sweep from zero finds what was committed late."""
        floor, swept, idle_since = 0, monotonic(), monotonic()
        passed: list[tuple[float, int]] = []
        rows: Sequence[asyncpg.Record] = ()
        done: list[int] = []
        while True:
            self.wake.clear()
            self.health.beat("relay")
            if monotonic() - swept > SWEEP:
                floor, swept, passed = 0, monotonic(), []
            sending = asyncio.create_task(self.send(producer, rows))
            try:
                await self.remove(connection, done)
                ahead = await connection.fetch(READ, floor, [row["position"] for row in rows], PAGE)
            except BaseException:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                raise
            done, too_large, trouble = await sending
            if self.counting and done:
                await self.counting.left(connection, rows, done)
            for row in too_large:
                await self.put_aside(connection, row)
                done.append(row["position"])
            if trouble:
                await self.remove(connection, done)
                raise trouble
            if rows:
                self.health.dependency("kafka").up()
                idle_since = monotonic()
                passed.append((idle_since, rows[0]["position"]))
                while passed and idle_since - passed[0][0] > SETTLED:
                    floor = max(floor, passed.pop(0)[1] - 1)
                if len(done) < len(rows):  # what did not fit comes before all that was read behind it
                    ahead = ()
            rows, went = ahead, rows
            if not rows and not went:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), IDLE if monotonic() - idle_since < 5 else LONG_IDLE)

    async def remove(self, connection: asyncpg.Connection, done: Sequence[int]) -> None:
        if done:
            await connection.execute("DELETE FROM outbox WHERE position = ANY($1::bigint[])", done)

    async def send(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> tuple[list[int], list[asyncpg.Record], BaseException | None]:
        """One batch for each partition; what does not fit waits for the next round, with all that follows it on its partition.

        Answers with the positions that the broker has, those that no broker takes, and what went wrong with the others."""
        partitions = {topic: sorted(await producer.partitions_for(topic)) for topic in {row["topic"] for row in rows}}
        builders: dict[tuple[str, int], Any] = {}
        full: set[tuple[str, int]] = set()
        done: list[int] = []
        too_large: list[asyncpg.Record] = []
        inside: dict[tuple[str, int], list[asyncpg.Record]] = {}
        for row in rows:
            key, topic = row["key"].encode(), row["topic"]
            place = topic, partitions[topic][(hash_of(key) & 0x7FFFFFFF) % len(partitions[topic])]  # as every Kafka client does by default
            if place in full:
                continue
            builder = builders.get(place) or builders.setdefault(place, producer.create_batch())
            fits = not builder.record_count() or builder.size() + len(row["payload"] or b"") < self.batch_bytes
            if not fits or builder.append(key=key, value=row["payload"], timestamp=None, headers=self.headers(row)) is None:
                full.add(place)
                continue
            inside.setdefault(place, []).append(row)
        sent = [await producer.send_batch(builder, topic, partition=partition) for (topic, partition), builder in builders.items()]
        trouble = None
        for place, answer in zip(builders, await asyncio.gather(*sent, return_exceptions=True), strict=True):
            if isinstance(answer, MessageSizeTooLargeError) and len(inside[place]) == 1:
                too_large += inside[place]
            elif isinstance(answer, MessageSizeTooLargeError):  # a broker that takes less than usual
                self.batch_bytes //= 2
            elif isinstance(answer, BaseException):
                trouble = answer
            else:
                done += [row["position"] for row in inside[place]]
            outcome = "failed" if isinstance(answer, BaseException) else "published"
            self.metrics.outbox_published_total.labels(topic=place[0], outcome=outcome).inc(len(inside[place]))
        return done, too_large, trouble

    def headers(self, row: asyncpg.Record) -> list[tuple[str, bytes]]:
        return headers_of(
            source=self.source, id=str(row["id"]), type=row["type"], time=row["announced_at"], subject=row["subject"],
            unit=row["unit"], trace=row["trace"], correlation=row["correlation"],
        )  # fmt: skip

    async def put_aside(self, connection: asyncpg.Connection, row: asyncpg.Record) -> None:
        """No broker takes it: shown to operators as a fault of ours, and out of the way of what follows."""
        await put_aside(
            connection, row, Trouble("too_large", "an event of ours is larger than the broker takes"), source=self.source, at=now()
        )
        self.metrics.outbox_published_total.labels(topic=row["topic"], outcome="too_large").inc()
