"""Numbers that only the database knows."""

from services.complaints.store import complaints
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        counted = await complaints.counted(session)
    means.metrics.complaints_open.clear()
    for (severity, status), count in counted.items():
        means.metrics.complaints_open.labels(severity_level=severity, status=status).set(count)
