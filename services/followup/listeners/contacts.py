"""What follow-up does when it hears where a customer can be reached."""

from typing import Annotated

from services.followup.domain.contact import Contact, Reach, forget, learn
from shared.contracts.contacts import ContactChanged, ContactErased
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, every

on = Listener("careloop.contacts")

OfCustomer = Annotated[list[Contact], every(Contact, customer_id=lambda event: event.customer_id)]
Named = Annotated[list[Contact], among(Contact, reference=lambda event: [it.reference for it in event.references])]


@on(ContactChanged)
def remember_the_contact(event: ContactChanged, held: OfCustomer, named: Named, *, origin: Origin) -> Outcome:
    """What waits for it, a job lets go on."""
    reach = Reach(
        customer_id=event.customer_id, revisions={it.reference: it.revision for it in event.references}, phones=event.phones, emails=event.emails,
        preferred_channel=event.preferred_channel, language=event.language, time_zone=event.time_zone, unit=event.unit,
    )  # fmt: skip
    return learn(reach, held, named, (origin.partition, origin.offset))


@on(ContactErased)
def forget_the_contact(event: ContactErased, held: OfCustomer, *, origin: Origin) -> Outcome:
    """Nothing stays by which the customer could be reached."""
    return forget(held, (origin.partition, origin.offset))
