"""Tasks of follow-up, as they are looked for."""

from services.followup.domain.task import Task
from shared.todo.store import Todo

TASKS = Todo(Task)
