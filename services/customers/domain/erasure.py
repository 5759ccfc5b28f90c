"""An erasure: asked for by one, approved by another, carried out by every service, and done when all of them have answered.

Who it was is gone then; that it was done, by whom and when, stays as proof.  CUST-19, CUST-21
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customers.domain import Memory
from shared.contracts import Event
from shared.contracts.contacts import ContactErased
from shared.contracts.customers import CustomerErased, ErasureRequested
from shared.entities import Timestamp, codes
from shared.errors import Conflict, Refused

SERVICES = ("customers", "complaints", "followup", "reception")  # whose answers are awaited
ALARM = timedelta(days=20)  # the law gives a month
IS_OPEN = "state IN ('requested', 'approved', 'running')"
version = Column("version", Integer, nullable=False)


class ErasureState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    RUNNING = "running"  # the services have been told
    COMPLETED = "completed"
    REFUSED = "refused"


class Reason(StrEnum):
    CUSTOMER_REQUEST = "customer_request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    RETENTION = "retention"  # the time for which it may be kept is over
    COURT_ORDER = "court_order"
    OTHER = "other"


class RefusedBecause(StrEnum):
    NOT_THE_PERSON = "not_the_person"  # whoever asked is not the customer
    LEGAL_HOLD = "legal_hold"  # the law demands that it be kept
    OPEN_DISPUTE = "open_dispute"
    MISTAKE = "mistake"
    OTHER = "other"


class AlreadyAsked(Conflict):
    """An erasure of this customer is under way."""


class AlreadyErased(Conflict):
    """This customer was erased."""


class Decided(Conflict):
    """The erasure is decided."""


class NotByTheSame(Refused):
    """Whoever asks for an erasure can't approve it."""

    fix = "Let another privacy officer decide."


class Erasure(Memory, table=True):
    __table_args__ = (
        Index("erasure_newest", "requested_at", "id"),
        Index("erasure_state", "state", "requested_at", "id"),
        Index("erasure_customer", "customer_id", "requested_at", "id"),
        Index("erasure_unit", "unit", "requested_at", "id"),
        Index("erasure_reason", "reason", "requested_at", "id"),
        Index("erasure_open", "customer_id", unique=True, postgresql_where=text(IS_OPEN)),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    customers: list[str] = Field(default_factory=list, sa_type=JSONB)  # ids: this one, and those that turned out to be it
    unit: str
    reason: Reason = Field(sa_type=codes(Reason))
    state: ErasureState = Field(default=ErasureState.REQUESTED, sa_type=codes(ErasureState))
    requested_at: datetime = Field(sa_type=Timestamp)
    requested_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    refused_because: RefusedBecause | None = Field(default=None, sa_type=codes(RefusedBecause))
    answers: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)  # by service: when, and what it counted
    completed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    correlation: str | None = None
    version: int = Field(default=1, sa_column=version)

    @property
    def allowed(self) -> tuple[str, ...]:
        return ("approval", "refusal") if self.state is ErasureState.REQUESTED else ()

    @property
    def waits_for(self) -> list[str]:
        """Who has not answered yet."""
        return [service for service in SERVICES if service not in self.answers] if self.state is ErasureState.RUNNING else []

    def approve(self, *, by: str, at: datetime) -> None:
        """By somebody else than whoever asked."""
        self.must_wait()
        if by == self.requested_by:
            raise NotByTheSame
        self.state, self.decided_at, self.decided_by = ErasureState.APPROVED, at, by

    def refuse(self, because: RefusedBecause, *, by: str, at: datetime) -> None:
        self.must_wait()
        self.state, self.decided_at, self.decided_by, self.refused_because = ErasureState.REFUSED, at, by, because

    def must_wait(self) -> None:
        if self.state is not ErasureState.REQUESTED:
            raise Decided(f"The erasure is {self.state}: there is nothing to decide any more.", allowed=self.allowed)

    def begin(self, customer_id: UUID, family: Sequence[UUID], *, at: datetime) -> list[Event]:
        """Every service is told. `family`: all who turned out to be this customer."""
        others = sorted(id for id in family if id != customer_id)
        self.customer_id, self.customers, self.state = customer_id, [str(id) for id in (customer_id, *others)], ErasureState.RUNNING
        return [ErasureRequested(customer_id=customer_id, unit=self.unit, erasure_id=self.id, merged=others, requested_at=at)]

    def hear(self, service: str, counts: Mapping[str, int], at: datetime) -> None:
        """A service keeps nothing any more. Said again, or when all is done, it is no news."""
        if self.state is ErasureState.RUNNING and service in SERVICES and service not in self.answers:
            self.answers = self.answers | {service: {"at": at.isoformat(), "counts": dict(counts)}}

    def complete(self, at: datetime) -> list[Event]:
        """All have answered: the topic of contacts forgets too."""
        self.state, self.completed_at = ErasureState.COMPLETED, at
        gone: list[Event] = [ContactErased(customer_id=UUID(id)) for id in self.customers]
        return [*gone, CustomerErased(customer_id=self.customer_id, unit=self.unit, erasure_id=self.id, erased_at=at)]
