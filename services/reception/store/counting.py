"""Numbers of what happened, counted when it has been announced."""

from collections.abc import Mapping, Sequence

import asyncpg

from shared.metrics import Metrics
from shared.tally import Count, Said

TOOK = """
SELECT kind, extract(epoch FROM answered_at - received_at) AS seconds
FROM inquiry WHERE id = ANY($1::uuid[]) AND answered_at IS NOT NULL"""


async def answered(metrics: Metrics, connection: asyncpg.Connection, events: Sequence[Said]) -> None:
    for row in await connection.fetch(TOOK, [it["inquiry_id"] for it in events]):
        metrics.inquiry_answer_seconds.labels(kind=row["kind"]).observe(max(float(row["seconds"]), 0))


COUNTING: Mapping[str, Count] = {"inquiry.answered.v1": answered}
