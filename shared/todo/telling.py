"""Whoever has something to see to is told of it: those of its role when it is opened or goes back, somebody when it is given to them by another.

What is over, or whose it is by now, is not told any more: a task that ends says so itself.
"""

from datetime import datetime

from shared.outcome import Outcome
from shared.todo.task import Task


def opened(task: Task, at: datetime) -> Outcome:
    """The task, and that there is one."""
    return [task, task.told("task_opened", at)]


def assigned(task: Task, before: str | None, *, by: str, at: datetime) -> Outcome:
    """`before`: who had it. Whoever takes it themselves knows, and then it is no news to their role either."""
    if task.assigned_to in (None, before):
        return []
    if task.assigned_to == by:
        return [task.told("task_taken", at, moot=True)]
    return [task.told("task_assigned", at, task.assigned_to, at, to=task.assigned_to)]


def went_back(task: Task, at: datetime) -> Outcome:
    """Anybody of its role may take it again, and whoever had it is not told of it any more."""
    return [task.told("task_opened", at, at)]
