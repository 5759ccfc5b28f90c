"""What reception does when it hears that nothing may be kept of a customer."""

from typing import Annotated

from services.reception.domain.erasing import Erasing
from services.reception.domain.known_customer import KnownCustomer
from shared import erased
from shared.contracts.customers import ErasureRequested
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, one

on = Listener("careloop.customers")

Asked = Annotated[Erasing | None, one(Erasing, erasure_id=lambda event: event.erasure_id)]
Them = Annotated[list[KnownCustomer], among(KnownCustomer, id=erased.ids_in)]
TheirNames = Annotated[list[KnownCustomer], among(KnownCustomer, customer_id=erased.ids_in)]


@on(ErasureRequested)
def forget_them(event: ErasureRequested, asked: Asked, them: Them, names: TheirNames, *, origin: Origin) -> Outcome:
    """From now on nothing more is kept of them; what there is, a job takes away.  CUST-19"""
    return erased.take_on(Erasing, KnownCustomer, event, asked, [*them, *names], origin.cause.correlation)
