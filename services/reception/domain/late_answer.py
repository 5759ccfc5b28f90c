"""A call that rang too long before somebody took it: noted, so that somebody can ask why.  INQY-01"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.reception.domain import Memory
from services.reception.domain.policy import Answering
from shared.entities import Timestamp
from shared.ids import made_of


@dataclass(frozen=True, slots=True)
class Ringing:
    """How long it rang, as far as the telephone system says."""

    started_at: datetime
    answered_at: datetime
    rings: int | None = None
    seconds: float | None = None

    @property
    def lasted(self) -> float:
        """Seconds; what the system measured rather than what its clocks say."""
        return self.seconds if self.seconds is not None else (self.answered_at - self.started_at).total_seconds()

    def is_late(self, answering: Answering) -> bool:
        """Rings decide where they were counted.  INQY-01, D-20"""
        return self.rings > answering.rings if self.rings is not None else timedelta(seconds=self.lasted) > answering.within


def late_answer_to(call_id: str, started_at: datetime) -> UUID:
    return made_of("late answer", call_id, started_at.astimezone(UTC).isoformat())


class LateAnswer(Memory, table=True):
    __tablename__ = "late_answer"
    __table_args__ = (
        Index("late_answer_newest", "answered_at", "id"),
        Index("late_answer_agent", "agent_id", "answered_at", "id"),
        Index("late_answer_queue", "queue", "answered_at", "id"),
        Index("late_answer_unit", "unit", "answered_at", "id"),
        Index("late_answer_source", "source", "answered_at", "id"),
    )

    id: UUID = Field(primary_key=True)  # made of the call: told twice it is one
    call_id: str
    agent_id: str
    started_at: datetime = Field(sa_type=Timestamp)
    answered_at: datetime = Field(sa_type=Timestamp)
    rings: int | None = None
    seconds: float
    queue: str | None = None
    unit: str
    source: str
