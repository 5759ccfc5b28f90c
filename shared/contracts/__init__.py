"""The published language: what happened, as it is told to others. One module per publisher.

Wire values are strict (a number is no string, a time has an offset) and tolerant (unknown fields are ignored). Shapes: `interface` of the
documents, CloudEvents 1.0 for the envelope around them.
"""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.values import Amount, Anything, Currency, Day, Id, Name, Slug, Text, Ts, UnitCode, When

__all__ = [
    "AboutCustomer", "Amount", "Anything", "CustomerReference", "Day", "Event", "Id", "Money", "Name", "Quantity", "Shape", "Slug", "Text", "Ts",
    "When",
]  # fmt: skip


class Shape(BaseModel):
    """Part of an event."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class CustomerReference(Shape):
    """A customer as a foreign system names it: `erp/C-10023`."""

    system: Slug
    id: Id

    def __str__(self) -> str:
        return f"{self.system}/{self.id}"


class Money(Shape):
    """A decimal string with at most four places and an ISO 4217 code."""

    amount: Amount
    currency: Currency


class Quantity(Shape):
    """A decimal string and a UN/ECE Recommendation 20 unit code."""

    value: Amount
    unit: UnitCode


class Event(BaseModel):
    """A fact. Its wire name never changes; readers ignore fields they do not know."""

    model_config = ConfigDict(extra="ignore", strict=True)
    name: ClassVar[str]
    topic: ClassVar[str]
    subject_in: ClassVar[str | None] = None  # the field with its subject
    moment_in: ClassVar[str | None] = None  # the field with its business moment
    is_over: ClassVar[bool] = False  # its business moment has been: one that lies ahead is a mistake
    kept: ClassVar[bool] = False  # its publisher keeps it, for those who ask later what happened (shared/journal.py)
    tombstone: ClassVar[bool] = False  # said by a null value: its key tells all there is to know

    @property
    def key(self) -> str:
        """Events of one key stay in order."""
        raise TypeError(f"{type(self).__name__} does not say by what it is keyed")

    @property
    def subject(self) -> str | None:
        """The id of the order, job, report or call that it is about (`ce_subject`)."""
        return getattr(self, self.subject_in) if self.subject_in else None

    @property
    def moment(self) -> datetime | None:
        """When it happened in the business, however late it is told; None where only a day is known."""
        return getattr(self, self.moment_in) if self.moment_in else None

    @property
    def unit_of(self) -> str | None:
        """The unit of the company it belongs to (`ce_orgunit`). Our own events always say it."""
        return None

    @classmethod
    def from_key(cls, key: str) -> Self:
        """Reads a tombstone."""
        raise TypeError(f"{cls.__name__} is no tombstone")


class AboutCustomer(Event):
    """A fact that another system tells about one of its customers."""

    customer: CustomerReference

    @property
    def key(self) -> str:
        return str(self.customer)


class OfCustomer(Event):
    """A fact of our own about a customer; it always says the unit."""

    customer_id: UUID
    unit: str

    @property
    def key(self) -> str:
        return str(self.customer_id)

    @property
    def unit_of(self) -> str:
        return self.unit
