"""What the customer file announces. Ids and codes; where to reach a customer stands on `careloop.contacts` alone."""

from uuid import UUID

from shared.contracts import OfCustomer


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
