"""Something that people at work are told, once: a row for every request, whatever became of it.

What waits is overtaken by newer news of the same thing. Several that leave at one moment for one person, or one chat, leave as one message.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from shared.contracts.telling import OfNoticeRequest
from shared.entities import Timestamp, codes
from shared.outcome import Outcome

OVERTAKES: Mapping[str, frozenset[str]] = {  # beside its own kind
    "milestone_missed": frozenset({"milestone_at_risk"}),
    "task_assigned": frozenset({"task_opened"}),
    "task_opened": frozenset({"task_assigned"}),  # it went back
}
TO_LOOK_AT = "state IN ('planned', 'held')"
IS_AWAITED = "state = 'held' AND reason = 'absent'"  # until somebody is back


class State(StrEnum):
    PLANNED = "planned"
    HELD = "held"  # `due_at` says until when, `reason` why
    SENDING = "sending"
    SENT = "sent"  # by one way at least
    FAILED = "failed"
    SKIPPED = "skipped"


WAITING = frozenset((State.PLANNED, State.HELD))
version = Column("version", Integer, nullable=False)


class StaffNotice(Memory, table=True):
    __tablename__ = "staff_notice"
    __table_args__ = (
        Index("staff_notice_due", "due_at", postgresql_where=text(TO_LOOK_AT)),
        Index("staff_notice_away", "id", postgresql_where=text(IS_AWAITED)),
        Index("staff_notice_about", "about", "planned_at", "id"),
        Index("staff_notice_to_staff", "to_staff", "planned_at", "id"),
        Index("staff_notice_kind", "kind", "planned_at", "id"),
        Index("staff_notice_state", "state", "planned_at", "id"),
        Index("staff_notice_unit", "unit", "planned_at", "id"),
        Index("staff_notice_planned", "planned_at", "id"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # of the request
    kind: str
    about: str
    unit: str
    to_staff: str | None = None
    to_role: str | None = None
    customer_id: UUID | None = None
    urgent: bool = False
    moot: bool = False  # it says that nothing is to be told any more: a row, so that what it overtakes may also come late
    owed_at: datetime | None = Field(default=None, sa_type=Timestamp)  # by when it is to be done
    facts: dict[str, Any] = Field(sa_type=JSONB)
    state: State = Field(default=State.PLANNED, sa_type=codes(State))
    reason: str | None = None
    news_at: datetime = Field(sa_type=Timestamp)  # when it was asked for
    planned_at: datetime = Field(sa_type=Timestamp)
    due_at: datetime = Field(sa_type=Timestamp)  # when it is looked at again
    sent_at: datetime | None = Field(default=None, sa_type=Timestamp)
    deliveries: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB
    )  # channel, to, state: a staff id or a chat's name, never an address
    correlation: str | None = None
    version: int = Field(default=1, sa_column=version)

    @classmethod
    def of(cls, told: OfNoticeRequest, *, at: datetime, news_at: datetime | None = None, correlation: str | None = None) -> "StaffNotice":
        it = cls(
            id=told.request_id, kind=told.kind, about=told.about, unit=told.unit, to_staff=told.to_staff, to_role=told.to_role,
            customer_id=told.customer_id, urgent=told.urgent, moot=told.moot, owed_at=told.due_at, facts=dict(told.facts), news_at=news_at or at, planned_at=at,
            due_at=at, correlation=correlation,
        )  # fmt: skip
        if it.moot:
            it.skip("moot", at)
        return it

    @property
    def waits(self) -> bool:
        return self.state in WAITING

    @property
    def thing(self) -> tuple[str, Any]:
        """What it speaks of: of a complaint one of its milestones."""
        return self.about, self.facts.get("milestone")

    @property
    def whom(self) -> str | None:
        """Of one kind about one thing: a role is told once, whoever of it has the thing by now."""
        return self.to_role or self.to_staff

    def overtakes(self, other: "StaffNotice") -> bool:
        """Whoever would be told the other, later, is told this; or nothing, where there is nothing to be told any more."""
        if self.moot:
            return other.news_at <= self.news_at and self.thing == other.thing
        kinds = OVERTAKES.get(self.kind, frozenset()) | {self.kind}
        newer = (other.news_at, other.id) < (self.news_at, self.id)
        same = self.thing == other.thing and self.unit == other.unit
        return newer and same and other.kind in kinds and (other.kind != self.kind or other.whom == self.whom)

    def hold(self, until: datetime, reason: str) -> None:
        self.state, self.reason, self.due_at = State.HELD, reason, until

    def skip(self, reason: str, at: datetime) -> None:
        self.state, self.reason, self.due_at = State.SKIPPED, reason, at

    def leaves(self, ways: Sequence[tuple[str, str]], reason: str | None) -> None:
        """By each of these ways: channel and to whom."""
        self.state, self.reason = State.SENDING, reason
        self.deliveries = [{"channel": channel, "to": to, "state": "sending"} for channel, to in ways]

    def settle(self, channel: str, to: str, state: str, reason: str | None, at: datetime) -> None:
        """What became of one way. It is told when one of them told it, and failed when none is left."""
        self.deliveries = [it | {"state": state} if (it["channel"], it["to"]) == (channel, to) else it for it in self.deliveries]
        states = {it["state"] for it in self.deliveries}
        if state == "sent" and self.sent_at is None:
            self.sent_at = at
        if "sending" not in states:
            self.state, self.due_at = (State.SENT if "sent" in states else State.FAILED), at
            self.reason = self.reason if self.state is State.SENT else reason


def requested(
    told: OfNoticeRequest,
    known: Sequence[StaffNotice] = (),
    *,
    at: datetime,
    news_at: datetime | None = None,
    correlation: str | None = None,
) -> Outcome:
    """Somebody is to be told; `known` are the notices about the same thing. A job looks to whom, when and how."""
    if any(it.id == told.request_id for it in known):
        return []
    notice = StaffNotice.of(told, at=at, news_at=news_at, correlation=correlation)
    overtake([notice, *known], at)
    return [notice]


def overtake(notices: Sequence[StaffNotice], at: datetime, known: Sequence[StaffNotice] = ()) -> None:
    """What waits and is overtaken by another of these, or by one that is `known` beside them, is not told any more."""
    of_a_thing: dict[tuple[str, Any], dict[UUID, StaffNotice]] = {}
    for it in (*known, *notices):
        of_a_thing.setdefault(it.thing, {})[it.id] = it
    for notice in notices:
        by = [other for other in of_a_thing[notice.thing].values() if other.overtakes(notice)] if notice.waits else []
        if by:
            notice.skip("moot" if any(it.moot for it in by) else "superseded", at)
