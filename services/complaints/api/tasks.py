"""Tasks over HTTP: what waits for somebody in a role, and that it is done."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.complaints.actions import tasks
from services.complaints.domain.policy import Role
from services.complaints.domain.task import AlreadyDone, Kind, NotYourTask, Task, TaskState
from services.complaints.store.tasks import TASKS, TaskNotFound, by_id
from shared.etag import IfMatchIfGiven, tag
from shared.http import Body, Now, Router, Session, Staff, View, allow, problems
from shared.paging import Asked, Page, Part
from shared.problems import Changed

router = Router("/v1/tasks", tags=["tasks"])
READ = [allow("tasks.read")]


class TaskView(View):
    """Something to see to. `fair`: a customer is not quite content (`aspects` say with what); `dissatisfied`: again not content with a result."""

    id: UUID
    kind: Kind
    role: Role
    state: TaskState
    about: str = Field(description="complaint:<id>, order:<id>, visit:<id>, survey:<id>, …")
    complaint_id: UUID | None
    round: int | None
    customer_id: UUID
    unit: str
    source: str
    aspects: list[str]
    created_at: datetime
    done_at: datetime | None
    done_by: str | None
    correlation: str | None
    version: int


class Completion(Body):
    """Nothing has to be said."""


@router.get("", response_model=Page[TaskView], dependencies=READ, responses=problems())
async def list_tasks(session: Session, asked: Annotated[Asked, Depends(TASKS)]) -> Part[Task]:
    """All tasks, the newest first; `state=open` is what is left to do."""
    return await TASKS.page(session, asked)


@router.get("/{task_id}", response_model=TaskView, dependencies=READ, responses=problems(TaskNotFound))
async def show_task(task_id: UUID, session: Session, response: Response) -> Any:
    """One task."""
    task = await by_id(session, task_id)
    tag(response, task.version)
    return task


@router.post(
    "/{task_id}/completion", response_model=TaskView, dependencies=[allow("tasks.do")],
    responses=problems(TaskNotFound, NotYourTask, AlreadyDone, Changed),
)  # fmt: skip
async def complete_task(
    task_id: UUID, session: Session, staff: Staff, now: Now, expected: IfMatchIfGiven, response: Response, body: Completion = Completion()
) -> Any:
    """It is seen to, by somebody who has its role; a leader may do any."""
    task = await tasks.complete(session, task_id, expected=expected, roles=staff.roles, by=staff.sub, at=now)
    tag(response, task.version)
    return task
