"""Does what was handled long ago slow down what is handled now? The room of follow-up over two databases, batch by batch in turn, without Kafka.

Both know the same customers and take the same records; one has a year behind it. Own events carry ids that grow with time, so that the inbox is
written at its end; foreign ones land anywhere in it.
"""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from time import perf_counter

from services.followup.app import service, trade_of
from shared.clock import now
from shared.contracts.complaints import ComplaintResolved
from shared.database import open_pool
from shared.delivery import Room
from shared.envelope import headers_of
from shared.gate import Gate
from shared.ids import customer_of, uuid7
from shared.kafka import BATCH
from shared.metrics import Metrics
from shared.replay import Record
from shared.sources import Sources
from shared.units import Units
from tests.bench import past
from tests.bench.figures import Goal, Result, Round
from tests.bench.shipments import Published, reference, shipped
from tests.bench.stage import Stage

BATCHES = 40  # a round, of each kind, in each database; one more round before the first, which is not counted
OWN, FOREIGN = "own ids", "foreign ids"
EMPTY, FULL = "empty", "10 M"
TIME = "us a message"
places = count()


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "history", "follow-up over 10 M inbox rows and 1 M notices, and over none",
        [Goal(TIME, f"{OWN}, {FULL}", f"{OWN}, {EMPTY}", most=1.2), Goal(TIME, f"{FOREIGN}, {FULL}", f"{FOREIGN}, {EMPTY}", most=1.5)],
    )  # fmt: skip
    began = perf_counter()
    empty = await stage.migrated("followup", "history_empty")
    await past.acquaint(empty)
    full = await stage.copy("followup", empty, "history_full")
    size = await past.live_through(full)
    result.said.append(f"The full one was made in {perf_counter() - began:.0f} s and has {size:.1f} GiB.")
    async with room(stage, empty.dsn) as without, room(stage, full.dsn) as beneath:
        rooms = {EMPTY: without, FULL: beneath}
        for number in range(-1, rounds):
            for kind, made in ((OWN, resolved), (FOREIGN, sent)):
                laps = await lap(stage, rooms, [batch(made) for _ in range(BATCHES)])
                for name, it in laps.items() if number >= 0 else ():
                    result.add(f"{kind}, {name}", it)
        for name, it in rooms.items():
            planned, parked = await it.pool.fetchrow("SELECT (SELECT count(*) FROM call), (SELECT count(*) FROM parked)")
            assert (planned, parked) == ((rounds + 1) * BATCHES * BATCH, 0), f"{name}: {planned} calls planned, {parked} records parked"
    return result


@asynccontextmanager
async def room(stage: Stage, dsn: str) -> AsyncIterator[Room]:
    """As a worker has it."""
    units, pool = Units.read(stage.folder / "units.toml"), await open_pool(dsn)
    gate = Gate(service.name, service.listeners, Sources(stage.folder / "sources.toml"), now)
    trade = trade_of(units)
    try:
        yield Room(pool, gate, lambda: {"at": now(), "units": units, "trade": trade}, Metrics("bench", "0"), unit=units.default)
    finally:
        pool.terminate()


async def lap(stage: Stage, rooms: dict[str, Room], batches: Sequence[Sequence[Record]]) -> dict[str, Round]:
    """Every batch through each room, whichever comes first."""
    took, used = dict.fromkeys(rooms, 0.0), dict.fromkeys(rooms, 0.0)
    for records in batches:
        for name in random.sample(list(rooms), len(rooms)):
            database, began = stage.cpu()["database"], perf_counter()
            held = await rooms[name].handle(records)
            took[name] += perf_counter() - began
            used[name] += stage.cpu()["database"] - database
            assert not held, held
    messages = sum(map(len, batches))
    return {name: {TIME: took[name] / messages * 1e6, "database us": used[name] / messages * 1e6} for name in rooms}


def batch(made: Callable[[int], Published]) -> list[Record]:
    chance = random.Random()
    return [record(made(chance.randrange(past.CUSTOMERS))) for _ in range(BATCH)]


def record(it: Published) -> Record:
    place = next(places)
    return Record(it.topic, place % 12, place, int(datetime.now(UTC).timestamp() * 1000), it.key, it.value, it.headers)


def resolved(customer: int) -> Published:
    """A complaint came to its result: somebody is to ask the customer."""
    at = datetime.now(UTC) - timedelta(minutes=5)
    told = ComplaintResolved(
        customer_id=customer_of(reference(customer)), unit="headquarters", complaint_id=uuid7(), number=f"C260603-{customer:08d}", round=1,
        outcome="upheld", authority="own", resolved_at=at, resolved_by="staff",
    )  # fmt: skip
    headers = headers_of(
        source="/careloop/complaints",
        id=str(uuid7()),
        type=told.name,
        time=at,
        subject=told.subject,
        unit=told.unit,
        correlation=uuid7().hex,
    )
    return Published(told.topic, told.key.encode(), told.model_dump_json().encode(), headers)


def sent(customer: int) -> Published:
    """A warehouse sent an order off: the customer is to be told."""
    number = next(places)
    return shipped(customer, f"SO-{number}", f"SH-{number}", uuid7().hex, datetime.now(UTC) - timedelta(minutes=5))
