"""Time passes: clocks that are due are warned of, missed or resumed, each once, by any number of workers; also after hours of downtime."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from shared.clock import now
from shared.clocks.clock import Clock, State
from shared.entities import Entity
from shared.jobs import Batch, in_one_batch
from shared.outbox import Cause
from shared.profiles import Trade
from shared.reactions import among
from shared.service import Job, Means

AT_ONCE = 500
DUE = "SELECT id, about FROM clock WHERE next_at < $2 ORDER BY next_at LIMIT $1"
BEHIND = """
SELECT id, about FROM clock WHERE state IN ('running', 'paused') AND ((holidays = $2 AND known < $3) OR (holidays = $2 AND known > $3)) LIMIT $1"""
COUNTRIES = "SELECT DISTINCT holidays FROM clock WHERE state IN ('running', 'paused')"
COUNTED = """
SELECT (SELECT count(*) FROM (SELECT FROM clock WHERE next_at < $1 LIMIT $2) AS late) AS overdue,
    (SELECT count(*) FROM (SELECT FROM clock WHERE provisional AND state IN ('running', 'paused') LIMIT $2) AS unsure) AS provisional"""
MOST = 10_000  # are counted: whether there is one matters more than how many
LATE = timedelta(minutes=1)


def jobs(kind: type[Clock], trade: Trade[Any], *, along: type[Entity] | None = None) -> Sequence[Job]:
    """The two things that time does to a service's clocks. `along`: the things that they are about, where these repeat when they are due (`take_along`)."""
    return [
        Job("clocks", lambda means: fire(kind, trade, means), timedelta(seconds=1)),
        Job("holidays", lambda means: follow_the_holidays(kind, trade, means, along), timedelta(hours=1)),
    ]


async def fire(kind: type[Clock], trade: Trade[Any], means: Means) -> bool:
    """Whatever time has to do by now. Two workers who look at once find the same; the second finds it done."""
    at = now()

    def pass_time(batch: Batch) -> None:
        for clock in batch.of(kind):
            if clock.next_at is None or clock.next_at >= at:
                continue  # somebody else was first
            means.metrics.timer_delay_seconds.labels(kind=clock.milestone).observe((at - clock.next_at).total_seconds())
            batch.keep([*clock.tick(clock.runs_by(trade.knowledge), at)], Cause.of(clock))
            if clock.state is State.MISSED:
                means.metrics.complaint_sla_breaches_total.labels(
                    severity_level=clock.facts.get("severity") or "none", milestone=clock.milestone
                ).inc()

    return await with_all(kind, means, pass_time, DUE, at)


async def follow_the_holidays(kind: type[Clock], trade: Trade[Any], means: Means, along: type[Entity] | None = None) -> bool:
    """What is known of holidays has changed: every open clock is reckoned anew, once, and moves where they say so. At the start of a worker, and
    once an hour: seldom enough that the last with the old notices and the first with the new, in a roll-out, do not take turns."""
    at, more = now(), False

    def reckon(batch: Batch) -> None:
        things: dict[str, Any] = {str(it.id): it for it in batch.of(along)} if along else {}  # type: ignore[attr-defined]
        for clock in batch.of(kind):
            if clock.is_open:
                terms = clock.runs_by(trade.knowledge)
                if clock.reckon_anew(terms, at) and (thing := things.get(clock.about.partition(":")[2])):
                    clock.take_along(thing, terms)
                batch.keep([*clock.tick(terms, at)], Cause.of(clock))

    assert means.pool
    async with means.pool.acquire() as connection:
        counted = {row["holidays"] for row in await connection.fetch(COUNTRIES)}
    for country in sorted(counted):
        more = await with_all(kind, means, reckon, BEHIND, country, trade.knowledge.fingerprint(country), along=along) or more
    return more


async def with_all(
    kind: type[Clock], means: Means, do: Callable[[Batch], None], which: str, *values: Any, along: type[Entity] | None = None
) -> bool:  # fmt: skip
    """Up to so many in one transaction; were there as many, there may be more."""
    assert means.pool
    async with means.pool.acquire() as connection:
        found = await connection.fetch(which, AT_ONCE, *values)
    if not found:
        return False
    ids = [row["id"] for row in found]
    wanted = [(among(kind, id=lambda _: ids), ids)]
    if along:
        things = [UUID(row["about"].partition(":")[2]) for row in found]
        wanted.append((among(along, id=lambda _: things), things))
    async with in_one_batch(means.pool, wanted) as batch:
        do(batch)
    return len(found) == AT_ONCE


async def gauges(means: Means) -> None:
    """How many clocks should have fired a while ago, and how many stand on days that nobody has announced yet."""
    assert means.pool
    async with means.pool.acquire(timeout=2) as connection:
        found: asyncpg.Record = await connection.fetchrow(COUNTED, now() - LATE, MOST)
    means.metrics.timers_overdue.labels(kind="milestone").set(found["overdue"])
    means.metrics.deadlines_provisional.set(found["provisional"])
