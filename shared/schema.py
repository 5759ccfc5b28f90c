"""Does the database fit this build?"""

from shared.migrations import head, known, revision_of
from shared.service import Means, Service


async def fits(service: Service, means: Means) -> bool:
    """It is at our revision or beyond it; an older one is waited for."""
    revision = await revision_of(means.engine)
    means.health.facts["schema"] = revision
    if revision is None:
        return False
    means.metrics.schema_info.labels(revision=revision).set(1)
    return revision == head(service.migrations) or revision not in known(service.migrations)
