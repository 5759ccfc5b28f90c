"""Where customers can be reached and what other systems call them. Compacted by customer id; a null value is the customer's erasure."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from shared.contracts import Event, OfCustomer, Shape


class Standing(StrEnum):
    PROVISIONAL = "provisional"  # only mentioned so far, by this reference
    DECLARED = "declared"
    REDIRECTED = "redirected"  # turned out to be another customer


class KnownAs(Shape):
    """What a foreign system calls the customer. Of two records about one reference the higher revision holds, wherever they stand in the topic."""

    reference: str  # system/id
    revision: int


class ContactChanged(OfCustomer):
    """All there is to know of how to reach a customer, each time anew."""

    name = "contact.changed.v1"
    topic = "careloop.contacts"

    standing: Standing
    redirected_to: UUID | None = None
    references: list[KnownAs]
    phones: list[str] = []
    emails: list[str] = []
    preferred_channel: str | None = None
    language: str | None = None
    time_zone: str | None = None


class ContactErased(Event):
    """Nothing may be kept of this customer."""

    name = "contact.erased.v1"
    topic = "careloop.contacts"
    tombstone = True

    customer_id: UUID

    @property
    def key(self) -> str:
        return str(self.customer_id)

    @classmethod
    def from_key(cls, key: str) -> Self:
        return cls(customer_id=UUID(key))
