"""Tasks, as they are looked for."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.task import Task
from shared.errors import NotFound
from shared.paging import Register


class TaskNotFound(NotFound):
    """There is no such task."""


TASKS = Register(
    Task,
    by=[Task.created_at, Task.id],
    filters=[Task.state, Task.role, Task.kind, Task.complaint_id, Task.about, Task.customer_id, Task.unit, Task.source],
)


async def by_id(session: AsyncSession, task_id: UUID, *, lock: bool = False) -> Task:
    task = await session.get(Task, task_id, with_for_update=lock or None)
    if task is None:
        raise TaskNotFound
    return task
