"""Takes records from Kafka to the room: offsets after the database, outages waited for with partitions paused, stopped topics held.

Whoever owns the poll loop (`shared/shell.py`, or `consume` in `shared/kafka.py`) gives it a consumer and every batch; `handle` never raises, and
returns at once when it has to wait, so that the loop goes on polling and the group stays whole.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from time import monotonic, time  # noqa: TID251  the records' time is the real one
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared import stops
from shared.delivery import Away, Room
from shared.health import Health
from shared.metrics import Metrics
from shared.outage import is_away, name_of

log = structlog.get_logger()
COMMITTED_EVERY = 0.2  # seconds
LOOKED_EVERY = 1.0
SEEN_EVERY = 5.0


class Intake(ConsumerRebalanceListener):  # type: ignore[misc]
    """What one worker takes in."""

    def __init__(self, room: Room, metrics: Metrics, health: Health, wake: asyncio.Event) -> None:
        self.room, self.metrics, self.health, self.wake = room, metrics, health, wake
        self.group = room.gate.service
        self.consumer: AIOKafkaConsumer | None = None
        self.done: dict[TopicPartition, int] = {}
        self.handled: dict[TopicPartition, tuple[int, int]] = {}  # the next offset, and when the last record was written
        self.even: dict[TopicPartition, float] = {}  # when there was nothing more to read
        self.away = False
        self.stopped: dict[str, str] = {}
        self.gaps: dict[TopicPartition, str] = {}  # partitions that only a person lets go on, and why
        self.told: set[TopicPartition] = set()  # gaps that stand in the database
        self.probed_at: dict[str, float] = {}
        self.to_lift: set[str] = set()
        self.busy = asyncio.Lock()
        self.committing = asyncio.Lock()
        self.ended = False
        self.joined = asyncio.Event()

    # -- the poll loop's side

    async def handle(self, records: Sequence[Any]) -> None:
        """Every record is handled, parked, or will come again."""
        async with self.busy:
            started = monotonic()
            firsts = first_offsets(records)
            try:
                if self.ended:
                    return None  # whoever comes after us reads them
                if self.away:
                    return self.rewind(firsts)
                taken = self.probe(records)
                for partition, first in lasts(reversed(records)).items():  # a batch that never ends is seen as lag, the first too
                    self.handled.setdefault(partition, (first.offset, first.timestamp))
                held = await self.room.handle(taken)
            except Exception as error:
                self.rewind(firsts)
                if not isinstance(error, Away) and not is_away(error):
                    log.exception("a batch failed as a whole")
                self.wait_for_the_database(name_of(error))
                return
            self.wake.set()
            for partition, record in lasts(taken).items():
                if record.topic not in held:
                    self.done[partition] = max(record.offset + 1, self.done.get(partition, 0))
                    self.handled[partition] = self.done[partition], record.timestamp
            self.hold(held, firsts)
            self.health.dependency("postgres").up()
            self.metrics.consumer_handle_seconds.labels(event_type="batch").observe((monotonic() - started) / max(len(records), 1))

    def probe(self, records: Sequence[Any]) -> Sequence[Any]:
        """Of a stopped topic, a few records at the most; what is beyond them comes again."""
        taken: dict[str, int] = defaultdict(int)
        beyond: dict[TopicPartition, int] = {}
        probing = []
        for record in records:
            if record.topic in self.stopped:
                partition = TopicPartition(record.topic, record.partition)
                if taken[record.topic] >= stops.PROBE or partition in beyond:
                    beyond.setdefault(partition, record.offset)
                    continue
                taken[record.topic] += 1
                self.room.windows.probed.add(record.topic)
            probing.append(record)
        self.rewind(beyond)
        return probing

    def polled(self) -> None:
        self.health.beat("consumer")
        self.metrics.consumer_last_poll_timestamp_seconds.labels(group=self.group).set_to_current_time()

    def stand_still(self, consumer: AIOKafkaConsumer, partition: TopicPartition, reason: str) -> None:
        """The broker forgot records before we read them, or nobody can: only a person may jump over that."""
        if partition not in self.gaps:
            self.gaps[partition] = reason
            log.critical("consumption of the partition is stopped", topic=partition.topic, partition=partition.partition, reason=reason)
        self.health.stopped[partition.topic] = {"reason": f"partition {partition.partition}: {reason}"}
        consumer.pause(partition)

    # -- waiting

    def wait_for_the_database(self, reason: str) -> None:
        self.health.dependency("postgres").down(reason)
        self.health.waits(f"postgres ({reason})")
        if not self.away:
            self.away = True
            self.metrics.consumer_paused.labels(group=self.group).set(1)
            log.warning("waiting for the database with partitions paused", reason=reason)
        self.pause(self.assignment())

    def hold(self, held: dict[str, str], firsts: dict[TopicPartition, int]) -> None:
        """Stop these topics; let go of those whose probe went well."""
        went_well = self.room.windows.probed - held.keys()
        self.room.windows.probed.clear()
        for topic, reason in held.items():
            if topic not in self.stopped:
                log.error("consumption stopped: most records fail for a reason of ours", topic=topic, reason=reason)
            self.stopped[topic] = reason
            self.health.stopped[topic] = {"reason": reason}
            self.probed_at[topic] = monotonic()
            partitions = {partition: offset for partition, offset in firsts.items() if partition.topic == topic}
            self.rewind(partitions)
            self.pause(partition for partition in self.assignment() if partition.topic == topic)
        for topic in went_well:
            self.let_go(topic)
        self.to_lift |= went_well

    def let_go(self, topic: str) -> None:
        log.info("consumption goes on", topic=topic)
        self.stopped.pop(topic, None)
        self.health.stopped.pop(topic, None)
        self.probed_at.pop(topic, None)
        self.room.windows.forget(topic)
        self.unpause(partition for partition in self.assignment() if partition.topic == topic)

    async def recall(self) -> bool:
        """Before the first record: what is stopped, whoever stopped it."""
        async with self.room.pool.acquire(timeout=5) as connection:
            known = await stops.stopped(connection)
        for topic, reason in known.items():
            if not stops.is_gap(topic):
                self.keep_to(topic, reason)
        return True

    def keep_to(self, topic: str, reason: str) -> None:
        self.stopped[topic], self.probed_at[topic] = reason, monotonic()
        self.health.stopped[topic] = {"reason": reason}
        self.pause(partition for partition in self.assignment() if partition.topic == topic)

    async def see_kafka(self) -> None:
        """Is a broker there? The client waits and tries again by itself, and does not say so."""
        while True:
            await asyncio.sleep(SEEN_EVERY)
            if self.consumer is None:
                continue
            try:
                await asyncio.wait_for(self.consumer.topics(), SEEN_EVERY)
            except (KafkaError, OSError, TimeoutError) as error:
                self.health.dependency("kafka").down(type(error).__name__)
            else:
                self.health.dependency("kafka").up()

    async def watch(self) -> None:
        """Beside the poll loop: commits offsets, looks whether the database is back, keeps to the stops that other workers found."""
        looked = 0.0
        while True:
            await asyncio.sleep(COMMITTED_EVERY)
            self.health.beat("intake")
            await self.commit()
            if monotonic() - looked >= LOOKED_EVERY:
                looked = monotonic()
                self.measure()
                await self.look()

    def measure(self) -> None:
        """How far behind we are, in records and in the age of the last that we handled."""
        for partition in self.assignment():
            end = self.consumer.highwater(partition) if self.consumer else None
            if end is None:
                continue
            handled = self.handled.get(partition)
            behind = max(end - handled[0], 0) if handled else 0
            if not behind:
                self.even[partition] = time()
            since = (
                max(handled[1] / 1000, self.even.get(partition, 0.0)) if handled else time()
            )  # a record after a quiet week is not a week old
            where = {"group": self.group, "topic": partition.topic, "partition": partition.partition}
            self.metrics.consumer_lag_records.labels(**where).set(behind)
            self.metrics.consumer_lag_seconds.labels(**where).set(max(time() - since, 0) if behind else 0)

    async def look(self) -> None:
        known = set(self.stopped)  # what is stopped while we look is not looked for
        try:
            async with self.room.pool.acquire(timeout=5) as connection:
                for topic in self.to_lift:
                    await stops.resume(connection, topic)
                self.to_lift.clear()
                for partition, reason in [*self.gaps.items()]:
                    if partition not in self.told:
                        await stops.stop(connection, stops.gap(*partition), reason)
                        self.told.add(partition)
                stopped = await stops.stopped(connection)
        except Exception as error:
            if not is_away(error):
                log.warning("the database does not answer as it should", reason=type(error).__name__)
            self.health.dependency("postgres").down(type(error).__name__)
            return
        self.health.dependency("postgres").up()
        if self.busy.locked():
            return
        await self.jump([it for it in self.gaps if it in self.told and stops.gap(*it) not in stopped])
        stopped = {topic: reason for topic, reason in stopped.items() if not stops.is_gap(topic)}
        for topic in known & (self.stopped.keys() - stopped.keys()):
            self.let_go(topic)
        for topic, reason in stopped.items():
            if topic not in self.stopped:
                self.keep_to(topic, reason)
            elif monotonic() - self.probed_at[topic] >= stops.PROBED_EVERY:
                self.probed_at[topic] = monotonic()
                self.unpause(partition for partition in self.assignment() if partition.topic == topic)
        if self.away:
            self.away = False
            self.health.waits(None)
            log.info("the database is back")
            self.unpause(partition for partition in self.assignment() if partition.topic not in self.stopped)
        self.metrics.consumer_paused.labels(group=self.group).set(self.away)

    async def jump(self, partitions: Sequence[TopicPartition]) -> None:
        """A person said that what is gone is gone."""
        for partition in partitions:
            assert self.consumer
            try:
                await self.consumer.seek_to_beginning(partition)
                position = await self.consumer.position(partition)
            except (KafkaError, IllegalStateError, TimeoutError) as error:
                log.warning(
                    "the earliest record is not known yet",
                    topic=partition.topic,
                    partition=partition.partition,
                    reason=type(error).__name__,
                )
                continue
            log.warning(
                "goes on behind a gap",
                topic=partition.topic,
                partition=partition.partition,
                gap=self.gaps.pop(partition, None),
                offset=position,
            )
            self.told.discard(partition)
            self.forget_gaps()
            if not self.away and partition.topic not in self.stopped:
                self.unpause([partition])

    def forget_gaps(self) -> None:
        for topic in self.health.stopped.keys() - self.stopped.keys() - {partition.topic for partition in self.gaps}:
            del self.health.stopped[topic]

    # -- the consumer's side

    def assignment(self) -> set[TopicPartition]:
        return set(self.consumer.assignment()) - self.gaps.keys() if self.consumer else set()

    def rewind(self, offsets: dict[TopicPartition, int]) -> None:
        for partition, offset in offsets.items():
            if self.consumer and partition in self.consumer.assignment():
                try:
                    self.consumer.seek(partition, offset)
                except (IllegalStateError, AssertionError):
                    log.debug("a partition went away", topic=partition.topic, partition=partition.partition)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        if self.consumer and (partitions := list(partitions)):
            self.consumer.pause(*partitions)

    def unpause(self, partitions: Iterable[TopicPartition]) -> None:
        if self.consumer and (partitions := [it for it in partitions if it not in self.gaps]):
            self.consumer.resume(*partitions)

    async def end(self) -> None:
        """Lets the batch under way end and takes no other; then the offsets are those of the work, unless the broker is away."""
        async with self.busy:
            self.ended = True
        for _ in range(3):
            await self.commit()
            if not self.done:
                return
            await asyncio.sleep(COMMITTED_EVERY)

    async def commit(self) -> None:
        """Only a hint: the inbox decides. Explicit, and only of what is still ours."""
        async with self.committing:
            await self.commit_done()

    async def commit_done(self) -> None:
        if self.consumer is None or not self.done:
            return
        ours = self.consumer.assignment()
        offsets = {partition: offset for partition, offset in self.done.items() if partition in ours}
        self.done = {}
        if offsets:
            try:
                await asyncio.wait_for(self.consumer.commit(offsets), 10)
            except (KafkaError, IllegalStateError, TimeoutError) as error:
                log.debug("offsets not committed; what comes again is dropped by the inbox", reason=type(error).__name__)
                self.health.dependency("kafka").down(type(error).__name__)
                for partition, offset in offsets.items():
                    self.done[partition] = max(offset, self.done.get(partition, 0))
            else:
                self.health.dependency("kafka").up()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        try:
            await asyncio.wait_for(self.busy.acquire(), 20)  # a batch under way may still end well
        except TimeoutError:
            pass
        else:
            self.busy.release()
        await self.commit()
        self.done = {}
        self.handled, self.even = {}, {}

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        assigned = list(assigned)
        self.gaps.clear()
        self.told.clear()
        self.forget_gaps()
        self.joined.set()
        self.health.reached("group")
        self.health.dependency("kafka").up()
        self.metrics.consumer_lag_records.clear()  # what is another's now is for the other to tell
        self.metrics.consumer_lag_seconds.clear()
        self.metrics.consumer_rebalances_total.labels(group=self.group).inc()
        self.metrics.consumer_assigned_partitions.labels(group=self.group).set(len(assigned))
        if self.away:
            self.pause(assigned)
        self.pause(partition for partition in assigned if partition.topic in self.stopped)


def lasts(records: Iterable[Any]) -> dict[TopicPartition, Any]:
    """The last record of each partition; of one partition they stand in their order."""
    found = {(record.topic, record.partition): record for record in records}
    return {TopicPartition(*place): record for place, record in found.items()}


def first_offsets(records: Sequence[Any]) -> dict[TopicPartition, int]:
    return {partition: record.offset for partition, record in lasts(reversed(records)).items()}
