"""A person's to-do over HTTP: what waits for whom, who has it, and that it is done."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from shared.contracts.values import Id
from shared.database import keep
from shared.etag import IfMatchIfGiven, tag
from shared.http import AtHand, Body, Now, Router, Scope, Session, Staff, View, allow, problems
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked, Page
from shared.problems import Changed
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet
from shared.staff import Colleague
from shared.todo.assigning import HasLeft, IsAway, LacksTheRole, NobodyHasIt, NotYoursToGive, OfAnotherUnit, UnknownColleague
from shared.todo.store import TaskNotFound, Todo, colleague_by_id
from shared.todo.task import DecidedElsewhere, NotOpen, NotYourTask, TaskState
from shared.todo.telling import assigned, went_back

READ, DO = [allow("tasks.read")], [allow("tasks.do")]
STEP = problems(TaskNotFound, NotOpen, Changed)
TO_SOMEBODY = problems(UnknownColleague, LacksTheRole, OfAnotherUnit, HasLeft, IsAway, NotYoursToGive)


class TaskView(View):
    """Something to see to. `role`: whoever has it may do it; `assigned_to`: somebody has it; `done_by` null: it came about by itself."""

    id: UUID
    kind: str = Field(description="a code; the service's README says which there are")
    role: str
    state: TaskState
    about: str = Field(description="complaint:<id>, order:<id>, notice:<id>, …")
    unit: str
    source: str
    assigned_to: str | None
    due_at: datetime | None
    customer_id: UUID | None
    facts: MaskedFacts = Field(description="codes and counts")
    created_at: datetime
    done_at: datetime | None = Field(description="or called off")
    done_by: str | None
    correlation: MaskedText | None
    version: int


class Assignment(Body):
    """To whom."""

    staff_id: Id


class Release(Body):
    """Nothing has to be said."""


class Completion(Body):
    """Nothing has to be said."""


def sheet(todo: Todo[Any]) -> Sheet:
    """Of a service with these tasks."""
    return Sheet(
        "tasks", "待办登记表", "tasks.read", todo.all, TaskView, only=todo.mine,
        columns={
            "kind": "待办类型", "about": "事项", "state": "状态", "role": "岗位", "assigned_to": "办理人", "due_at": "办理期限", "unit": "所属单位",
            "customer_id": "客户编号", "facts": "说明", "created_at": "产生时间", "done_at": "办结时间", "done_by": "办结人", "source": "来源系统",
            "correlation": "关联编号", "id": "系统编号", "version": "版本",
        },
    )  # fmt: skip


def router(todo: Todo[Any], colleague: type[Colleague]) -> Router:
    """The same over HTTP, and what is done with them."""
    routes, register, table = Router("/v1/tasks", tags=["tasks"]), todo.all, sheet(todo)

    @routes.get("", response_model=Page[TaskView], dependencies=READ, responses=TABLES | problems())
    async def list_tasks(session: Session, asked: Annotated[Asked, Depends(register)], answer: Answer) -> Any:
        """All tasks, the newest first. `mine=true`: what you should do next, the most urgent first: what you have, and what nobody has yet that is for
        one of your roles."""
        return await answer(table, session, asked)

    @routes.get("/{task_id}", response_model=TaskView, dependencies=READ, responses=problems(TaskNotFound))
    async def show_task(task_id: UUID, session: Session, response: Response) -> Any:
        """One task."""
        return answer(await todo.by_id(session, task_id), response)

    @routes.post("/{task_id}/assignment", response_model=TaskView, dependencies=DO, responses=STEP | TO_SOMEBODY)
    async def assign_task(
        task_id: UUID, body: Assignment, session: Session, staff: Staff, scope: Scope, now: Now, means: AtHand, expected: IfMatchIfGiven,
        response: Response,
    ) -> Any:  # fmt: skip
        """Somebody has it from now on. Whoever assigns work gives it to anybody who is here and may do it; everybody else takes what nobody has for
        themselves."""
        person = await colleague_by_id(session, colleague, body.staff_id)
        task = await todo.by_id(session, task_id, lock=True)
        expected.check(task.version)
        before = task.assigned_to
        task.assign(body.staff_id, person, sees=scope.sees, units=means.units, roles=staff.roles, by=staff.sub, at=now)
        await session.flush()
        keep(session, assigned(task, before, by=staff.sub, at=now))
        return answer(task, response)

    @routes.post("/{task_id}/release", response_model=TaskView, dependencies=DO, responses=STEP | problems(NobodyHasIt, NotYoursToGive))
    async def release_task(
        task_id: UUID, session: Session, staff: Staff, now: Now, expected: IfMatchIfGiven, response: Response, body: Release = Release()
    ) -> Any:  # fmt: skip
        """It is given back: anybody of its role may take it, and they are told."""
        task = await todo.by_id(session, task_id, lock=True)
        expected.check(task.version)
        task.release(roles=staff.roles, by=staff.sub)
        await session.flush()
        keep(session, went_back(task, now))
        return answer(task, response)

    @routes.post(
        "/{task_id}/completion", response_model=TaskView, dependencies=DO, responses=STEP | problems(NotYourTask, DecidedElsewhere)
    )
    async def complete_task(
        task_id: UUID, session: Session, staff: Staff, now: Now, expected: IfMatchIfGiven, response: Response, body: Completion = Completion()
    ) -> Any:  # fmt: skip
        """It is seen to, by somebody who has its role; a leader may do any of the desk's. What somebody else has, only whoever assigns work completes."""
        task = await todo.by_id(session, task_id, lock=True)
        expected.check(task.version)
        done = task.complete(roles=staff.roles, by=staff.sub, at=now)
        await session.flush()
        keep(session, done)
        return answer(task, response)

    return routes


def answer(task: Any, response: Response) -> Any:
    tag(response, task.version)
    return task
