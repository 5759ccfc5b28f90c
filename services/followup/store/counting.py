"""Numbers of what happened, counted when it has been announced."""

from collections.abc import Mapping, Sequence

import asyncpg

from shared.metrics import Metrics
from shared.tally import Count, Said


async def completed(metrics: Metrics, _: asyncpg.Connection, events: Sequence[Said]) -> None:
    for it in events:
        metrics.followups_completed_total.labels(outcome=it["satisfaction"]).inc()


async def unreachable(metrics: Metrics, _: asyncpg.Connection, events: Sequence[Said]) -> None:
    metrics.followups_completed_total.labels(outcome="unreachable").inc(len(events))


async def called_off(metrics: Metrics, _: asyncpg.Connection, events: Sequence[Said]) -> None:
    metrics.followups_completed_total.labels(outcome="called_off").inc(len(events))


COUNTING: Mapping[str, Count] = {"call.completed.v1": completed, "call.unreachable.v1": unreachable, "call.called_off.v1": called_off}
