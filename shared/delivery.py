"""A batch of records becomes effects in one transaction a lane: inbox, read and lock, fold, write, outbox, commit.

One event that can't be handled is parked and its neighbours go on. When a reaction fails, what it did to its entities is undone; when the
database refuses, nobody knows whose fault it is, and halving the batch finds out. A database that is away is not waited for here: `Away` tells
the consumer, which keeps polling with its partitions paused.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

import asyncpg
import structlog

from shared import inbox, outbox, parked, stops
from shared.contracts import Event
from shared.contracts.registry import TOMBSTONES
from shared.contracts.rejections import EventRejected
from shared.fold import Circumstances, fold, wanted
from shared.gate import Delivery, Gate, ours
from shared.metrics import Metrics
from shared.outage import is_away, is_clash
from shared.outbox import Announcement, Cause
from shared.shelf import Raced, Shelf

log = structlog.get_logger()
TRIES = 5
LANES = 2
WORTH_TWO = 100  # records


class Away(Exception):
    """The database can't be reached. What of the batch did not become true, comes again."""


class Room:
    """Where a service takes its deliveries."""

    def __init__(self, pool: asyncpg.Pool, gate: Gate, circumstances: Callable[[], Circumstances], metrics: Metrics, *, unit: str) -> None:
        self.pool, self.gate, self.circumstances, self.metrics, self.unit = pool, gate, circumstances, metrics, unit
        self.windows = stops.Windows()

    async def handle(self, records: Sequence[Any]) -> dict[str, str]:
        """Returns when every record is handled or parked, but for those of topics that had to be stopped: they are named, with the reason."""
        self.gate.sources.refresh()
        held: dict[str, str] = {}
        while records:
            self.windows.begin()
            batch: list[Delivery] = []
            came = await asyncio.gather(*(self.take(lane, batch) for lane in lanes(records)), return_exceptions=True)
            for error in came:
                if error and not isinstance(error, stops.Stop):
                    raise error
            if not (found := {error.topic: error.reason for error in came if isinstance(error, stops.Stop)}):
                break
            held |= found
            records = [it.record for it in batch if it.record.topic not in found and it.outcome not in ("done", "skipped")]
            async with self.pool.acquire() as connection:
                for topic, reason in found.items():
                    await stops.stop(connection, topic, reason)
        return held

    async def take(self, records: Sequence[Any], batch: list[Delivery]) -> None:
        """What lies in one lane."""
        read = [self.gate.read(record) for record in records]
        batch += read
        await self.deliver([it for it in read if it.outcome != "skipped"])
        self.count([it for it in read if it.outcome == "skipped"])

    async def deliver(self, batch: Sequence[Delivery]) -> None:
        """One transaction, or as many as it takes to find the one that the database refuses."""
        attempt, refused = 0, False  # refused: one event is left, and all that remains is to park it
        while batch:
            try:
                async with self.pool.acquire() as connection, connection.transaction():
                    went = await self.transact(connection, batch)
            except stops.Stop:
                raise
            except Exception as error:
                self.windows.came_to_nothing(id(batch))
                if is_away(error):
                    raise Away from error
                attempt += 1
                batch = batch if refused else [again(it) for it in batch]
                if (is_clash(error) or isinstance(error, Raced)) and attempt < TRIES:
                    self.metrics.db_errors_total.labels(kind="clash").inc()
                    await asyncio.sleep(0.01 * 2**attempt)
                elif len(batch) > 1:
                    half = len(batch) // 2
                    await self.deliver(batch[:half])
                    batch, attempt = batch[half:], 0
                elif not refused and batch[0].trouble is None:
                    log.error("the database refused an event", exc_info=error, **place_of(batch[0].record))
                    batch[0].trouble, refused, attempt = ours(error), True, 0
                else:
                    raise
            else:
                self.windows.note(id(batch), went)
                self.count(batch)
                for it in batch:
                    it.outcome = "done"
                return

    async def transact(self, connection: asyncpg.Connection, batch: Sequence[Delivery]) -> dict[str, list[tuple[bool, str]]]:
        at = self.gate.clock()
        sound = [it for it in batch if it.trouble is None]
        new = await inbox.enter(connection, {it.inbox_id for it in sound if it.inbox_id})
        for it in sound:
            it.outcome = "ok" if it.inbox_id in new else "duplicate"
        fresh = [it for it in sound if it.outcome == "ok"]
        shelf = Shelf()
        for stage in range(max((len(reaction.stages) for it in fresh for reaction in it.reactions), default=0)):
            await shelf.fetch(connection, wanted(fresh, shelf, stage))
        handled = set[Any]()
        announcements = fold(fresh, shelf, self.circumstances(), handled)
        if any(it.trouble for it in batch):
            announcements += await self.park(connection, batch, handled, new, at)
        went = self.went(batch)
        self.windows.weigh(id(batch), went)
        await parked.mended(
            connection,
            {it.inbox_id for it in sound if it.inbox_id and not it.trouble},
            at=at,
            replayed=next((it.parked_id for it in batch if it.parked_id), None),
        )
        await shelf.save(connection)
        await outbox.write(connection, announcements)
        return went

    async def park(
        self, connection: asyncpg.Connection, batch: Sequence[Delivery], handled: set[Any], new: set[Any], at: datetime
    ) -> list[Announcement]:
        """A broken repeat of what was handled is a repeat. The rest leaves the inbox, is kept, and foreign faults are told, once."""
        troubled = [it for it in batch if it.trouble]
        if failed := [it.inbox_id for it in troubled if it.inbox_id and it.inbox_id in new and it.inbox_id not in handled]:
            await inbox.leave(connection, failed)
        known = await inbox.known(connection, {it.inbox_id for it in troubled if it.inbox_id}) - handled
        for it in batch:  # what was handled behind it in the batch has mended it; only before it, it made it a repeat
            if it.trouble:
                it.outcome = "duplicate" if it.inbox_id in known else "parked"
            elif it.outcome == "ok" and it.inbox_id:
                known.add(it.inbox_id)
        rows = {
            it: parked.row_of(it.record, it.trouble, inbox_id=it.inbox_id, envelope=it.envelope, at=at)
            for it in troubled
            if it.trouble and it.outcome == "parked"
        }
        first = await parked.keep(connection, list(rows.values()), at=at)
        told: list[Announcement] = [
            (self.rejection(it, row), cause_of(it)) for it, row in rows.items() if row["id"] in first and self.is_told(it)
        ]
        return told + [(tombstone, cause_of(it)) for it in rows if (tombstone := tombstone_of(it))]

    def is_told(self, it: Delivery) -> bool:
        """Not of a rejection itself: it would be rejected again and again."""
        return it.trouble is not None and not it.trouble.ours and it.record.topic in self.gate.owned - {EventRejected.topic}

    def rejection(self, it: Delivery, row: dict[str, Any]) -> EventRejected:
        assert it.trouble
        record, trouble = it.record, it.trouble
        return EventRejected(
            source=row["source"], id=row["event_id"], type=row["type"], rejected_topic=record.topic, partition=record.partition, offset=record.offset,
            code=trouble.code, pointer=trouble.pointer, message=trouble.message, parked_id=row["id"], unit=self.unit,
        )  # fmt: skip

    def went(self, batch: Sequence[Delivery]) -> dict[str, list[tuple[bool, str]]]:
        went = defaultdict(list)
        for it in batch:
            if it.parked_id is None and it.outcome != "duplicate":
                trouble = it.trouble
                went[it.record.topic].append((bool(trouble and trouble.ours), trouble.message if trouble else ""))
        return went

    def count(self, batch: Sequence[Delivery]) -> None:
        counted = Counter((it.record.topic, type(it.event).name if it.event else "unknown", it.outcome) for it in batch)
        for (topic, kind, outcome), number in counted.items():
            self.metrics.consumer_records_total.labels(group=self.gate.service, topic=topic, event_type=kind, outcome=outcome).inc(number)
        at, ages = self.gate.clock(), self.metrics.event_end_to_end_seconds
        watches = {kind: ages.labels(event_type=kind) for _, kind, outcome in counted if outcome == "ok"}
        for it in batch:
            if it.outcome == "ok" and it.event and it.envelope.time:
                watches[it.event.name].observe(max((at - it.envelope.time).total_seconds(), 0))
            elif it.outcome == "parked" and it.trouble:
                self.metrics.parked_total.labels(topic=it.record.topic, reason=it.trouble.code).inc()
                log.warning(
                    "parked",
                    reason=it.trouble.code,
                    event_id=parked.storable(it.envelope.id),
                    correlation_id=cause_of(it).correlation,
                    **place_of(it.record),
                )


def lanes(records: Sequence[Any]) -> list[list[Any]]:
    """What can be handled side by side, as by two workers: while one waits for the database, the other computes. All of a key is in one
    lane; few records are not worth a second transaction."""
    if len(records) < WORTH_TWO:
        return [list(records)]
    found: list[list[Any]] = [[] for _ in range(LANES)]
    for record in records:
        found[crc32(record.key or b"") % LANES].append(record)
    return [lane for lane in found if lane]


def tombstone_of(it: Delivery) -> Event | None:
    """Where nothing of a record may be kept, a compacted topic has to forget it too; who reads the null finds nobody."""
    contract = TOMBSTONES.get(it.record.topic)
    return contract.from_key(it.record.key.decode()) if it.trouble and it.trouble.forget and contract else None


def cause_of(it: Delivery) -> Cause:
    """What is said of a record carries along what the record said, otherwise its own id."""
    return Cause(parked.storable(it.envelope.correlation or it.envelope.id), parked.storable(it.envelope.trace))


def place_of(record: Any) -> dict[str, Any]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def again(it: Delivery) -> Delivery:
    """As it was before the transaction that came to nothing. What was wrong with the record itself, stays wrong."""
    if it.trouble and it.event is not None:
        it.trouble = None
    return it
