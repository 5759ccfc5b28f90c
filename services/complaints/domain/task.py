"""What somebody has to see to beside the steps of a complaint."""

from datetime import datetime
from enum import StrEnum

from services.complaints.domain import Memory
from shared.contracts.complaints import NoticeRequested
from shared.outcome import Outcome
from shared.todo import task


class Kind(StrEnum):
    FAIR = "fair"  # the customer is not quite content: which aspect, what to improve?  D-30
    DISSATISFIED = "dissatisfied"  # again: see that it comes to an end  CMPL-14
    MILESTONE_MISSED = "milestone_missed"  # a step was owed and not taken in time: see that it is taken  CMPL-01


class Task(task.Task, Memory, table=True):
    __table_args__ = task.indexes()
    request = NoticeRequested


def in_line(task: Task, state: str, at: datetime) -> Outcome:
    """A complaint that is withdrawn asks nobody for anything, and one that is closed came to its end. What a customer was not quite content with
    stays to be looked into."""
    if state == "withdrawn" and task.kind in (Kind.FAIR, Kind.DISSATISFIED):
        return task.call_off(at)
    return task.finish(at) if state == "closed" and task.kind == Kind.DISSATISFIED else []
