"""What each service says when it keeps nothing of a customer any more: an event of one shape, each on its own topic."""

from datetime import datetime
from uuid import UUID

from shared.contracts import OfCustomer


class OfErasureAnswer(OfCustomer):
    """A service keeps no contact point and no word of this customer any more; what it counts, stays."""

    name = "erasure.completed.v1"

    erasure_id: UUID
    service: str  # customers, complaints, followup, reception
    counts: dict[str, int]  # how many rows were blanked or removed, by what they were
    completed_at: datetime

    @property
    def subject(self) -> str:
        return str(self.erasure_id)
