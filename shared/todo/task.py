"""Something that a person in a role has to see to. The same said twice makes one task, for its id is made of what it is about.

Each service has a table of its own; what kinds there are stands in its domain.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field

from shared.contracts import Event
from shared.contracts.telling import OfNoticeRequest
from shared.entities import Entity, Timestamp, codes
from shared.errors import Conflict, Refused
from shared.outcome import Outcome
from shared.permissions import DESK, may
from shared.staff import Colleague
from shared.telling import request
from shared.todo import assigning
from shared.units import Units

ASSIGN = "tasks.assign"
IS_OPEN = "state = 'open'"
IS_FREE = "state = 'open' AND assigned_to IS NULL"
IS_HELD = "state = 'open' AND assigned_to IS NOT NULL"
AT_LEISURE = datetime(9999, 12, 31, tzinfo=UTC)  # when a task is due that has no time: after all others


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    CALLED_OFF = "called_off"  # nobody has to see to it any more


class NotYourTask(Refused):
    """The task is for another role, or somebody else has it."""

    fix = "Ask somebody who has its role, or a leader; or let a supervisor give it to you."


class DecidedElsewhere(Conflict):
    """The task is done by the decision that it asks for."""

    fix = "Decide there; then the task is done by itself."


class NotOpen(Conflict):
    """The task is done, or called off."""

    fix = "Take another task; nothing is left to do here."


def may_do(role: str, roles: Collection[str]) -> bool:
    """Whoever has its role may do it; a leader any of those that the desk has."""
    return role in roles or ("leader" in roles and role in DESK)


def indexes() -> tuple[Index, ...]:
    """Of each service's own table."""
    return (
        Index("task_newest", "created_at", "id"),
        Index("task_state", "state", "created_at", "id"),
        Index("task_role", "role", "created_at", "id"),
        Index("task_kind", "kind", "created_at", "id"),
        Index("task_about", "about", "created_at", "id"),
        Index("task_customer", "customer_id", "created_at", "id"),
        Index("task_unit", "unit", "created_at", "id"),
        Index("task_source", "source", "created_at", "id"),
        Index("task_assigned", "assigned_to", "created_at", "id"),
        Index("task_named", "named_id"),
        Index("task_next", "urgent_at", "id", postgresql_where=text(IS_OPEN)),
        Index("task_free", "role", "urgent_at", "id", postgresql_where=text(IS_FREE)),
        Index("task_held", "assigned_to", "urgent_at", "id", postgresql_where=text(IS_HELD)),
    )


class Task(Entity):
    __tablename__ = "task"
    request: ClassVar[type[OfNoticeRequest]] = OfNoticeRequest  # how this service asks that somebody be told
    decided_elsewhere: ClassVar[frozenset[str]] = frozenset()  # kinds that nobody ends by saying so

    id: UUID = Field(primary_key=True)  # made of what it is about
    kind: str
    role: str  # whoever has it may do it
    state: TaskState = Field(default=TaskState.OPEN, sa_type=codes(TaskState))
    about: str  # complaint:<id>, order:<id>, notice:<id>, ...
    unit: str
    source: str
    assigned_to: str | None = None  # id of a member of staff
    due_at: datetime | None = Field(default=None, sa_type=Timestamp)
    urgent_at: datetime = Field(default=AT_LEISURE, sa_type=Timestamp)  # `due_at` without nulls, to order by
    named_id: UUID | None = None  # of the customer, as we first heard of them ...
    customer_id: UUID | None = None  # ... and as we know them
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)  # codes and counts
    created_at: datetime = Field(sa_type=Timestamp)
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)  # or called off
    done_by: str | None = None  # None: it came about by itself
    correlation: str | None = None
    version: int = 1

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        table: Any = cls.__table__  # type: ignore[attr-defined]
        return {"version_id_col": table.c.version}

    @classmethod
    def open(
        cls, id: UUID, kind: StrEnum, *, role: str, about: str, unit: str, source: str, at: datetime, due_at: datetime | None = None,
        named_id: UUID | None = None, customer_id: UUID | None = None, facts: Mapping[str, Any] | None = None, correlation: str | None = None,
    ) -> Self:  # fmt: skip
        """Make `id` of what it is about (`made_of("task", …)`), and look before whether it is there."""
        return cls(
            id=id, kind=kind.value, role=role, about=about, unit=unit, source=source, due_at=due_at, urgent_at=due_at or AT_LEISURE,
            named_id=named_id or customer_id, customer_id=customer_id or named_id, facts=dict(facts or {}), created_at=at, correlation=correlation,
        )  # fmt: skip

    @property
    def is_open(self) -> bool:
        return self.state is TaskState.OPEN

    @property
    def allowed(self) -> tuple[str, ...]:
        """What may be done with it now."""
        if not self.is_open:
            return ()
        return ("assignment", "release", "completion") if self.assigned_to else ("assignment", "completion")

    def is_for(self, roles: Collection[str]) -> bool:
        return may_do(self.role, roles)

    @classmethod
    def asked(cls, told: OfNoticeRequest, at: datetime) -> Entity | Event:
        """What comes of asking that somebody be told: it is announced, and follow-up hears it."""
        return told

    # -- people

    def assign(
        self, to: str, person: Colleague | None, *, sees: Callable[[str], bool], units: Units, roles: Collection[str], by: str, at: datetime
    ) -> None:
        """`person`: what the directory knows of `to`."""
        self.must_be_open()
        assigning.must_be_allowed(to, self.assigned_to, by=by, roles=roles, permission=ASSIGN)
        assigning.must_fit(
            person,
            unit=self.unit,
            needs=f"a {self.role}",
            able=person is not None and self.is_for(person.roles),
            himself=to == by,
            sees=sees,
            units=units,
            at=at,
        )
        self.assigned_to = to

    def release(self, *, roles: Collection[str], by: str) -> None:
        """Anybody of its role may take it again."""
        self.must_be_open()
        assigning.must_hold(self.assigned_to, by=by, roles=roles, permission=ASSIGN, allowed=self.allowed)
        self.assigned_to = None

    def complete(self, *, roles: Collection[str], by: str, at: datetime) -> Outcome:
        """By somebody who has its role; what is somebody else's only by whoever assigns work."""
        if self.kind in self.decided_elsewhere:
            raise DecidedElsewhere(f"It is done when {self.about.partition(':')[0]} {self.about.partition(':')[2]} is decided.", allowed=())
        if not self.is_for(roles):
            raise NotYourTask(f"This is a task for a {self.role}.")
        self.must_be_open()
        if self.assigned_to not in (None, by) and not may(frozenset(roles), ASSIGN):
            raise NotYourTask("Somebody else has this task.")
        return self.end(TaskState.DONE, at, by=by)

    def give_back(self, person: Colleague | None, *, units: Units, at: datetime) -> bool:
        """Whoever has it is not there any more, or not in time: it is anybody's again."""
        able = person is not None and self.is_for(person.roles)
        if not self.is_open or not assigning.goes_back(person, unit=self.unit, able=able, due_at=self.due_at, units=units, at=at):
            return False
        self.assigned_to = None
        return True

    def must_be_open(self) -> None:
        if not self.is_open:
            raise NotOpen("Somebody has done it already." if self.state is TaskState.DONE else "Nobody has to see to it any more.")

    # -- and what comes about by itself

    def finish(self, at: datetime) -> Outcome:
        """What it asked for has come about."""
        return self.end(TaskState.DONE, at) if self.is_open else []

    def call_off(self, at: datetime) -> Outcome:
        """Nobody has to see to it any more."""
        return self.end(TaskState.CALLED_OFF, at) if self.is_open else []

    def open_again(self, at: datetime) -> Outcome:
        """What was called off is wanted after all. What a person did stays done."""
        if self.is_open or self.done_by is not None:
            return []
        self.state, self.done_at = TaskState.OPEN, None
        return [self.told("task_opened", at, at)]

    def end(self, state: TaskState, at: datetime, *, by: str | None = None) -> Outcome:
        self.state, self.done_at, self.done_by = state, at, by
        return [self.told("task_over", at, moot=True)]

    # -- who is told

    def told(self, kind: str, at: datetime, *once: object, to: str | None = None, moot: bool = False) -> Entity | Event:
        """Those of its role, or somebody: once, or once at each of these moments. `moot`: or nobody any more of what still waits."""
        it = request(
            self.request, kind, f"task:{self.id}", *(once or ((at,) if moot else ())), unit=self.unit, to_staff=to, to_role=self.role,
            customer_id=self.customer_id, due_at=self.due_at, moot=moot, task=self.kind, of=self.about,
        )  # fmt: skip
        return self.asked(it, at)
