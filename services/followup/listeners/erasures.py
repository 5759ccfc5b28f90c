"""What follow-up does when it hears that nothing may be kept of a customer."""

from typing import Annotated

from services.followup.domain.contact import Contact
from services.followup.domain.erasing import Erasing
from services.followup.domain.known_customer import KnownCustomer
from shared import erased
from shared.contracts.customers import ErasureRequested
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, one

on = Listener("careloop.customers")

Asked = Annotated[Erasing | None, one(Erasing, erasure_id=lambda event: event.erasure_id)]
Them = Annotated[list[KnownCustomer], among(KnownCustomer, id=erased.ids_in)]
TheirNames = Annotated[list[KnownCustomer], among(KnownCustomer, customer_id=erased.ids_in)]
Contacts = Annotated[list[Contact], among(Contact, customer_id=erased.ids_in)]


@on(ErasureRequested)
def forget_them(
    event: ErasureRequested, contacts: Contacts, asked: Asked, them: Them, names: TheirNames, *, origin: Origin
) -> Outcome:  # fmt: skip
    """From now on nobody tells or asks them anything and nothing more is kept; what there is, a job takes away.  CUST-19"""
    outcome = erased.take_on(Erasing, KnownCustomer, event, asked, [*them, *names], origin.cause.correlation)
    theirs = {it.id for it in outcome if isinstance(it, KnownCustomer) and it.erased}
    for contact in contacts:
        contact.erased = contact.erased or contact.is_told or contact.customer_id in theirs
    return [*contacts, *outcome]
