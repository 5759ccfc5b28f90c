"""What the customer file does with its own news: tasks follow a customer who turned out to be another."""

from typing import Annotated

from services.customers.domain.task import Task
from shared.contracts.customers import CustomerMerged
from shared.outcome import Outcome
from shared.reactions import Listener, every

on = Listener("careloop.customers")
TasksOfCustomer = Annotated[list[Task], every(Task, customer_id=lambda event: event.customer_id)]


@on(CustomerMerged)
def tasks_follow(event: CustomerMerged, tasks: TasksOfCustomer) -> Outcome:
    """Whoever has the task has to know whom to ask."""
    for task in tasks:
        task.customer_id = event.into
    return []
