"""What follow-up does when any other service asks that people at work be told something. Its own requests go straight to the same rule."""

from datetime import datetime
from typing import Annotated

from services.followup.domain.staff_notice import StaffNotice, requested
from shared.contracts.telling import OfNoticeRequest
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import every

SameThing = Annotated[list[StaffNotice], every(StaffNotice, about=lambda event: event.about)]


def remember_whom_to_tell(event: OfNoticeRequest, known: SameThing, *, at: datetime, origin: Origin) -> Outcome:
    """Each request once; what it overtakes is not told any more. A job sends it."""
    return requested(event, known, at=at, news_at=origin.time, correlation=origin.cause.correlation)
