"""What complaints does when it hears who a customer is. What is about them, a job brings in line."""

from typing import Annotated

from services.complaints.domain.known_customer import KnownCustomer
from shared import known
from shared.contracts.contacts import ContactChanged, ContactErased
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, every

on = Listener("careloop.contacts")

Named = Annotated[list[KnownCustomer], among(KnownCustomer, id=known.names_in)]
OfCustomer = Annotated[list[KnownCustomer], every(KnownCustomer, customer_id=lambda event: event.customer_id)]


@on(ContactChanged)
def learn_who_it_is(event: ContactChanged, named: Named, *, origin: Origin) -> Outcome:
    """All these names mean this customer."""
    return known.hear(KnownCustomer, event, named, origin.place)


@on(ContactErased)
def forget_who_it_was(event: ContactErased, held: OfCustomer, *, origin: Origin) -> Outcome:
    """Only ids stay."""
    return known.forget(held, origin.place)
