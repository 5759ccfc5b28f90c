"""By when a complaint is acknowledged, has a plan and has its result."""

from datetime import datetime
from typing import Any, ClassVar

from services.complaints.domain import Memory, telling
from shared.clocks import clock
from shared.contracts import Event
from shared.contracts.complaints import MilestoneAtRisk, MilestoneMissed, MilestonePaused, MilestoneResumed
from shared.entities import put, watched


class Watch(clock.Clock, Memory, table=True):
    """A clock. Kinds are locked in the order of their names: this one comes after what it watches, so whoever has that in hand sees all its clocks."""

    __table_args__ = clock.indexes()

    hushed: ClassVar[bool] = False  # what it would tell is told to nobody

    missed_as, at_risk_as, paused_as, resumed_as = MilestoneMissed, MilestoneAtRisk, MilestonePaused, MilestoneResumed

    def hush(self) -> None:
        """For whoever lives its life through once more, and has it alone meanwhile."""
        put(self, "hushed", True)
        watched(self, yes=False)

    def announced(self, contract: type[Event] | None, at: datetime, **more: Any) -> list[Event]:
        """And who at work is to hear of it."""
        return [] if self.hushed else [*super().announced(contract, at, **more), *telling.of_milestone(self, contract)]

    def over(self, at: datetime) -> list[Event]:
        return [] if self.hushed else [telling.of_end(self)]
