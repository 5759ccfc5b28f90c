"""Something that a person in a role has to see to. The same said twice makes one task."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.complaints.domain import Memory
from services.complaints.domain.policy import Role
from shared.entities import Timestamp, codes
from shared.errors import Conflict, Refused


class Kind(StrEnum):
    FAIR = "fair"  # the customer is not quite content: which aspect, what to improve?  D-30
    DISSATISFIED = "dissatisfied"  # again: see that it comes to an end  CMPL-14


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"


class NotYourTask(Refused):
    """The task is for another role."""

    fix = "Ask somebody who has its role, or a leader."


class AlreadyDone(Conflict):
    """The task is done."""


version = Column("version", Integer, nullable=False)


class Task(Memory, table=True):
    __table_args__ = (
        Index("task_newest", "created_at", "id"),
        Index("task_state", "state", "created_at", "id"),
        Index("task_role", "role", "created_at", "id"),
        Index("task_kind", "kind", "created_at", "id"),
        Index("task_complaint", "complaint_id", "created_at", "id"),
        Index("task_about", "about", "created_at", "id"),
        Index("task_customer", "customer_id", "created_at", "id"),
        Index("task_unit", "unit", "created_at", "id"),
        Index("task_source", "source", "created_at", "id"),
        Index("task_named", "named_id"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # made of what it is about
    kind: Kind = Field(sa_type=codes(Kind))
    role: Role = Field(sa_type=codes(Role))
    state: TaskState = Field(default=TaskState.OPEN, sa_type=codes(TaskState))
    about: str  # complaint:<id>, order:<id>, visit:<id>, survey:<id>, ...
    complaint_id: UUID | None = None
    round: int | None = None  # of the complaint
    named_id: UUID
    customer_id: UUID
    unit: str
    source: str
    aspects: list[str] = Field(default_factory=list, sa_type=JSONB)
    created_at: datetime = Field(sa_type=Timestamp)
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)
    done_by: str | None = None
    correlation: str | None = None
    version: int = Field(default=1, sa_column=version)

    def complete(self, *, roles: Collection[str], by: str, at: datetime) -> None:
        """By somebody who has its role; a leader may do any."""
        if {self.role, Role.LEADER}.isdisjoint(roles):
            raise NotYourTask(f"This is a task for a {self.role}.")
        if self.state is TaskState.DONE:
            raise AlreadyDone("Somebody has done it already.")
        self.state, self.done_at, self.done_by = TaskState.DONE, at, by
