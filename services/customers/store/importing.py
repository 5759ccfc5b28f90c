"""What an import reads and locks, and whom nothing is about any more once it is undone."""

from collections.abc import Collection, Sequence
from uuid import UUID

from asyncpg import Connection

from services.customers.domain.claim import Claim
from services.customers.domain.customer import Customer
from services.customers.domain.erased import ErasedReference, hashed
from services.customers.domain.filing import holders_of
from services.customers.domain.order import Order
from shared.reactions import among, every
from shared.shelf import Shelf

NAMED = {lock: among(Claim, reference=lambda _: (), lock=lock) for lock in (True, False)}
NAMED_BEFORE = {lock: every(Claim, named_by=lambda _: None, lock=lock) for lock in (True, False)}
HOLDERS = {lock: among(Customer, id=lambda _: (), lock=lock) for lock in (True, False)}
ERASED = among(ErasedReference, hash=lambda _: (), lock=False)
ORDERS = {lock: among(Order, id=lambda _: (), lock=lock) for lock in (True, False)}
# A listener reads a claim without locking it and mirrors an order under it: it waits until the claim is gone, or we wait until its order is there.
# Whoever comes while we wait stands behind us, so we do not wait for a backup or a long report: the round is begun again.
ALONE = "SET LOCAL lock_timeout = '500ms'; LOCK TABLE claim IN ACCESS EXCLUSIVE MODE"
UNMENTIONED = """
SELECT c.id FROM unnest($1::uuid[], $2::text[]) AS c (id, reference)
WHERE NOT EXISTS (SELECT FROM orders WHERE orders.reference = c.reference AND orders.id <> ALL($3))
    AND NOT EXISTS (SELECT FROM customer AS other WHERE other.redirected_to = c.id)
    AND NOT EXISTS (SELECT FROM consent WHERE consent.reference = c.reference)
    AND NOT EXISTS (SELECT FROM consent WHERE consent.customer_id = c.id)
    AND NOT EXISTS (SELECT FROM disclosure WHERE disclosure.customer_id = c.id)
    AND NOT EXISTS (SELECT FROM task WHERE task.customer_id = c.id)
    AND NOT EXISTS (SELECT FROM erasure WHERE erasure.customer_id = c.id)"""


class Names:
    """The claims, customers and erased names that some rows are about; what the rows make of them is found by those that follow."""

    def __init__(self, claims: Collection[Claim], customers: Collection[Customer], erased: Collection[ErasedReference]) -> None:
        self.claims = {it.reference: it for it in claims}
        self.customers = {it.id: it for it in customers}
        self.erased = {it.hash: it for it in erased}
        self.given: dict[str, set[str]] = {}
        for it in claims:
            self.note(it)

    def note(self, claim: Claim) -> None:
        if claim.named_by:
            self.given.setdefault(claim.named_by, set()).add(claim.reference)

    def claims_for(self, reference: str, others: Collection[str]) -> list[Claim]:
        """Of the names in a declaration, and of those it gave before."""
        names = dict.fromkeys((reference, *others, *sorted(self.given.get(reference, ()))))
        return [self.claims[name] for name in names if name in self.claims]

    def holders(self, reference: str, others: Collection[str], claims: Sequence[Claim]) -> list[Customer]:
        return [self.customers[id] for id in holders_of([reference, *others], claims) if id in self.customers]

    def holder(self, reference: str) -> Customer | None:
        claim = self.claims.get(reference)
        return self.customers[claim.customer_id] if claim else None

    def erased_as(self, reference: str) -> ErasedReference | None:
        return self.erased.get(hashed(reference)) if self.erased else None

    def erased_among(self, names: Collection[str]) -> list[ErasedReference]:
        return [it for name in names if (it := self.erased_as(name))] if self.erased else []

    def learn(self, outcome: Sequence[object]) -> None:
        for it in outcome:
            if isinstance(it, Claim):
                self.claims[it.reference] = it
                self.note(it)
            elif isinstance(it, Customer):
                self.customers[it.id] = it


async def names(connection: Connection, shelf: Shelf, references: Collection[str], *, lock: bool, declaring: bool = True) -> Names:
    """Of these references; for declarations also those that they gave before, and whoever would have the names if nobody had said more."""
    wanted = list(dict.fromkeys(references))
    before = [(NAMED_BEFORE[lock], it) for it in wanted] if declaring else []
    await shelf.fetch(connection, [(NAMED[lock], wanted), *before])
    claims = [it for it in shelf.read if isinstance(it, Claim)]
    holders = holders_of(wanted if declaring else (), claims)
    await shelf.fetch(connection, [(HOLDERS[lock], holders), (ERASED, [hashed(it) for it in wanted])])
    return Names(
        claims, [it for it in shelf.read if isinstance(it, Customer)], [it for it in shelf.read if isinstance(it, ErasedReference)]
    )


async def mirrored(connection: Connection, shelf: Shelf, ids: Collection[UUID], *, lock: bool) -> dict[UUID, Order]:
    await shelf.fetch(connection, [(ORDERS[lock], list(ids))])
    return {it.id: it for it in shelf.read if isinstance(it, Order)}


async def alone(connection: Connection) -> None:
    """Nobody reads or makes a name until the end of the transaction: comes first in it. LockNotAvailableError where somebody has it for longer."""
    await connection.execute(ALONE)


async def unmentioned(connection: Connection, names: Collection[tuple[UUID, str]], gone: Collection[UUID]) -> set[UUID]:
    """Of these customers, each with its only name, those whom nothing is about but the orders that are `gone`."""
    if not names:
        return set()
    ids, references = [id for id, _ in names], [reference for _, reference in names]
    return {row["id"] for row in await connection.fetch(UNMENTIONED, ids, references, list(gone))}
