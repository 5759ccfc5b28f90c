"""One message on its way to one person or one chat. Its text is frozen when it is made, and each attempt is remembered before it is made.

So a gateway never sees two texts under one key, what was certainly not taken is tried until it is old, and what may have been taken once more at most.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from services.followup.domain.policy import Policy
from services.followup.domain.sending import LEASE, LONGEST_PAUSE, Answer, Result
from services.followup.domain.staff_hours import closed_until
from services.followup.domain.staff_notice import StaffNotice
from shared.entities import Timestamp
from shared.ids import made_of
from shared.worktime.calendar import Calendar

MOST_TRIES = 2  # of what may have been taken
UNSURE_PAUSE = timedelta(minutes=5)  # whoever did not say whether they took it is given time to come round
GRACE = timedelta(hours=1)  # when its readers are at work again, however long they were not
LONGEST_WAIT = timedelta(minutes=15)  # a gateway may ask for less than it says
version = Column("version", Integer, nullable=False)


class StaffMessage(Memory, table=True):
    __tablename__ = "staff_message"
    __table_args__ = (
        Index("staff_message_due", "due_at", postgresql_where=text("state = 'sending'")),
        Index("staff_message_tried", "channel", "recipient", "tried_at"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # made of what it says to whom
    channel: str  # chat, mail
    recipient: str  # the chat's name, or a staff id: the address stands elsewhere
    unit: str  # of the people; its profile says when news is old
    notices: list[str] = Field(sa_type=JSONB)
    subject: str
    text: str
    urgent: bool = False
    state: str = "sending"  # sending, sent, failed
    reason: str | None = None
    tries: int = 0
    pauses: int = 0
    provider_id: str | None = None
    planned_at: datetime = Field(sa_type=Timestamp)
    opened_at: datetime | None = Field(default=None, sa_type=Timestamp)  # until then its readers were not at work
    tried_at: datetime | None = Field(default=None, sa_type=Timestamp)
    due_at: datetime = Field(sa_type=Timestamp)  # when it is tried, or an answer is not waited for any longer
    version: int = Field(default=1, sa_column=version)

    def end(self, state: str, reason: str | None, at: datetime) -> None:
        self.state, self.reason, self.due_at = state, reason, at


@dataclass(frozen=True, slots=True)
class StaffAttempt:
    """What a gateway is asked to send to whom."""

    message: StaffMessage
    to: str

    @property
    def id(self) -> UUID:
        return self.message.id

    @property
    def written_at(self) -> datetime:
        return self.message.planned_at

    @property
    def channel(self) -> str:
        return self.message.channel

    @property
    def subject(self) -> str:
        return self.message.subject

    @property
    def text(self) -> str:
        return self.message.text


def written(channel: str, to: str, unit: str, notices: list[StaffNotice], subject: str, body: str, at: datetime) -> StaffMessage:
    ids = sorted(str(it.id) for it in notices)
    return StaffMessage(
        id=made_of("staff message", channel, to, *ids), channel=channel, recipient=to, unit=unit, notices=ids, subject=subject, text=body,
        urgent=any(it.urgent for it in notices), planned_at=at, due_at=at,
    )  # fmt: skip


def prepare(it: StaffMessage, address: str | None, *, policy: Policy, calendar: Calendar, at: datetime) -> StaffAttempt | None:
    """The next attempt, if there is to be one now; otherwise the message says why not. Nobody is told at night what was tried by day."""
    if address is None:
        it.end("failed", "no address", at)
    elif opens := closed_until(policy.staff, calendar, urgent=it.urgent, at=at):
        it.reason, it.due_at, it.opened_at = it.reason or "out of hours", opens, opens
    elif at - it.planned_at > policy.age and not (it.opened_at and at - it.opened_at <= GRACE):
        it.end("failed", "too old", at)
    elif it.tries >= MOST_TRIES:
        it.end("failed", "no answer", at)
    else:
        it.tries, it.tried_at, it.due_at, it.reason = it.tries + 1, at, at + LEASE, None
        return StaffAttempt(it, address)
    return None


def settle(it: StaffMessage, result: Result, at: datetime) -> None:
    """What the gateway's answer means. An answer to what is over is old."""
    if it.state != "sending":
        return
    match result.answer:
        case Answer.TAKEN:
            it.provider_id = result.provider_id
            it.end("sent", None, at)
        case Answer.BUSY:  # certainly not taken: the attempt does not count
            it.tries, it.pauses = max(it.tries - 1, 0), it.pauses + 1
            pause = min(timedelta(seconds=2 ** min(it.pauses, 6)), LONGEST_PAUSE)
            it.reason, it.due_at = result.reason, at + max(pause, min(result.wait or pause, LONGEST_WAIT))
        case Answer.UNSURE if it.tries < MOST_TRIES:
            it.reason, it.due_at = result.reason, at + UNSURE_PAUSE
        case Answer.UNSURE | Answer.REFUSED:
            it.end("failed", result.reason, at)
