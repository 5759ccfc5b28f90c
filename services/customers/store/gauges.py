"""Numbers that only the database knows."""

from services.customers.store import customers
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        counted = await customers.counted(session)
    for state, count in counted.items():
        means.metrics.customers_total.labels(status=state).set(count)
