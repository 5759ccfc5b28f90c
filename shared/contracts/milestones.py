"""What a service says of a clock of its own: each publisher has events of these shapes, on its own topic. Ids, times and codes."""

from datetime import datetime
from uuid import UUID

from shared.contracts import OfCustomer


class OfMilestone(OfCustomer):
    """Something that is owed to a customer by a moment."""

    clock_id: UUID
    about: str  # complaint:<id>, inquiry:<id>, call:<id>
    milestone: str  # acknowledgement, plan, result; promise, answer; call
    round: int
    owner: str  # the role that owes it
    severity: str | None = None
    due_at: datetime
    rule: str  # the rule that gave the time; `ours`: a suggestion, no regulation
    profile: str
    profile_version: int
    provisional: bool  # it stands on days whose holidays nobody has announced yet

    @property
    def subject(self) -> str:
        return self.about.partition(":")[2]


class OfPause(OfMilestone):
    """It stands still."""

    reason: str
    until: datetime  # then it runs on by itself
    paused_by: str
    approved_by: str | None = None  # where the pause is longer than one may take alone
    paused_at: datetime


class OfResumption(OfMilestone):
    """It runs on, and `due_at` is the new one."""

    resumed_by: str | None  # null: the pause reached its limit
    resumed_at: datetime
    paused_seconds: int  # of working time, by which the deadline moved
