"""A million open clocks: ten thousand are due in one minute, nobody is due for a while, and a change of the profile is previewed.

Beside the way of the textbooks: a worker takes one due row after the other, changes it and announces it in a transaction of its own.
"""

import asyncio
import random
from datetime import UTC, datetime
from time import perf_counter

import asyncpg

from deploy.local.databases import Database
from services.complaints.app import service, trade_of
from services.complaints.domain.clock import Watch
from services.complaints.domain.policy import Trade
from shared.clock import now
from shared.clocks import firing
from shared.clocks.clock import Thing
from shared.clocks.preview import preview
from shared.clocks.terms import Facts, Terms
from shared.contracts.complaints import MilestoneMissed
from shared.database import open_engine, open_pool
from shared.health import Health
from shared.ids import customer_of, made_of
from shared.metrics import Metrics
from shared.profiles.drafting import drafted
from shared.service import Means
from shared.sources import Sources
from shared.units import Units
from tests.bench.figures import Goal, Result, Round
from tests.bench.stage import Stage

OPEN, DUE = 1_000_000, 10_000
LOOKS = 60  # of a worker who finds nothing: a minute
WE, WE_TWO, TEXTBOOK, PREVIEW, IDLE = "careloop", "careloop, two workers", "one after the other", "preview", "idle"
FIRED, LATE = "fired/s", "the last after s"
COPIED = """
INSERT INTO clock SELECT md5('clock' || n)::uuid, 'complaint:' || md5('complaint' || n)::uuid, milestone, round, md5('who' || n % 100000)::uuid,
    md5('who' || n % 100000)::uuid, unit, owner, state, profile, profile_version, profile_digest, terms,
    jsonb_set(facts, '{moments,received}', to_jsonb(to_char((started_at + n * interval '1 second') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00'))),
    reckoned, started_at + n * interval '1 second', due_at + n * interval '1 second', at_risk_at, started_at, provisional, holidays, known, pauses, moves,
    pause_until, due_at + n * interval '1 second', ended_at, done_at, correlation, trace, version
FROM clock CROSS JOIN generate_series(1, $1) AS n WHERE about = 'complaint:first'"""
SET_DUE = """
UPDATE clock SET due_at = $1 - random() * interval '60 seconds', next_at = $1 - random() * interval '60 seconds'
WHERE id = ANY(ARRAY(SELECT id FROM clock WHERE next_at > $1 LIMIT $2))"""
ONE = "SELECT * FROM clock WHERE next_at < $1 ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED"


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "clocks", "1 M open clocks: 10,000 due in one minute, a minute without, a preview of all",
        [
            Goal(LATE, WE, most=60, worst=True), Goal(FIRED, WE, TEXTBOOK), Goal("% of a core", IDLE, most=1, worst=True),
            Goal("seconds", PREVIEW, most=60, worst=True),
        ],
    )  # fmt: skip
    began = perf_counter()
    database = await stage.migrated("complaints", "clocks")
    units = Units.read(stage.folder / "units.toml")
    trade = trade_of(units)
    await fill(database, trade)
    result.said.append(f"The clocks were made in {perf_counter() - began:.0f} s.")
    engine, pool = open_engine(database.dsn), await open_pool(database.dsn, size=4)
    metrics, health = Metrics("bench", "0"), Health("complaints", "worker")
    means = Means(None, units, Sources(stage.folder / "sources.toml"), metrics, health, engine, pool)
    try:
        for _ in range(rounds):
            for contender in random.sample([WE, WE_TWO, TEXTBOOK], 3):
                result.add(contender, await fired(contender, means, trade))
            result.add(IDLE, await idle(stage, means, trade))
            result.add(PREVIEW, await previewed(pool, trade))
    finally:
        await engine.dispose()
        pool.terminate()
    return result


async def fill(database: Database, trade: Trade) -> None:
    """The plan of a complaint that came next spring, a million times, a second apart; all warned of already, so that what is due is missed."""
    received = datetime(now().year + 1, 3, 1, 2, tzinfo=UTC)
    first = Watch.start(
        Thing("complaint:first", customer_of("erp/1"), customer_of("erp/1"), "headquarters"), "plan",
        Facts({"received": received}, channel="phone", category="delivery"), Terms.of(trade, "headquarters", trade.policy("headquarters").milestones.plan),
        trade.profile("headquarters"), now(),
    )  # fmt: skip
    assert first is not None
    first.warned_at = received
    owner = await asyncpg.connect(database.owner_dsn)
    pool = await open_pool(database.dsn, size=1)
    async with firing.in_one_batch(pool, []) as batch:
        batch.keep([first])
    indexes = await owner.fetch("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'clock' AND indexname <> 'clock_pkey'")
    for it in indexes:
        await owner.execute(f"DROP INDEX {it['indexname']}")
    await owner.execute(COPIED, OPEN, timeout=900)
    for it in indexes:
        await owner.execute(it["indexdef"], timeout=900)
    await owner.execute("VACUUM ANALYZE clock", timeout=900)
    await owner.close()
    pool.terminate()


async def fired(contender: str, means: Means, trade: Trade) -> Round:
    assert means.pool
    await means.pool.execute(SET_DUE, now(), DUE, timeout=300)
    began = perf_counter()
    if contender == TEXTBOOK:
        while await one(means.pool):
            pass
    else:
        await asyncio.gather(*(all_of(means, trade) for _ in range(1 + (contender == WE_TWO))))
    took = perf_counter() - began
    announced = await means.pool.fetchval("SELECT count(*) FROM outbox WHERE type = 'milestone.missed.v1'")
    assert announced == DUE, f"{contender}: {announced} announced"
    await means.pool.execute("DELETE FROM outbox")
    return {FIRED: DUE / took, LATE: took}


async def all_of(means: Means, trade: Trade) -> None:
    while await firing.fire(Watch, trade, means):
        pass


async def one(pool: asyncpg.Pool) -> bool:
    """As the books have it: take one that is due, change it, announce it, commit."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(ONE, now())
        if row is None:
            return False
        await connection.execute("UPDATE clock SET state = 'missed', ended_at = due_at, next_at = NULL WHERE id = $1", row["id"])
        told = MilestoneMissed(
            clock_id=row["id"], about=row["about"], milestone=row["milestone"], round=row["round"], customer_id=row["customer_id"], unit=row["unit"],
            owner=row["owner"], due_at=row["due_at"], rule=row["reckoned"][0]["limit"]["rule"], profile=row["profile"],
            profile_version=row["profile_version"], provisional=False,
        )  # fmt: skip
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", told.key)
        await connection.execute(
            "INSERT INTO outbox (id, topic, key, type, subject, unit, payload) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            made_of("textbook", row["id"], told.due_at), told.topic, told.key, told.name, told.subject, told.unit, told.model_dump_json().encode(),
        )  # fmt: skip
    return True


async def idle(stage: Stage, means: Means, trade: Trade) -> Round:
    """A minute of looking once a second, of gauges and of holidays, without the seconds: what it costs of a core, ours and the database's."""
    before = stage.cpu()
    for second in range(LOOKS):
        assert not await firing.fire(Watch, trade, means)
        if second % 30 == 0:
            assert not await firing.follow_the_holidays(Watch, trade, means)
        if second % 5 == 0:
            await firing.gauges(means)
    after = stage.cpu()
    return {"% of a core": sum(after[part] - before[part] for part in ("generator", "database")) / LOOKS * 100}


async def previewed(pool: asyncpg.Pool, trade: Trade) -> Round:
    """Four working days in the place of three: nearly every plan moves."""
    draft = 'version = 2\nby = "bench"\nwhy = "?"\nextends = "standard"\n[complaints.milestones.plan]\nlimits = [{ within = "4 wd", rule = "ours" }]\n'
    with drafted(None, profiles={"standard": draft}) as folder:
        then = trade_of(trade.units, folder)
    began = perf_counter()
    async with pool.acquire() as connection, connection.transaction():
        assert service.clock and service.in_force
        found = await preview(connection, service.clock, service.in_force, trade, then, show=200)
    assert found.open > OPEN - 200_000 and found.moved > 0.99 * found.open, f"{found.moved} of {found.open} moved"
    return {"seconds": perf_counter() - began, "clocks/s": found.open / (perf_counter() - began)}
