"""Who a customer is: the few columns that a service copies of what `customers` says on `careloop.contacts`.

A name (`erp/C-10023`) makes an id that every service computes alike, and that id may turn out to mean another customer. So whatever is about
a customer remembers the id under which it came (`named_id`) beside the customer whom that means today; `shared/following.py` keeps them in line.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from shared.contracts.contacts import ContactChanged, Standing
from shared.entities import Entity
from shared.ids import customer_of
from shared.outcome import Outcome

Place = tuple[int, int]  # partition and offset of a record
Kind = TypeVar("Kind", bound="KnownCustomer")


class Copy(Entity):
    """What is copied from a compacted topic, where records come again."""

    partition: int = -1
    record_offset: int = Field(default=-1, sa_type=BigInteger)

    def is_known(self, place: Place) -> bool:
        return place[0] == self.partition and place[1] <= self.record_offset


class KnownCustomer(Copy):
    """Whom an id means. A row is made when the id is first mentioned, by whomever, so that both find each other. Each service has its own table."""

    __tablename__ = "known_customer"
    id: UUID = Field(primary_key=True)  # made of the name alone: `customer_of(reference)`
    customer_id: UUID = Field(index=True)
    declared: bool = False  # some source says who it is
    unit: str | None = None
    revision: int = -1  # of whom the name means; the higher one holds
    news: bool = False  # what is about it is not in line yet
    erased: bool = False  # whoever this name means is erased: nothing is kept of what comes under it
    gone: bool = False  # the customer of this very id is erased; their first name may be somebody else's by now

    def erase(self) -> None:
        """Of whoever the name means nothing is kept, whatever still comes."""
        self.news = self.news or self.declared
        self.erased, self.declared = True, False

    def take(self, customer_id: UUID, revision: int, *, declared: bool, unit: str, place: Place) -> None:
        """What is told holds from now on."""
        self.news = self.news or (self.customer_id, self.declared) != (customer_id, declared)
        self.customer_id, self.revision, self.declared, self.unit = customer_id, revision, declared, unit
        self.partition, self.record_offset = place


def whom(kind: type[Kind], known: Kind | None, id: UUID) -> Kind:
    """The row of this id, made if nobody mentioned it before."""
    return known or kind(id=id, customer_id=id)


def learn(
    kind: type[Kind], known: Sequence[Kind], customer_id: UUID, revisions: Mapping[str, int], *, declared: bool, unit: str, place: Place
) -> Outcome:  # fmt: skip
    """Keep what a customer's record says of its names. Records of two customers come in any order: the higher revision of a name holds."""
    rows = {row.id: row for row in known}
    taken: Outcome = []
    for reference, revision in revisions.items():
        id = customer_of(reference)
        row = whom(kind, rows.get(id), id)
        if revision > row.revision or (revision == row.revision and not row.is_known(place)):
            row.take(customer_id, revision, declared=declared, unit=unit, place=place)
            row.erased = False  # the name may have moved on from somebody who is
            taken.append(row)
    return taken


def names_in(told: ContactChanged) -> list[UUID]:
    """The customer's own id, and those that their names make."""
    return [told.customer_id, *(customer_of(it.reference) for it in told.references)]


def hear(kind: type[Kind], told: ContactChanged, named: Sequence[Kind], place: Place) -> Outcome:
    """What `customers` says of somebody; `named` are the rows that they and their names have here. Of somebody who is erased only the names count:
    a record of theirs may come after we were asked to forget them, and what came under these names goes too."""
    revisions = {it.reference: it.revision for it in told.references}
    gone = is_gone(told.customer_id, named)
    declared = told.standing is Standing.DECLARED and not gone
    taken = learn(kind, named, told.customer_id, revisions, declared=declared, unit=told.unit, place=place)
    for row in taken if gone else ():
        assert isinstance(row, KnownCustomer)
        row.erase()
    return taken


def is_gone(id: UUID, known: Sequence[KnownCustomer]) -> bool:
    return any(row.id == id and row.gone for row in known)


def forget(held: Sequence[KnownCustomer], place: Place) -> Outcome:
    """The customer is erased: only ids stay."""
    for row in held:
        row.take(row.customer_id, row.revision, declared=False, unit=row.unit or "", place=place)
        row.erase()
    return list(held)
