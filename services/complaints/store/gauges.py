"""Numbers that only the database knows."""

from services.complaints.store import complaints
from shared.clock import now
from shared.database import transaction
from shared.service import Means


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        counted = await complaints.counted(session)
    means.metrics.complaints_open.clear()
    means.metrics.complaint_oldest_open_age_seconds.clear()
    for (severity, status), (count, oldest) in counted.items():
        means.metrics.complaints_open.labels(severity_level=severity, status=status).set(count)
        age = max((now() - oldest).total_seconds(), 0)
        means.metrics.complaint_oldest_open_age_seconds.labels(severity_level=severity, status=status).set(age)
