"""What a third party is given of a customer's file, who allowed that, and what is kept as proof: which fields, never what stood in them.  CUST-21"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customers.domain import Memory
from services.customers.domain.consent import Consent, Matter, Purpose, Withdrawal
from services.customers.domain.customer import Customer
from services.customers.domain.declaration import latest_word
from services.customers.domain.grant import LIVE, NobodyOnFile
from shared.entities import Timestamp, codes
from shared.errors import Refused
from shared.ids import made_of, uuid7


class FileField(StrEnum):
    """What a file holds that can be given away."""

    KIND = "kind"
    DISPLAY_NAME = "display_name"
    CONTACT_PERSON = "contact_person"
    PHONES = "phones"
    EMAILS = "emails"
    ADDRESS = "address"
    BUSINESS_SCOPE = "business_scope"
    PREFERRED_CHANNEL = "preferred_channel"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"


class DisclosurePurpose(StrEnum):
    DELIVERY = "delivery"
    INSTALLATION = "installation"
    PAYMENT = "payment"
    INSURANCE = "insurance"
    WARRANTY = "warranty"
    AUDIT = "audit"
    PARTNER_OFFER = "partner_offer"
    LEGAL_CLAIM = "legal_claim"
    AUTHORITY = "authority"


class LegalBasis(StrEnum):
    CONSENT = "consent"
    LAW = "law"  # a court or an authority demands it


class NoConsent(Refused):
    """The customer has not consented to this."""

    fix = "Record the customer's consent for this recipient and these fields, or leave out the fields it does not name."


class NotForYou(Refused):
    """Only a privacy officer decides that the law demands it."""

    fix = "Ask a privacy officer, or disclose with the customer's consent."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to be given what, and why."""

    recipient: str
    purpose: DisclosurePurpose
    fields: Sequence[FileField]
    legal_basis: LegalBasis
    evidence: str  # where the company's procedure is on file
    command: str | None = None  # by which its sender knows it again: asked twice, it was given once

    def id_for(self, customer: Customer, by: str) -> UUID:
        if self.command is None:
            return uuid7()
        what = self.recipient, self.purpose, sorted(self.fields), self.legal_basis, self.evidence
        return made_of("disclosure", by, self.command, customer.id, *what)

    @property
    def matter(self) -> Matter:
        return Matter(Purpose.THIRD_PARTY_DISCLOSURE, recipient=self.recipient)


class Disclosure(Memory, table=True):
    __table_args__ = (
        Index("disclosure_newest", "disclosed_at", "id"),
        Index("disclosure_customer", "customer_id", "disclosed_at", "id"),
        Index("disclosure_unit", "unit", "disclosed_at", "id"),
        Index("disclosure_recipient", "recipient", "disclosed_at", "id"),
        Index("disclosure_purpose", "purpose", "disclosed_at", "id"),
        Index("disclosure_basis", "legal_basis", "disclosed_at", "id"),
        Index("disclosure_by", "disclosed_by", "disclosed_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    unit: str
    recipient: str
    purpose: DisclosurePurpose = Field(sa_type=codes(DisclosurePurpose))
    legal_basis: LegalBasis = Field(sa_type=codes(LegalBasis))
    fields: list[str] = Field(sa_type=JSONB)
    consents: list[str] = Field(default_factory=list, sa_type=JSONB)  # ids of those that allowed it
    evidence: str | None = None
    disclosed_by: str
    disclosed_at: datetime = Field(sa_type=Timestamp)


def disclose(
    customer: Customer, wanted: Wanted, consents: Iterable[Consent], withdrawals: Sequence[Withdrawal],
    *, is_privacy_officer: bool, by: str, at: datetime,
) -> Disclosure:  # fmt: skip
    """With the customer's consent for each of the fields, or by law. `consents`: all that the customer ever gave to disclosure."""
    if customer.state not in LIVE:
        raise NobodyOnFile
    if wanted.legal_basis is LegalBasis.LAW and not is_privacy_officer:
        raise NotForYou(field="/legal_basis")
    standing = [] if wanted.legal_basis is LegalBasis.LAW else [it for it in consents if it.permits(wanted.matter, withdrawals, at)]
    allowed = {field for it in standing for field in it.fields}
    if wanted.legal_basis is LegalBasis.CONSENT and (missing := [str(it) for it in wanted.fields if it not in allowed]):
        raise NoConsent(f"No consent in force lets this recipient have {', '.join(missing)}.", field="/fields")
    used = [str(it.id) for it in standing if not {*it.fields}.isdisjoint(wanted.fields)]
    return Disclosure(
        id=wanted.id_for(customer, by), customer_id=customer.id, unit=customer.unit, recipient=wanted.recipient, purpose=wanted.purpose,
        legal_basis=wanted.legal_basis, fields=sorted(map(str, wanted.fields)), consents=used, evidence=wanted.evidence,
        disclosed_by=by, disclosed_at=at,
    )  # fmt: skip


def values_of(customer: Customer, fields: Iterable[FileField]) -> dict[str, Any]:
    """What stands in these fields, and in no other. Nobody works with addresses, so they are only kept as they were said."""
    return {str(it): latest_word(customer.names, it) if it is FileField.ADDRESS else getattr(customer, it) for it in fields}
