"""Tasks are seen to."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.task import Task
from services.complaints.store import tasks
from shared.etag import Expected


async def complete(session: AsyncSession, task_id: UUID, *, expected: Expected, roles: Collection[str], by: str, at: datetime) -> Task:
    task = await tasks.by_id(session, task_id, lock=True)
    expected.check(task.version)
    task.complete(roles=roles, by=by, at=at)
    await session.flush()
    return task
