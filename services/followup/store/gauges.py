"""Numbers that only the database knows."""

from services.followup.store import notices
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        waiting = await notices.waiting(session)
        overdue = await notices.overdue(session)
    for state, count in waiting.items():
        means.metrics.notices_waiting.labels(state=state).set(count)
    for kind, count in overdue.items():
        means.metrics.timers_overdue.labels(kind=kind).set(count)
