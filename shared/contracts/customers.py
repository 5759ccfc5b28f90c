"""What the customer file announces. Ids and codes; where to reach a customer stands on `careloop.contacts` alone."""

from datetime import datetime
from uuid import UUID

from shared.contracts import OfCustomer, Ts
from shared.contracts.erasing import OfErasureAnswer
from shared.contracts.telling import OfNoticeRequest


class CustomerEvent(OfCustomer):
    topic = "careloop.customers"

    @property
    def subject(self) -> str:
        return str(self.customer_id)


class CustomerRegistered(CustomerEvent):
    """A source declared the customer for the first time; until then there was nothing, or a provisional one with the same id."""

    name = "customer.registered.v1"
    kind: str


class CustomerUpdated(CustomerEvent):
    """These facts of the file changed."""

    name = "customer.updated.v1"
    changed: list[str]


class CustomerMerged(CustomerEvent):
    """This customer turned out to be another: from now on everything about it is told of `into`."""

    name = "customer.merged.v1"
    into: UUID


class ConsentGranted(CustomerEvent):
    """The customer allows this purpose, by this channel or by any. What it was is a code; how we know stays with the customer file."""

    name = "consent.granted.v1"
    consent_id: UUID
    purpose: str
    channel: str | None = None
    granted_at: Ts
    valid_until: Ts | None = None


class ConsentWithdrawn(CustomerEvent):
    """This consent holds no more. Where the customer said so, nothing granted before for the same purpose and channel does, whoever told of it."""

    name = "consent.withdrawn.v1"
    consent_id: UUID
    purpose: str
    channel: str | None = None
    withdrawn_at: Ts
    by_customer: bool  # otherwise its source does not list it any more


class NoticeRequested(OfNoticeRequest):
    """A member of staff has to hear of something; follow-up tells them."""

    topic = "careloop.customers"


class ErasureRequested(CustomerEvent):
    """It was asked for and approved that nothing be kept of this customer: every service takes away what it has, and answers."""

    name = "erasure.requested.v1"
    erasure_id: UUID
    merged: list[UUID] = []  # customers that turned out to be this one, and are erased along
    requested_at: datetime


class ErasureCompleted(OfErasureAnswer):
    """Nothing is left here of this customer but what is counted."""

    topic = "careloop.customers"


class CustomerErased(CustomerEvent):
    """Every service has answered: nothing is kept of this customer by which they could be known or reached."""

    name = "customer.erased.v1"
    erasure_id: UUID
    erased_at: datetime
