"""Numbers that only the database knows."""

from services.followup.store import calls, notices, staff_notices
from shared.clock import now
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        waiting = await notices.waiting(session)
        overdue = await notices.overdue(session) | {
            "call": await calls.clocks_overdue(session),
            "staff_notice": await staff_notices.overdue(session, now()),
        }
        to_ask, late = await calls.waiting(session), await calls.overdue(session)
    for state, count in waiting.items():
        means.metrics.notices_waiting.labels(state=state).set(count)
    for kind, count in overdue.items():
        means.metrics.timers_overdue.labels(kind=kind).set(count)
    for reason, count in to_ask.items():
        means.metrics.followups_due.labels(kind=reason).set(count)
        means.metrics.followups_overdue.labels(kind=reason).set(late[reason])
