"""An erasure: asked for by one, approved by another, carried out by every service, and done when all of them have answered.

Who it was is gone then; that it was done, by whom and when, stays as proof.  CUST-19, CUST-21
"""

from collections.abc import Collection, Mapping
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
ASK_AGAIN = timedelta(hours=1)  # a service that does not answer
OURS = "careloop"  # who decides what nobody can decide any more
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

    fix = "Find it with GET /v1/erasures, and decide that one."


class AlreadyErased(Conflict):
    """This customer was erased."""

    fix = "Do nothing more; nothing is kept of them."


class Decided(Conflict):
    """The erasure is decided."""


class NotByTheSame(Refused):
    """Whoever asks for an erasure can't approve it."""

    fix = "Let another privacy officer decide."


class LegalHold(Conflict):
    """For a member of this family an erasure was refused because the law demands that they be kept."""

    fix = "Look at `held`. If what held them is over, approve with `hold_is_over`; otherwise refuse."


class Erasure(Memory, table=True):
    __table_args__ = (
        Index("erasure_newest", "requested_at", "id"),
        Index("erasure_state", "state", "requested_at", "id"),
        Index("erasure_customer", "customer_id", "requested_at", "id"),
        Index("erasure_unit", "unit", "requested_at", "id"),
        Index("erasure_reason", "reason", "requested_at", "id"),
        Index("erasure_open", "customer_id", unique=True, postgresql_where=text(IS_OPEN)),
        Index("erasure_due", "state", "looked_at", postgresql_where=text("state IN ('approved', 'running')")),
        Index("erasure_part_of", "part_of", postgresql_where=text("part_of IS NOT NULL")),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    customers: list[str] = Field(default_factory=list, sa_type=JSONB)  # ids: this one, and those that turned out to be it
    seen: list[str] = Field(default_factory=list, sa_type=JSONB)  # the same, as whoever approved it saw them
    part_of: UUID | None = None  # another erasure of the same customer, which was begun before
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
    looked_at: datetime | None = Field(default=None, sa_type=Timestamp)  # when the services were told last, or it had to be put off
    correlation: str | None = None
    version: int = Field(default=1, sa_column=version)

    @property
    def allowed(self) -> tuple[str, ...]:
        return ("approval", "refusal") if self.state is ErasureState.REQUESTED else ()

    @property
    def waits_for(self) -> list[str]:
        """Who has not answered yet."""
        return [it for it in SERVICES if it not in self.answers] if self.state is ErasureState.RUNNING and not self.part_of else []

    def approve(self, family: Collection[UUID], held: Collection[UUID], *, by: str, at: datetime) -> None:
        """By somebody else than whoever asked. `family`: whom they see as this customer; `held`: those of them whom the law demands to keep."""
        self.must_wait()
        if by == self.requested_by:
            raise NotByTheSame
        if held:
            raise LegalHold
        self.seen = in_order(self.customer_id, family)
        self.state, self.decided_at, self.decided_by = ErasureState.APPROVED, at, by

    def covers(self, id: UUID, held_at: datetime) -> bool:
        """Whoever approved it knew that this customer was to be kept, and said that this is over."""
        return str(id) in (*self.seen, *self.customers) and self.decided_at is not None and held_at <= self.decided_at

    def keep_them(self, at: datetime) -> None:
        """Approved, but by now it is also somebody whom the law demands to keep: it has to be asked for and looked at anew."""
        self.state, self.decided_at, self.decided_by, self.refused_because = ErasureState.REFUSED, at, OURS, RefusedBecause.LEGAL_HOLD

    def refuse(self, because: RefusedBecause, *, by: str, at: datetime) -> None:
        self.must_wait()
        self.state, self.decided_at, self.decided_by, self.refused_because = ErasureState.REFUSED, at, by, because

    def must_wait(self) -> None:
        if self.state is not ErasureState.REQUESTED:
            raise Decided(f"The erasure is {self.state}: there is nothing to decide any more.", allowed=self.allowed)

    def begin(self, customer_id: UUID, family: Collection[UUID], *, at: datetime) -> list[Event]:
        """Every service is told. `family`: all who turned out to be this customer."""
        self.customer_id, self.customers, self.state = customer_id, in_order(customer_id, family), ErasureState.RUNNING
        return self.tell(at)

    def tell(self, at: datetime) -> list[Event]:
        """Also once more: whoever has nothing left to take away answers once more."""
        self.looked_at = at
        others = [UUID(id) for id in self.customers[1:]]
        return [ErasureRequested(customer_id=self.customer_id, unit=self.unit, erasure_id=self.id, merged=others, requested_at=at)]

    def join(self, other: "Erasure", at: datetime) -> None:
        """The same customer is being erased already; this one ends with that one."""
        self.part_of, self.customers, self.state, self.looked_at = other.id, list(other.customers), ErasureState.RUNNING, at

    def hear(self, service: str, counts: Mapping[str, int], at: datetime) -> None:
        """A service keeps nothing any more. Said again, or when all is done, it is no news."""
        if self.state is ErasureState.RUNNING and service in SERVICES and service not in self.answers:
            self.answers = self.answers | {service: {"at": at.isoformat(), "counts": dict(counts)}}

    def end_with(self, other: "Erasure") -> None:
        self.answers, self.state, self.completed_at = dict(other.answers), ErasureState.COMPLETED, other.completed_at

    def complete(self, at: datetime) -> list[Event]:
        """All have answered: the topic of contacts forgets too."""
        self.state, self.completed_at = ErasureState.COMPLETED, at
        gone: list[Event] = [ContactErased(customer_id=UUID(id)) for id in self.customers]
        return [*gone, CustomerErased(customer_id=self.customer_id, unit=self.unit, erasure_id=self.id, erased_at=at)]


def in_order(customer_id: UUID, family: Collection[UUID]) -> list[str]:
    """The customer first."""
    return [str(id) for id in (customer_id, *sorted(id for id in family if id != customer_id))]
