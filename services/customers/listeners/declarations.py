"""What the customer file does when a source says who its customers are."""

from datetime import datetime
from typing import Annotated

from services.customers.domain.claim import Claim
from services.customers.domain.consent import Consent, hear
from services.customers.domain.customer import Customer
from services.customers.domain.declaration import FACTS, Declaration
from services.customers.domain.erased import ErasedReference, hashed
from services.customers.domain.filing import declare, holders_of, withdraw
from shared.contracts.declarations import CustomerDeclared, CustomerWithdrawn
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, among, every, one
from shared.units import Units

on = Listener("careloop.inbound.customers")


def names_in(event: CustomerDeclared) -> list[str]:
    return [event.key, *map(str, event.references or ())]


Named = Annotated[list[Claim], among(Claim, reference=names_in)]
Own = Annotated[Claim | None, one(Claim, reference=lambda event: event.key)]
NamedBefore = Annotated[list[Claim], every(Claim, named_by=lambda event: event.key)]
ListedBefore = Annotated[list[Consent], every(Consent, reference=lambda event: event.key)]
Holders = Annotated[list[Customer], among(Customer, id=lambda event, named, before: holders_of(names_in(event), [*named, *before]))]
Erased = Annotated[
    list[ErasedReference], among(ErasedReference, hash=lambda event, named: [hashed(it) for it in names_in(event)], lock=False)
]  # after the names: whoever waited for an erasure that had them in its hands sees it
HoldersOfOwn = Annotated[
    list[Customer], among(Customer, id=lambda event, own, before: holders_of([event.key], [*filter(None, [own]), *before]))
]


@on(CustomerDeclared)
def file_it(
    event: CustomerDeclared, named: Named, before: NamedBefore, listed: ListedBefore, holders: Holders, erased: Erased,
    *, at: datetime, units: Units, origin: Origin,
) -> Outcome:  # fmt: skip
    """All its names are one customer's from now on.  CUST-01, CUST-04"""
    unit = next((it for it in (event.orgunit, origin.unit) if it in units.units), None)
    facts = event.model_dump(mode="json", include=set(FACTS)) | {"unit": unit}
    told = Declaration(
        event.key,
        origin.source or "",
        origin.time or at,
        facts,
        names=tuple(map(str, event.references or ())),
        place=origin.place,
    )
    outcome = declare(told, [*named, *before], holders, units=units, at=at, erased=erased)
    return hear(outcome, told.reference, told.source, facts.get("consents") or (), listed, told_at=told.at, at=at)


@on(CustomerWithdrawn)
def withdraw_it(
    event: CustomerWithdrawn, own: Own, before: NamedBefore, listed: ListedBefore, holders: HoldersOfOwn,
    *, at: datetime, units: Units, origin: Origin,
) -> Outcome:  # fmt: skip
    """The source has this customer no longer; nothing is erased."""
    outcome = withdraw(event.key, [*filter(None, [own]), *before], holders, units=units, at=at, place=origin.place)
    return hear(outcome, event.key, origin.source or "", (), listed, told_at=at, at=at)
