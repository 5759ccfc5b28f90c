"""Who is who: customers as CRM, ERP, shop and our own reception declare them, and staff as the directory does."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from shared.contracts import AboutCustomer, CustomerReference, Day, Event, Id, Name, Shape, Text, Ts
from shared.contracts.values import Email, Language, OneToFive, Phone, Share, Zone


class CustomerKind(StrEnum):
    PERSON = "person"
    COMPANY = "company"


class ConsentGiven(Shape):
    """For what the customer may be contacted, and how we know."""

    purpose: Text | None = None
    channel: Text | None = None
    granted_at: Ts | None = None
    evidence: Text | None = None


class CustomerDeclared(AboutCustomer):
    """A source says all it knows of one of its customers; what it said before is replaced."""

    name = "customer.declared.v1"
    topic = "careloop.inbound.customers"
    references: list[CustomerReference] | None = None  # other names of the same customer
    kind: CustomerKind
    display_name: Name
    contact_person: Text | None = None
    phones: list[Phone] | None = None
    emails: list[Email] | None = None
    preferred_channel: Text | None = None
    language: Language | None = None
    time_zone: Zone | None = None
    orgunit: Id | None = None
    address: Text | None = None
    business_scope: Text | None = None
    consents: list[ConsentGiven] | None = None

    @property
    def subject(self) -> str | None:
        return self.key

    @property
    def unit_of(self) -> str | None:
        return self.orgunit


class CustomerWithdrawn(AboutCustomer):
    """A source no longer has this customer: a null value, so its key says all. Nothing is erased."""

    name = "customer.withdrawn.v1"
    topic = "careloop.inbound.customers"
    tombstone = True

    @property
    def subject(self) -> str | None:
        return self.key

    @classmethod
    def from_key(cls, key: str) -> Self:
        system, _, id = key.partition("/")
        return cls(customer=CustomerReference(system=system, id=id))


class Skill(Shape):
    """What somebody can do, and how well."""

    code: Id | None = None
    level: OneToFive | None = None


class Absence(Shape):
    """Days on which somebody is not there, both counted."""

    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def is_a_time(self) -> Self:
        if self.from_ and self.until and self.until < self.from_:
            raise ValueError("It ends before it begins.")
        return self


class StaffDeclared(Event):
    """A member of staff, as the directory has them today."""

    name = "staff.declared.v1"
    topic = "careloop.inbound.staff"
    subject_in = "staff_id"
    staff_id: Id
    display_name: Name
    unit: Id
    posts: list[Id]
    roles: list[Id] | None = None
    skills: list[Skill] | None = None
    capacity_weight: Share | None = None
    absences: list[Absence] | None = None
    email: Email | None = None
    phone: Phone | None = None
    active: bool

    @property
    def key(self) -> str:
        return self.staff_id


class StaffWithdrawn(Event):
    """The directory no longer has this member of staff: a null value, so its key says all. Whoever is gone from it has left."""

    name = "staff.withdrawn.v1"
    topic = "careloop.inbound.staff"
    tombstone = True
    subject_in = "staff_id"
    staff_id: Id

    @property
    def key(self) -> str:
        return self.staff_id

    @classmethod
    def from_key(cls, key: str) -> Self:
        return cls(staff_id=key)


EVENTS = CustomerDeclared, StaffDeclared
