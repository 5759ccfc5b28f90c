"""Consent that is given to us, and taken back: what has to be said, and what can't be true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.customers.domain.consent import Channel, Consent, EvidenceKind, Purpose
from services.customers.domain.customer import Customer, CustomerState
from shared.errors import Conflict, Invalid
from shared.ids import made_of
from shared.outcome import Outcome

AHEAD = timedelta(minutes=5)  # that another's clock may be before ours; what is said so is said now
LIVE = frozenset((CustomerState.PROVISIONAL, CustomerState.REGISTERED))
ANYBODY = "*"  # as a recipient


class NeedsNone(Invalid):
    """Service needs no consent: it is what the customer came for."""

    fix = "Record nothing, or name another purpose."


class WhichThirdParty(Invalid):
    """A consent to disclosure names who may have what: a recipient and the fields."""

    fix = 'Send `recipient` ("*" for everybody) and `fields`; leave both out for every other purpose.'


class NotYetSaid(Invalid):
    """Nobody has said this yet: its moment lies ahead."""

    fix = "Send the moment at which the customer said so."


class OverBeforeItBegins(Invalid):
    """It would end before it begins."""

    fix = "Send a later moment, or leave it out."


class AlreadyWithdrawn(Conflict):
    """This consent was withdrawn before."""

    fix = "Do nothing more; if the customer allows it again, record a new consent."


class NobodyOnFile(Conflict):
    """This customer is not on file any more."""

    fix = "Check that it is the right customer; nothing can be recorded of this one."


@dataclass(frozen=True, slots=True)
class Granted:
    """What a customer allows, when they said so, and how we know."""

    purpose: Purpose
    channel: Channel | None
    recipient: str | None
    fields: Sequence[str]
    granted_at: datetime
    valid_until: datetime | None
    evidence_kind: EvidenceKind
    evidence: str

    def id_for(self, customer: Customer) -> UUID:
        """The same grant recorded again is the same consent."""
        about = sorted(self.fields), self.granted_at.astimezone(UTC), self.valid_until and self.valid_until.astimezone(UTC)
        return made_of("grant", customer.id, self.purpose, self.channel, self.recipient, *about)

    def check(self, at: datetime) -> None:
        if self.purpose is Purpose.SERVICE:
            raise NeedsNone(field="/purpose")
        to_others = self.purpose is Purpose.THIRD_PARTY_DISCLOSURE
        if to_others != (self.recipient is not None):
            raise WhichThirdParty(field="/recipient")
        if to_others != bool(self.fields):
            raise WhichThirdParty(field="/fields")
        if self.granted_at > at + AHEAD:
            raise NotYetSaid(field="/granted_at")
        if self.valid_until is not None and self.valid_until <= self.granted_at:
            raise OverBeforeItBegins(field="/valid_until")


def grant(customer: Customer, told: Granted, *, by: str, at: datetime) -> Outcome:
    """The customer allows it."""
    told.check(at)
    if customer.state not in LIVE:
        raise NobodyOnFile
    consent = Consent(
        id=told.id_for(customer), customer_id=customer.id, purpose=told.purpose, channel=told.channel,
        recipient=None if told.recipient == ANYBODY else told.recipient, fields=sorted(set(told.fields)),
        granted_at=min(told.granted_at, at).astimezone(UTC), valid_until=told.valid_until and told.valid_until.astimezone(UTC),
        evidence_kind=told.evidence_kind, evidence=told.evidence, recorded_at=at, recorded_by=by,
    )  # fmt: skip
    return [consent, consent.granted(customer)]


def withdraw(consent: Consent, customer: Customer, *, withdrawn_at: datetime, by: str, at: datetime) -> Outcome:
    """The customer takes it back, and with it whatever was granted for the same matter before."""
    if consent.is_withdrawn:
        raise AlreadyWithdrawn
    if withdrawn_at > at + AHEAD:
        raise NotYetSaid(field="/withdrawn_at")
    withdrawn_at = min(withdrawn_at, at).astimezone(UTC)
    if withdrawn_at < consent.granted_at:
        raise OverBeforeItBegins(field="/withdrawn_at")
    consent.put(withdrawn_at=withdrawn_at, withdrawn_by=by)
    return [consent, consent.taken_back(customer, withdrawn_at, by_customer=True)]
