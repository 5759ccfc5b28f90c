"""Numbers of what happened, counted when it has been announced."""

from collections.abc import Mapping, Sequence

import asyncpg

from shared.metrics import Metrics
from shared.tally import Bounded, Count, Said

TOOK = """
SELECT coalesce(severity, 'unjudged') AS severity, extract(epoch FROM closed_at - received_at) AS seconds
FROM complaint WHERE id = ANY($1::uuid[]) AND closed_at IS NOT NULL AND import_id IS NULL"""
channel_of, category_of = Bounded(20), Bounded(50)  # their words are the operator's


async def registered(metrics: Metrics, _: asyncpg.Connection, events: Sequence[Said]) -> None:
    for it in events:
        channel, category = channel_of(it.get("channel")), category_of(it.get("category"))
        metrics.complaints_registered_total.labels(channel=channel, category=category).inc()


async def resolved(metrics: Metrics, connection: asyncpg.Connection, events: Sequence[Said]) -> None:
    for row in await connection.fetch(TOOK, [it["complaint_id"] for it in events]):
        metrics.complaint_resolution_seconds.labels(severity_level=row["severity"]).observe(max(float(row["seconds"]), 0))


COUNTING: Mapping[str, Count] = {"complaint.received.v1": registered, "complaint.closed.v1": resolved}
