"""How a declaration changes who is who. Every name that it gives moves to its customer, unless another declaration claims it.

A name that nobody had heard of goes the same way as one that orders had mentioned: it gets its provisional customer, which is redirected at
once. So it makes no difference whether the orders or the declaration came first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.customers.domain.claim import Claim, ConflictingReference, Place, Standing
from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.declaration import Declaration
from services.customers.domain.erased import ErasedReference, refuse_what_is_erased
from shared.contracts import Event
from shared.contracts.contacts import ContactChanged
from shared.ids import customer_of
from shared.outcome import Outcome
from shared.units import Units


def mention(reference: str, *, source: str, unit: str, at: datetime) -> tuple[Claim, Customer]:
    """Somebody unknown."""
    return Claim(reference=reference, customer_id=customer_of(reference)), Customer.mentioned(reference, source=source, unit=unit, at=at)


def holders_of(references: Iterable[str], claims: Iterable[Claim]) -> list[UUID]:
    """Ids of whoever has these names, and of whoever would have them if nobody had said more."""
    found = dict.fromkeys(id for claim in claims for id in (claim.customer_id, customer_of(claim.reference)))
    return list(found | dict.fromkeys(map(customer_of, references)))


class Desk:
    """The claims and customers that one declaration is about, and what they were before it."""

    def __init__(self, claims: Iterable[Claim], customers: Iterable[Customer], units: Units, at: datetime) -> None:
        self.claims = {it.reference: it for it in claims}
        self.customers = {it.id: it for it in customers}
        self.before = {it: (it.state, it.redirected_to, it.contact()) for it in self.customers.values()}
        self.units, self.at = units, at

    def claim(self, reference: str, source: str) -> Claim:
        """The claim of that name, made with its customer if nobody had heard of it."""
        if reference not in self.claims:
            claim, customer = mention(reference, source=source, unit=self.units.default, at=self.at)
            self.claims[reference], self.customers[customer.id] = claim, customer
        return self.claims[reference]

    def holder(self, claim: Claim) -> Customer:
        return self.customers[claim.customer_id]

    def move(self, claim: Claim, to: Customer) -> None:
        """The name is that customer's from now on; whoever has none left is that customer."""
        holder, home = self.holder(claim), self.customers[customer_of(claim.reference)]
        if holder is to:
            return
        holder.hand_over(claim.reference, to)
        claim.put(customer_id=to.id)
        for it in (holder, home):
            if not it.names and it is not to and it.state is not CustomerState.ERASED:  # they are nobody else, whoever has the name now
                it.follow(to)

    def told(self) -> list[Event]:
        """What others learn of it."""
        events: list[Event] = []
        for it in self.customers.values():
            changed = it.settle(self.units) if it.names else []
            state, redirected_to, contact = self.before.get(it, (CustomerState.PROVISIONAL, None, None))
            if it.state is CustomerState.REGISTERED and state is CustomerState.PROVISIONAL:
                events.append(it.registered())
            elif it.state is CustomerState.REGISTERED and (changed or references_of(it.contact()) != references_of(contact)):
                events.append(it.updated([*changed, *(["references"] if references_of(it.contact()) != references_of(contact) else [])]))
            elif it.state is CustomerState.REDIRECTED and it.redirected_to != redirected_to:
                events.append(it.merged())
            if it.state is not CustomerState.PROVISIONAL and it.contact() != contact:
                events.append(it.contact())
        return events

    def outcome(self) -> Outcome:
        return [*self.claims.values(), *self.customers.values(), *self.told()]


def references_of(contact: ContactChanged | None) -> list[str]:
    return [it.reference for it in contact.references] if contact else []


def declare(
    told: Declaration, claims: Sequence[Claim], customers: Sequence[Customer], *, units: Units, at: datetime,
    erased: Sequence[ErasedReference] = (),
) -> Outcome:  # fmt: skip
    """A source says what it knows of one of its customers. `claims`: of all names in it, and those it gave before."""
    refuse_what_is_erased(told.reference, told.names, erased)
    desk = Desk(claims, customers, units, at)
    mine = desk.claim(told.reference, told.source)
    if mine.knows(told.place):
        return []
    customer = desk.holder(mine)
    refuse_what_is_claimed(told, desk.claims, customer)
    mine.told(told.place)
    mine.put(standing=Standing.DECLARED)
    customer.declare(told, at)
    for reference in told.others:
        claim = desk.claim(reference, told.source)
        claim.name(by=told.reference)
        desk.move(claim, customer)
        customer.name(reference, claimed=True)
    release(desk, told.reference, keep=told.others)
    return desk.outcome()


def refuse_what_is_claimed(told: Declaration, claims: Mapping[str, Claim], customer: Customer) -> None:
    for index, reference in enumerate(told.names):
        claim = claims.get(reference)
        if claim and claim.claimed and claim.customer_id != customer.id:
            raise ConflictingReference(
                "Another declaration claims this reference for another customer, and it came first.", field=f"/references/{index}"
            )


def withdraw(
    reference: str, claims: Sequence[Claim], customers: Sequence[Customer], *, units: Units, at: datetime, place: Place
) -> Outcome:
    """A source has this customer no longer: nobody is reached by its points or under the names it gave. Nothing is erased."""
    desk = Desk(claims, customers, units, at)
    mine = desk.claims.get(reference)
    if mine is None or mine.knows(place):
        return []
    mine.told(place)
    if mine.standing is Standing.DECLARED:
        unsay(desk, mine)
    return desk.outcome()


def unsay(desk: Desk, mine: Claim) -> None:
    """Nothing is said under this name any more."""
    mine.withdraw()
    desk.holder(mine).name(mine.reference, claimed=mine.claimed, said=None)
    release(desk, mine.reference, keep=())


def release(desk: Desk, by: str, *, keep: Sequence[str]) -> None:
    """Names that a declaration gave before and does not give any more."""
    for claim in desk.claims.values():
        if claim.named_by == by and claim.reference not in keep:
            claim.release()
            desk.holder(claim).name(claim.reference, claimed=claim.claimed)
