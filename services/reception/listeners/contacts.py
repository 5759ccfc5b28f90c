"""What reception does when it hears who a customer is, and that nothing may be kept of one."""

from typing import Annotated

from services.reception.domain.known_customer import KnownCustomer, forget
from services.reception.domain.visit import Visit
from shared import known
from shared.contracts.contacts import ContactChanged, ContactErased
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, every

on = Listener("careloop.contacts")

Named = Annotated[list[KnownCustomer], among(KnownCustomer, id=known.names_in)]
Held = Annotated[list[KnownCustomer], every(KnownCustomer, customer_id=lambda event: event.customer_id)]
VisitsOfThem = Annotated[list[Visit], among(Visit, named_id=lambda event, held: [it.id for it in held])]


@on(ContactChanged)
def learn_who_it_is(event: ContactChanged, named: Named, *, origin: Origin) -> Outcome:
    """What is about them, a job brings in line."""
    return known.hear(KnownCustomer, event, named, origin.place)


@on(ContactErased)
def forget_them(event: ContactErased, held: Held, visits: VisitsOfThem, *, origin: Origin) -> Outcome:
    """That somebody came stays known; who it was does not."""
    for visit in visits:
        visit.forget_the_guest()
    return [*forget(held, origin.place), *visits]
