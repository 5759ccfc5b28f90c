"""By when a complaint is acknowledged, has a plan and has its result."""

from services.complaints.domain import Memory
from shared.clocks import clock
from shared.contracts.complaints import MilestoneAtRisk, MilestoneMissed, MilestonePaused, MilestoneResumed


class Clock(clock.Clock, Memory, table=True):
    __table_args__ = clock.indexes()

    missed_as, at_risk_as, paused_as, resumed_as = MilestoneMissed, MilestoneAtRisk, MilestonePaused, MilestoneResumed
