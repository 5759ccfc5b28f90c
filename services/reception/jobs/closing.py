"""The day ends: visits that nobody closed are closed, each once, by whichever worker is first.  A14"""

from datetime import timedelta

from services.reception.domain.visit import Visit
from services.reception.store.visits import DUE
from shared.clock import now
from shared.jobs import in_one_batch
from shared.outbox import Cause
from shared.reactions import among
from shared.service import Job, Means

AT_ONCE = 200


async def close_what_is_left(means: Means) -> bool:
    assert means.pool
    at = now()
    async with means.pool.acquire() as connection:
        ids = [row["id"] for row in await connection.fetch(DUE, at, AT_ONCE)]
    if not ids:
        return False
    async with in_one_batch(means.pool, [(among(Visit, id=lambda _: ids), ids)]) as batch:
        for visit in batch.of(Visit):
            if visit.day_ends_at is None or visit.day_ends_at > at:
                continue  # somebody else was first
            means.metrics.timer_delay_seconds.labels(kind="visit").observe((at - visit.day_ends_at).total_seconds())
            batch.keep(visit.end_the_day(), Cause.of(visit))
    return len(ids) == AT_ONCE


JOB = Job("closing", close_what_is_left, timedelta(seconds=1))
