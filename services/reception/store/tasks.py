"""Tasks of reception, as they are looked for."""

from services.reception.domain.task import Task
from shared.todo.store import Todo

TASKS = Todo(Task)
