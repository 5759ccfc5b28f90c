"""What customers have consented to, and what that permits.

Grants and withdrawals are facts with moments of their own, and what is permitted follows from all of them: it makes no difference in which
order we hear of them. A withdrawal undoes whatever was granted for the same matter before it, whoever told us of that.  CUST-16, D-17, D-18
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customers.domain import Memory
from services.customers.domain.customer import Customer
from shared.contracts.customers import ConsentGranted, ConsentWithdrawn
from shared.entities import Entity, Timestamp, codes
from shared.ids import made_of
from shared.outcome import Outcome


class Purpose(StrEnum):
    SERVICE = "service"  # what they came for; needs no consent
    MARKETING = "marketing"
    BIRTHDAY_GREETING = "birthday_greeting"
    RELATIONSHIP_DATA = "relationship_data"  # family, birthday, hobbies  CUST-16
    THIRD_PARTY_DISCLOSURE = "third_party_disclosure"  # to a recipient, of the fields it names  CUST-21
    RECORDING = "recording"


class Channel(StrEnum):
    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    CHAT = "chat"
    POST = "post"


class EvidenceKind(StrEnum):
    SIGNATURE = "signature"
    RECORDING = "recording"
    WEB_FORM = "web_form"
    MESSAGE = "message"
    PAPER = "paper"


class ConsentState(StrEnum):
    IN_FORCE = "in_force"
    NOT_YET = "not_yet"  # granted for later
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # by the customer, through this consent or another for the same matter
    ENDED = "ended"  # the source that told of it does so no longer


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked: may we do this, by this channel, for this recipient?"""

    purpose: Purpose
    channel: Channel | None = None  # None: by any
    recipient: str | None = None  # None: anybody


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The customer takes back what was granted for this matter until then."""

    purpose: Purpose
    channel: Channel | None
    recipient: str | None
    at: datetime


class Consent(Memory, table=True):
    """One grant. A source's is a row for each purpose and channel that it ever listed; ours over HTTP a row each time.

    It stands under the name that the source uses, or under the customer as we knew them; neither is rewritten when customers turn out to be one.
    """

    __table_args__ = (
        Index("consent_customer", "customer_id", "recorded_at", "id"),
        Index("consent_reference", "reference", "recorded_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID | None = None
    reference: str | None = None
    source: str | None = None  # that lists it; None: recorded here
    purpose: Purpose = Field(sa_type=codes(Purpose))
    channel: Channel | None = Field(default=None, sa_type=codes(Channel))
    recipient: str | None = None
    fields: list[str] = Field(default_factory=list, sa_type=JSONB)  # of the file that a third party may have
    granted_at: datetime = Field(sa_type=Timestamp)
    valid_until: datetime | None = Field(default=None, sa_type=Timestamp)
    evidence_kind: EvidenceKind | None = Field(default=None, sa_type=codes(EvidenceKind))
    evidence: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    withdrawn_by: str | None = None  # who recorded that

    @property
    def matter(self) -> Matter:
        return Matter(self.purpose, self.channel, self.recipient)

    @property
    def is_withdrawn(self) -> bool:
        """A source may say later that it was granted anew."""
        return self.withdrawn_at is not None and self.withdrawn_at >= self.granted_at

    def state(self, withdrawals: Iterable[Withdrawal], at: datetime) -> ConsentState:
        """As it stands for its own matter."""
        if self.is_undone(self.matter, withdrawals):
            return ConsentState.WITHDRAWN
        if self.ended_at is not None and self.ended_at <= at:
            return ConsentState.ENDED
        if self.valid_until is not None and self.valid_until <= at:
            return ConsentState.EXPIRED
        return ConsentState.NOT_YET if self.granted_at > at else ConsentState.IN_FORCE

    def is_undone(self, matter: Matter, withdrawals: Iterable[Withdrawal]) -> bool:
        """A no holds as soon as we know of it, whatever the clock says; so none lifts another, and of one matter the last stands for all."""
        return any(self.granted_at <= it.at and covers(it, matter) for it in withdrawals)

    def permits(self, matter: Matter, withdrawals: Sequence[Withdrawal], at: datetime) -> bool:
        stands = self.state((), at) is ConsentState.IN_FORCE
        return stands and covers(self.matter, matter) and not self.is_undone(matter, withdrawals)

    def granted(self, customer: Customer) -> ConsentGranted:
        return ConsentGranted(
            customer_id=customer.id, unit=customer.unit, consent_id=self.id, purpose=str(self.purpose),
            channel=self.channel and str(self.channel), granted_at=self.granted_at, valid_until=self.valid_until,
        )  # fmt: skip

    def taken_back(self, customer: Customer, at: datetime, *, by_customer: bool) -> ConsentWithdrawn:
        return ConsentWithdrawn(
            customer_id=customer.id, unit=customer.unit, consent_id=self.id, purpose=str(self.purpose),
            channel=self.channel and str(self.channel), withdrawn_at=at, by_customer=by_customer,
        )  # fmt: skip


def covers(told: Matter | Withdrawal, matter: Matter) -> bool:
    """Whoever says nothing of channel or recipient means all of them."""
    return (
        told.purpose == matter.purpose
        and told.channel in (None, matter.channel)
        and (told.recipient is None or (matter.recipient is not None and alike(told.recipient) == alike(matter.recipient)))
    )


def alike(recipient: str) -> str:
    """One third party, however its name is typed."""
    return " ".join(unicodedata.normalize("NFKC", recipient).casefold().split())


def withdrawals_in(consents: Iterable[Consent]) -> list[Withdrawal]:
    return [Withdrawal(it.purpose, it.channel, it.recipient, it.withdrawn_at) for it in consents if it.withdrawn_at is not None]


def hear(
    outcome: Outcome, reference: str, source: str, listing: Iterable[Mapping[str, Any]], known: Sequence[Consent],
    *, told_at: datetime, at: datetime,
) -> Outcome:  # fmt: skip
    """What a declaration lists beside the rest. What it listed before and lists no more has ended; nothing else does.

    `outcome`: of the declaration, empty where it was no news. `known`: all that was ever listed under this name."""
    customer = next((it for it in outcome if isinstance(it, Customer) and reference in it.names), None)
    if customer is None:
        return outcome
    before = {it.id: it for it in known}
    listed = {id: it for it in listing if (id := id_of(reference, it)) is not None}
    over = [it for id, it in before.items() if id not in listed and it.ended_at is None]
    for it in over:
        it.put(ended_at=told_at)
    fresh: list[Entity] = []
    granted: list[Consent] = []
    for id, told in listed.items():
        consent = before.get(id)
        stood = consent is not None and consent.ended_at is None and not consent.is_withdrawn
        if consent is None:
            consent = Consent(id=id, reference=reference, source=source, recorded_at=at, granted_at=told_at, **matter_of(told))
            fresh.append(consent)
        consent.put(ended_at=None, evidence=told.get("evidence"), granted_at=moment_of(told) or consent.granted_at)
        if not stood and not consent.is_withdrawn:
            granted.append(consent)
    ended = [it.taken_back(customer, told_at, by_customer=False) for it in over if not it.is_withdrawn]
    return [*outcome, *fresh, *ended, *(it.granted(customer) for it in granted)]


def id_of(reference: str, told: Mapping[str, Any]) -> UUID | None:
    """Of what a source lists; None where it means nothing here, and so permits nothing."""
    what = matter_of(told)
    return made_of("consent", reference, what["purpose"], what["channel"] or "") if what else None


def matter_of(told: Mapping[str, Any]) -> dict[str, Any]:
    purpose, channel = code(Purpose, told.get("purpose")), code(Channel, told.get("channel"))
    if purpose is None or (channel is None and told.get("channel")):
        return {}
    return {"purpose": purpose, "channel": channel}


def code(kind: type[StrEnum], told: str | None) -> Any:
    return kind._value2member_map_.get((told or "").strip().lower().replace("-", "_").replace(" ", "_"))


def moment_of(told: Mapping[str, Any]) -> datetime | None:
    at = told.get("granted_at")
    return datetime.fromisoformat(at.upper()).astimezone(UTC) if at else None
