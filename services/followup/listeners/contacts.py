"""What follow-up does when it hears who a customer is and where they can be reached."""

from typing import Annotated

from services.followup.domain.contact import Contact, Reach, forget, learn, learn_of_the_erased
from services.followup.domain.known_customer import KnownCustomer
from shared import known
from shared.contracts.contacts import ContactChanged, ContactErased
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, every

on = Listener("careloop.contacts")

OfCustomer = Annotated[list[Contact], every(Contact, customer_id=lambda event: event.customer_id)]
Named = Annotated[list[Contact], among(Contact, reference=lambda event: [it.reference for it in event.references])]
KnownOfCustomer = Annotated[list[KnownCustomer], every(KnownCustomer, customer_id=lambda event: event.customer_id)]
KnownNamed = Annotated[list[KnownCustomer], among(KnownCustomer, id=known.names_in)]


@on(ContactChanged)
def remember_the_contact(event: ContactChanged, held: OfCustomer, named: Named, who: KnownNamed, *, origin: Origin) -> Outcome:
    """What waits for it, a job lets go on."""
    reach = Reach(
        customer_id=event.customer_id, revisions={it.reference: it.revision for it in event.references}, phones=event.phones, emails=event.emails,
        preferred_channel=event.preferred_channel, language=event.language, time_zone=event.time_zone, unit=event.unit,
    )  # fmt: skip
    if known.is_gone(event.customer_id, who):
        return learn_of_the_erased(reach, named, origin.place)
    return learn(reach, held, named, origin.place)


@on(ContactErased)
def forget_the_contact(event: ContactErased, held: OfCustomer, *, origin: Origin) -> Outcome:
    """Nothing stays by which the customer could be reached."""
    return forget(held, origin.place)


@on(ContactChanged)
def learn_who_it_is(event: ContactChanged, named: KnownNamed, *, origin: Origin) -> Outcome:
    """Calls and answers to surveys follow, by a job."""
    return known.hear(KnownCustomer, event, named, origin.place)


@on(ContactErased)
def forget_who_it_was(event: ContactErased, held: KnownOfCustomer, *, origin: Origin) -> Outcome:
    """Only ids stay."""
    return known.forget(held, origin.place)
