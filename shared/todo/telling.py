"""Whoever has something to see to is told of it: those of its role when it is opened, somebody when it is given to them by another."""

from datetime import datetime

from shared.contracts import Event
from shared.entities import Entity
from shared.outcome import Outcome
from shared.telling import request
from shared.todo.task import Task


def opened(task: Task, at: datetime) -> Outcome:
    """The task, and that there is one."""
    return [task, told(task, "task_opened", at)]


def assigned(task: Task, *, by: str, at: datetime) -> Outcome:
    """Whoever takes it themselves knows."""
    return [] if task.assigned_to in (None, by) else [told(task, "task_assigned", at, task.assigned_to)]


def told(task: Task, kind: str, at: datetime, to: str | None = None) -> Entity | Event:
    it = request(
        task.request, kind, f"task:{task.id}", *((to, at) if to else ()), unit=task.unit, to_staff=to, to_role=task.role, customer_id=task.customer_id,
        due_at=task.due_at, task=task.kind, of=task.about,
    )  # fmt: skip
    return task.asked(it, at)
