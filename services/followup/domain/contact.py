"""Where a customer can be reached: our copy of what `customers` tells on `careloop.contacts`, one row for each name that other systems have for them.

An order of somebody unknown makes a row that can't be reached yet; it is locked like any other, so that a contact and an order that arrive
together find each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from services.followup.domain.policy import Policy
from shared.ids import customer_of
from shared.outcome import Outcome
from shared.units import zone_named

ADDRESSES = {"email": "emails", "sms": "phones"}


@dataclass(frozen=True, slots=True)
class Reach:
    """All that is known of how to reach a customer, as it was told last."""

    customer_id: UUID
    revisions: Mapping[str, int]  # by reference
    phones: Sequence[str]
    emails: Sequence[str]
    preferred_channel: str | None
    language: str | None
    time_zone: str | None
    unit: str


class Contact(Memory, table=True):
    __table_args__ = (Index("contact_news", "reference", postgresql_where=text("news")),)

    reference: str = Field(primary_key=True)  # as foreign systems say it: erp/C-10023
    customer_id: UUID = Field(index=True)
    revision: int = -1  # of who the reference means; the higher one holds
    phones: list[str] = Field(default_factory=list, sa_type=JSONB)
    emails: list[str] = Field(default_factory=list, sa_type=JSONB)
    preferred_channel: str | None = None
    language: str | None = None
    time_zone: str | None = None
    unit: str | None = None
    news: bool = False  # notices may wait for it: a job will look
    erased: bool = False  # nobody tells them anything any more; a job takes the contact points away
    partition: int = -1
    record_offset: int = Field(default=-1, sa_type=BigInteger)

    @classmethod
    def unknown(cls, reference: str) -> "Contact":
        return cls(reference=reference, customer_id=customer_of(reference))

    @property
    def is_told(self) -> bool:
        """Somebody said whose name it is; otherwise it is known by the name alone."""
        return self.revision >= 0

    @property
    def reachable(self) -> bool:
        return not self.erased and bool(self.emails or self.phones)

    def channels(self, policy: Policy) -> list[str]:
        """By which the customer can be reached, the preferred one first."""
        order = [self.preferred_channel, *policy.channels] if self.preferred_channel else policy.channels
        return [channel for channel in dict.fromkeys(order) if channel in ADDRESSES and getattr(self, ADDRESSES[channel])]

    def address(self, channel: str) -> str:
        address: str = getattr(self, ADDRESSES[channel])[0]
        return address

    def quiet_until(self, channel: str, policy: Policy, zone: ZoneInfo, at: datetime) -> datetime | None:
        """When the customer may be disturbed by this channel again; None: now."""
        quiet = policy.quiet.get(channel)
        return quiet.over_at(at, self.zone(zone)) if quiet else None

    def zone(self, otherwise: ZoneInfo) -> ZoneInfo:
        return (zone_named(self.time_zone) if self.time_zone else None) or otherwise

    def take(self, told: Reach | None, revision: int, place: tuple[int, int]) -> None:
        """What is told holds from now on; nothing told: the customer can't be reached by this name."""
        self.revision, (self.partition, self.record_offset) = revision, place
        self.phones, self.emails = (list(told.phones), list(told.emails)) if told else ([], [])
        if told:
            self.customer_id, self.unit = told.customer_id, told.unit
            self.preferred_channel, self.language, self.time_zone = told.preferred_channel, told.language, told.time_zone
            self.news, self.erased = True, False
        else:
            self.preferred_channel = self.language = self.time_zone = None

    def knows(self, revision: int, place: tuple[int, int]) -> bool:
        """Records of a compacted topic come again, and those of two customers in any order."""
        partition, offset = place
        return revision < self.revision or (revision == self.revision and partition == self.partition and offset <= self.record_offset)


def zone_of(contacts: Sequence[Contact], otherwise: ZoneInfo) -> ZoneInfo:
    """The customer's own time, as any of their names says it."""
    return next((contact.zone(otherwise) for contact in contacts if contact.time_zone), otherwise)


def learn(told: Reach, held: Sequence[Contact], named: Sequence[Contact], place: tuple[int, int]) -> Outcome:
    """Keep what a customer's record says: `held` are the rows we have of that customer, `named` those of the references it names."""
    known = {contact.reference: contact for contact in named}
    taken: list[Contact] = []
    for reference, revision in told.revisions.items():
        contact = known.get(reference) or Contact.unknown(reference)
        if not contact.knows(revision, place):
            contact.take(told, revision, place)
            taken.append(contact)
    for contact in held:
        if (
            contact.reference not in told.revisions
            and contact.customer_id == told.customer_id
            and not contact.knows(contact.revision, place)
        ):
            contact.take(None, contact.revision, place)
            taken.append(contact)
    return list(taken)


def learn_of_the_erased(told: Reach, named: Sequence[Contact], place: tuple[int, int]) -> Outcome:
    """Of somebody who is erased only the names count: nobody is told anything under them either."""
    names = replace(told, phones=(), emails=(), preferred_channel=None, language=None, time_zone=None)
    taken = learn(names, (), named, place)
    for contact in taken:
        assert isinstance(contact, Contact)
        contact.erased = True
    return taken


def forget(held: Sequence[Contact], place: tuple[int, int]) -> Outcome:
    """The customer is erased: nothing stays by which they could be reached."""
    for contact in held:
        contact.take(None, contact.revision, place)
        contact.erased = True
    return list(held)
