"""`order.shipped` in, notice planned, own event out: one worker on the whole path, beside the same work by hand and beside the usual way."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import asyncpg

from deploy.local.databases import Database
from shared.topics import TOPICS
from tests.bench import by_hand, textbook
from tests.bench.figures import Goal, Result, Round
from tests.bench.shipments import CUSTOMERS, TOPIC, Shipments, contacts, publish, shipments
from tests.bench.stage import Ends, Process, Stage, until
from tests.journeys.taking import begin_here

MANY, FEW = 40_000, 2_000  # events a round; the usual way would need minutes for many
RATE = "messages/s"
SKIPPED = 0.1  # of a round, until a contender runs warm


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    module: str
    out: Sequence[str]  # where its events come out
    into: Sequence[str] = (TOPIC,)
    group: str = "followup"
    options: Sequence[str] = ()

    def start(self, stage: Stage, bench: str, database: Database, slot: int = 0, *options: str) -> Process:
        return stage.start(
            self.module,
            *self.options,
            *options,
            name=f"{bench}-{self.group}-{slot}",
            database=database.dsn,
            slot=str(slot),
            group=f"{self.group}-{bench}",
        )


CARELOOP = Contender("careloop", "tests.bench.worker", ("careloop.followup", "careloop.rejections"))
BY_HAND = Contender("by hand", "tests.bench.by_hand", (by_hand.OUT,), group="by-hand")
IN_LANES = Contender("by hand, in lanes", "tests.bench.by_hand", (by_hand.OUT,), group="by-hand-lanes", options=("--lanes",))
TEXTBOOK = Contender("textbook", "tests.bench.textbook", (textbook.OUT,), (textbook.IN,), "textbook")


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "path", "order.shipped to notice to own event, one worker",
        [
            Goal(RATE, "careloop", "by hand", least=0.6), Goal(RATE, "careloop", "by hand, in lanes"), Goal(RATE, "careloop", "textbook", least=30),
        ],
    )  # fmt: skip
    databases = await prepare(stage, "path", [CARELOOP, BY_HAND, IN_LANES, TEXTBOOK])
    for number in range(rounds):
        many = shipments(MANY, f"p{number}")
        few = shipments(FEW, f"t{number}", topic=textbook.IN)
        await publish(stage.kafka, [*many.records, *few.records])
        for it, sent in random.sample([(CARELOOP, many), (BY_HAND, many), (IN_LANES, many), (TEXTBOOK, few)], 4):
            result.add(it.name, await lap(stage, "path", it, databases[it.name], sent))
    return result


async def prepare(stage: Stage, bench: str, contenders: Sequence[Contender]) -> dict[str, Database]:
    """A database each, in which all customers are known; what other benches left on the topics is nobody's business."""
    ours = await stage.migrated("followup", bench)
    await publish(stage.kafka, contacts())
    await acquainted(stage, ours)
    databases = {CARELOOP.name: ours}
    made: set[str] = set()
    for it in contenders:
        for topic in {*it.out, *it.into} - TOPICS.keys() - made:
            made.add(await stage.topic(topic))
        if it is not CARELOOP:
            databases[it.name] = await stage.copy("followup", ours, f"{bench}_{it.group}".replace("-", "_"))
            await begin_here(stage.kafka, f"{it.group}-{bench}")
    return databases


async def acquainted(stage: Stage, database: Database, customers: int = CUSTOMERS) -> None:
    """The worker learns who the customers are, as it always does."""
    worker = CARELOOP.start(stage, "acquainted", database)
    connection = await asyncpg.connect(database.dsn)

    async def all_known() -> bool:
        return bool(await connection.fetchval("SELECT count(*) FROM contact WHERE NOT news") == customers)

    await until(all_known, seconds=120, watched=[worker], every=0.5)
    await connection.execute("VACUUM ANALYZE contact")
    await connection.close()
    worker.end()


async def lap(stage: Stage, bench: str, it: Contender, database: Database, sent: Shipments, workers: int = 1) -> Round:
    """All that was published, by workers that have just started; the first tenth is not counted."""
    async with Ends(stage.kafka, *it.out) as ends:
        before = await ends.count()
        ours = [it.start(stage, bench, database, slot) for slot in range(workers)]
        begin, end = before + int(sent.outcomes * SKIPPED), before + sent.outcomes
        first = last = before

        async def come(enough: int) -> bool:
            nonlocal last
            last = await ends.count()
            return last >= enough

        await until(lambda: come(begin), seconds=120, watched=ours)
        first, started, used = last, perf_counter(), stage.cpu(*ours)
        await until(lambda: come(end), seconds=300, watched=ours)
        seconds, spent = perf_counter() - started, stage.cpu(*ours)
        memory = max(worker.memory for worker in ours)
        for worker in ours:
            worker.end()
        assert await ends.count() == end, f"{it.name} told {await ends.count() - before} times of {sent.outcomes}"
    share = (last - first) / sent.outcomes
    messages = len(sent.records) * share
    part = {f"{name} us": (spent[name] - used[name]) / messages * 1e6 for name in ("worker", "database", "broker")}
    return {RATE: messages / seconds} | part | {"memory MiB": memory}
