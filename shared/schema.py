"""Does the database fit this build?"""

from shared.migrations import head, known, revision_of
from shared.service import Means, Service


async def fits(service: Service, means: Means) -> bool:
    """It is at our revision or beyond it; an older one is waited for. Then the service looks whether it is the one that it is told to work with."""
    revision = await revision_of(means.engine)
    means.health.facts["schema"] = revision
    if revision is None:
        return False
    means.metrics.schema_info.labels(revision=revision).set(1)
    ours = revision == head(service.migrations) or revision not in known(service.migrations)
    if ours and service.at_start:
        await service.at_start(means)
    return ours
