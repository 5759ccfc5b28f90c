"""What every worker does beside its work: purge what nobody needs any more, and read the numbers that only the database knows."""

from datetime import timedelta

from shared import inbox
from shared.parked import BYTES_KEPT
from shared.service import Job, Means

IDEMPOTENCY_KEPT = timedelta(hours=48)
CLOSED_KEPT = timedelta(days=90)
CHUNK = 1000


async def purge(means: Means) -> bool:
    """In chunks: the inbox after the topics forgot, answers kept for retries, closed parked records, and bytes that were parked long ago.
    By the database's clock: a worker whose own goes ahead must not throw away what others still need."""
    assert means.pool
    async with means.pool.acquire() as connection:
        more = await inbox.purge(connection)
        for statement, kept in (
            ("DELETE FROM idempotency WHERE ctid = ANY(ARRAY("
             "SELECT ctid FROM idempotency WHERE created_at < now() - $1::interval LIMIT $2))", IDEMPOTENCY_KEPT),
            ("DELETE FROM parked WHERE id = ANY(ARRAY(SELECT id FROM parked WHERE state IN ('replayed', 'resent', 'discarded')"
             " AND closed_at < now() - $1::interval LIMIT $2))", CLOSED_KEPT),
            ("UPDATE parked SET value = NULL, key = NULL, headers = '[]' WHERE id = ANY(ARRAY("
             "SELECT id FROM parked WHERE first_failed_at < now() - $1::interval AND (value IS NOT NULL OR key IS NOT NULL) LIMIT $2))", BYTES_KEPT),
        ):  # fmt: skip
            done = await connection.execute(statement, kept, CHUNK)
            more = more or int(done.split()[-1]) == CHUNK
    return more


PURGE = Job("purge", purge, timedelta(minutes=5))


async def gauges(means: Means) -> None:
    assert means.pool
    metrics = means.metrics
    async with means.pool.acquire(timeout=2) as connection:
        outbox = await connection.fetchrow(
            "SELECT count(*) AS pending, extract(epoch FROM now() - min(announced_at)) AS age"
            " FROM (SELECT announced_at FROM outbox ORDER BY position LIMIT 100000) AS o"
        )
        parked = await connection.fetch(
            "SELECT topic, count(*) AS open, extract(epoch FROM now() - min(first_failed_at)) AS age"
            " FROM parked WHERE state IN ('open', 'requested') GROUP BY topic"
        )
    metrics.outbox_pending.set(outbox["pending"])
    metrics.outbox_oldest_age_seconds.set(outbox["age"] or 0)
    metrics.parked_open.clear()
    metrics.parked_oldest_age_seconds.clear()
    for row in parked:
        metrics.parked_open.labels(topic=row["topic"]).set(row["open"])
        metrics.parked_oldest_age_seconds.labels(topic=row["topic"]).set(row["age"] or 0)
    metrics.db_pool_size.set(means.pool.get_max_size())
    metrics.db_pool_in_use.set(means.pool.get_size() - means.pool.get_idle_size())
