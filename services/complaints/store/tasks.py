"""Tasks of complaints, as they are looked for."""

from services.complaints.domain.task import Task
from shared.todo.store import Todo

TASKS = Todo(Task)
