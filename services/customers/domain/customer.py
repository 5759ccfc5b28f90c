"""A customer on file: what the declarations of all its names say together, and who it turned out to be.

An order of somebody unknown makes a provisional customer, whose id everybody computes alike from the reference. Nothing is announced of
it on `careloop.contacts` until something is known.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customers.domain import Memory
from services.customers.domain.declaration import FILE, POINTS, Declaration, Facts, together
from shared.contracts import Event
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.contracts.customers import CustomerMerged, CustomerRegistered, CustomerUpdated
from shared.entities import Timestamp, codes
from shared.ids import customer_of
from shared.units import Units


class CustomerState(StrEnum):
    PROVISIONAL = "provisional"  # only mentioned so far
    REGISTERED = "registered"  # declared by a source
    REDIRECTED = "redirected"  # turned out to be another customer
    ERASED = "erased"  # that there was one is all that is known


class Kind(StrEnum):
    PERSON = "person"
    COMPANY = "company"


STANDINGS = {
    CustomerState.PROVISIONAL: Standing.PROVISIONAL,
    CustomerState.REGISTERED: Standing.DECLARED,
    CustomerState.REDIRECTED: Standing.REDIRECTED,
    CustomerState.ERASED: Standing.PROVISIONAL,  # of them nothing is told any more
}
version = Column("version", Integer, nullable=False)


class Customer(Memory, table=True):
    __table_args__ = (
        Index("customer_newest", "created_at", "id"),
        Index("customer_source", "source", "created_at", "id"),
        Index("customer_state", "state", "created_at", "id"),
        Index("customer_unit", "unit", "created_at", "id"),
        Index("customer_kind", "kind", "created_at", "id"),
        Index("customer_redirected", "redirected_to"),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # made of the reference by which it was first heard of
    state: CustomerState = Field(default=CustomerState.PROVISIONAL, sa_type=codes(CustomerState))
    redirected_to: UUID | None = None
    source: str  # that declared it first; until then, that mentioned it first  CUST-02
    unit: str
    kind: Kind | None = Field(default=None, sa_type=codes(Kind))
    display_name: str | None = None
    contact_person: str | None = None
    business_scope: str | None = None
    preferred_channel: str | None = None
    language: str | None = None
    time_zone: str | None = None
    phones: list[str] = Field(default_factory=list, sa_type=JSONB)
    emails: list[str] = Field(default_factory=list, sa_type=JSONB)
    names: dict[str, Facts] = Field(
        default_factory=dict, sa_type=JSONB
    )  # by reference: its revision, whether it is claimed, what was said under it
    created_at: datetime = Field(sa_type=Timestamp)
    registered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    version: int = Field(default=1, sa_column=version)

    @classmethod
    def mentioned(cls, reference: str, *, source: str, unit: str, at: datetime) -> "Customer":
        names = {reference: {"revision": 0, "claimed": False, "said": None}}
        return cls(id=customer_of(reference), source=source, unit=unit, names=names, created_at=at)

    # -- its names

    def name(self, reference: str, **facts: Any) -> None:
        self.put(names=self.names | {reference: self.names[reference] | facts})

    def declare(self, told: Declaration, at: datetime) -> None:
        """A source says what it knows. The same again is no news."""
        if self.state is CustomerState.PROVISIONAL:
            self.put(state=CustomerState.REGISTERED, source=told.source, registered_at=at)
        said, known = told.said, self.names[told.reference]["said"]
        latest = max((it["said"]["at"] for it in self.names.values() if it["said"]), default=None)
        again = known is not None and known["facts"] == said["facts"] and known["at"] == latest
        self.name(told.reference, claimed=True, said=known if again else said)

    def hand_over(self, reference: str, to: "Customer") -> None:
        """The reference is another customer's from now on; of its holders the one with the higher revision holds."""
        facts = self.names[reference]
        self.put(names={name: it for name, it in self.names.items() if name != reference})
        to.put(names=to.names | {reference: facts | {"revision": facts["revision"] + 1}})

    def follow(self, customer: "Customer") -> None:
        """Without a name left it is whoever has them now."""
        self.put(state=CustomerState.REDIRECTED, redirected_to=customer.id, phones=[], emails=[])

    def forget_the_file(self) -> None:
        """Nobody says anything of it any more: it is only mentioned, as before it was declared."""
        self.put(**dict.fromkeys(FILE), phones=[], emails=[], state=CustomerState.PROVISIONAL, registered_at=None)

    # -- what they say together

    def settle(self, units: Units) -> list[str]:
        """What differs from before. Without any declaration the file stays as it was; only the points that were withdrawn are gone."""
        told = {reference: it["said"] for reference, it in self.names.items() if it["said"]}
        if not told:
            return self.put(phones=[], emails=[])
        facts = together(told)
        kind = Kind(facts["kind"]) if facts["kind"] else None
        return self.put(**{name: facts[name] for name in (*FILE, *POINTS)} | {"kind": kind, "unit": units.name_of(facts["unit"])})

    @property
    def claimed(self) -> list[str]:
        return sorted(reference for reference, it in self.names.items() if it["claimed"])

    @property
    def references(self) -> list[dict[str, Any]]:
        """What other systems call it."""
        split = {reference: reference.partition("/") for reference in sorted(self.names)}
        return [{"system": system, "id": id, "claimed": self.names[name]["claimed"]} for name, (system, _, id) in split.items()]

    # -- and what is told of it

    def contact(self) -> ContactChanged:
        return ContactChanged(
            customer_id=self.id, standing=STANDINGS[self.state], redirected_to=self.redirected_to,
            references=[KnownAs(reference=it, revision=self.names[it]["revision"]) for it in self.claimed],
            phones=list(self.phones), emails=list(self.emails),
            preferred_channel=self.preferred_channel, language=self.language, time_zone=self.time_zone, unit=self.unit,
        )  # fmt: skip

    def registered(self) -> Event:
        return CustomerRegistered(customer_id=self.id, unit=self.unit, kind=str(self.kind))

    def updated(self, changed: list[str]) -> Event:
        return CustomerUpdated(customer_id=self.id, unit=self.unit, changed=sorted(changed))

    def merged(self) -> Event:
        assert self.redirected_to
        return CustomerMerged(customer_id=self.id, unit=self.unit, into=self.redirected_to)
