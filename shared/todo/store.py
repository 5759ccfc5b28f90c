"""A service's tasks, as they are looked for."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, and_, func, or_, text, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import transaction
from shared.errors import NotFound
from shared.paging import Asked, Part, Register
from shared.registers.sheet import asking
from shared.service import Means
from shared.staff import Colleague
from shared.todo.task import IS_FREE, IS_HELD, IS_OPEN, Task

Kind = TypeVar("Kind", bound=Task)


class TaskNotFound(NotFound):
    """There is no such task."""


async def colleague_by_id(session: AsyncSession, kind: type[Colleague], staff_id: str) -> Colleague | None:
    """What the directory says of them. News of them waits until we are done, and then finds what we did."""
    return await session.get(kind, staff_id, with_for_update={"read": True})


class Mine:
    """`mine=true` is a question by itself: whose it is, `page` says."""

    type = Boolean()

    def in_(self, _: Any) -> ColumnElement[bool]:
        return true()


class Tasks(Register[Kind]):
    """All of them, the newest first; with `mine=true` the most urgent first."""

    def __init__(self, kind: type[Kind], filters: dict[str, Any]) -> None:
        super().__init__(kind, by=[kind.created_at, kind.id], filters=filters)
        self.next: Register[Kind] = Register(kind, by=[kind.urgent_at, kind.id], filters=filters, descending=False)  # asked for as this is

    async def page(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> Part[Kind]:
        return await (self.next.page if is_mine(asked) else super().page)(session, asked, *only)


def is_mine(asked: Asked) -> bool:
    return True in asked.filters.get("mine", ())


class Todo(Generic[Kind]):
    """The register of one service's tasks, and what of it somebody should do next."""

    def __init__(self, kind: type[Kind]) -> None:
        it = kind
        filters = {
            "state": it.state, "role": it.role, "kind": it.kind, "about": it.about, "customer_id": it.customer_id, "unit": it.unit, "source": it.source,
            "assigned_to": it.assigned_to, "mine": Mine(),
        }  # fmt: skip
        self.kind = kind
        self.all = Tasks(kind, filters)

    async def mine(self, session: AsyncSession, asked: Asked) -> Sequence[ColumnElement[bool]]:
        """What whoever asks has, and what nobody has that is for one of their roles. Of their units, as everything that they see."""
        if not is_mine(asked):
            return ()
        it, who = self.kind, asking(session)
        theirs = or_(
            and_(text(IS_HELD), col(it.assigned_to) == who.by),
            and_(text(IS_FREE), col(it.role).in_(sorted(who.roles))),
        )
        return text(IS_OPEN), theirs  # type: ignore[return-value]  # a text is a condition too

    async def by_id(self, session: AsyncSession, task_id: UUID, *, lock: bool = False) -> Kind:
        """`lock`: ours until the end of the transaction."""
        task = await session.get(self.kind, task_id, with_for_update=lock or None)
        if task is None:
            raise TaskNotFound
        return task

    async def gauges(self, means: Means) -> None:
        """How many are open, by kind."""
        async with transaction(means.engine) as session:
            found = await session.exec(select(self.kind.kind, func.count()).where(text(IS_OPEN)).group_by(col(self.kind.kind)))
        means.metrics.tasks_open.clear()
        for kind, count in found.all():
            means.metrics.tasks_open.labels(kind=kind).set(count)
