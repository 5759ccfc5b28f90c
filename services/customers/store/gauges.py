"""Numbers that only the database knows."""

from services.customers.store import customers, erasures
from shared.clock import now
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        counted = await customers.counted(session)
        oldest = await erasures.oldest_open(session)
    for state, count in counted.items():
        means.metrics.customers_total.labels(status=state).set(count)
    means.metrics.erasure_oldest_open_age_seconds.set((now() - oldest).total_seconds() if oldest else 0)
