"""Numbers that only the database knows."""

from services.reception.store import inquiries, visits
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        awaited, overdue = await visits.awaited(session)
        waiting = await inquiries.waiting(session)
    means.metrics.visits_open.set(awaited)
    means.metrics.timers_overdue.labels(kind="visit").set(overdue)
    for kind, count in waiting.items():
        means.metrics.inquiries_open.labels(kind=kind).set(count)
