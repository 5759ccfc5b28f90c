"""The numbers of the business that the rules of complaints need. They come from the trade profile of the unit; none stands in code."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import field_validator

from shared import profiles
from shared.contracts import Money
from shared.profiles import Milestone, Part
from shared.worktime.span import Span


class Role(StrEnum):
    """Who has it when a specialist does not settle it alone."""

    SUPERVISOR = "supervisor"
    LEADER = "leader"


class Fast(Part):
    """What a specialist settles at once.  CMPL-31"""

    compensation: Decimal
    categories: frozenset[str]

    def covers(self, category: str, compensation: Money | None, currency: str) -> bool:
        """Amounts in another currency than the unit's can't be compared, so they are not covered."""
        if self.categories and category not in self.categories:
            return False
        return compensation is None or (compensation.currency == currency and compensation.amount <= self.compensation)


class Dissatisfied(Part):
    """In which round it becomes whose task that a customer is not content.  CMPL-14"""

    supervisor: int
    leader: int

    def concerns(self, round: int) -> Role | None:
        if round >= self.leader:
            return Role.LEADER
        return Role.SUPERVISOR if round >= self.supervisor else None


class Milestones(Part):
    """The steps of a complaint whose time is watched."""

    acknowledgement: Milestone
    plan: Milestone
    result: Milestone


class Pauses(Part):
    """When the time of a complaint may stand still, and how long."""

    reasons: tuple[str, ...]
    own: Span  # the longest that a specialist may take alone
    longest: Span  # the longest of all, with a supervisor's approval

    @field_validator("reasons")
    @classmethod
    def are_some(cls, reasons: tuple[str, ...]) -> tuple[str, ...]:
        if not reasons or not all(reasons):
            raise ValueError("a pause has a reason, so there is at least one to choose from and none is empty")
        return reasons


class Policy(Part):
    """Complaints' part of a trade profile."""

    reopening: timedelta
    major_from_round: int
    fast: Fast
    dissatisfied: Dissatisfied
    milestones: Milestones
    pauses: Pauses


Trade = profiles.Trade[Policy]
