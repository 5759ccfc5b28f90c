"""Tasks of the customer file, as they are looked for."""

from services.customers.domain.task import Task
from shared.todo.store import Todo

TASKS = Todo(Task)
