"""What a customer answered in a survey. A row stands for every answer, however often and however late it is told."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from shared.contracts.followup import Satisfaction, SatisfactionReported
from shared.entities import Timestamp, codes
from shared.ids import made_of

version = Column("version", Integer, nullable=False)


def answer_id(reference: str, survey_id: str, about: str | None) -> UUID:
    """One survey may ask a customer about several things."""
    return made_of("survey", reference, survey_id, about or "")


class Survey(Memory, table=True):
    __table_args__ = (
        Index("survey_named", "named_id"),
        Index("survey_about", "about", "answered_at", "id"),
        Index("survey_satisfaction", "satisfaction", "answered_at", "id"),
        Index("survey_score", "score", "answered_at", "id"),
        Index("survey_survey", "survey_id", "answered_at", "id"),
        Index("survey_customer", "customer_id", "answered_at", "id"),
        Index("survey_unit", "unit", "answered_at", "id"),
        Index("survey_source", "source", "answered_at", "id"),
        Index("survey_answered", "answered_at", "id"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # made of who answered which survey about what: the same answer told twice is one
    survey_id: str  # as its source calls it
    about: str | None = None  # order:<id>, ...; None: nothing in particular
    named_id: UUID  # of the customer, as the event said it ...
    customer_id: UUID  # ... and whom that means
    unit: str
    source: str
    satisfaction: Satisfaction = Field(sa_type=codes(Satisfaction))
    score: int
    aspects: list[str] = Field(default_factory=list, sa_type=JSONB)
    answered_at: datetime = Field(sa_type=Timestamp)
    registered_at: datetime = Field(sa_type=Timestamp)
    correlation: str | None = None
    trace: str | None = None
    version: int = Field(default=1, sa_column=version)

    def reported(self) -> SatisfactionReported:
        return SatisfactionReported(
            about=self.about, satisfaction=self.satisfaction, score=self.score, aspects=self.aspects, reported_at=self.answered_at,
            survey_id=self.id, customer_id=self.customer_id, unit=self.unit,
        )  # fmt: skip
