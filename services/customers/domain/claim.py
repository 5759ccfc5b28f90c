"""A reference: what a foreign system calls a customer, and who holds that name. One reference belongs to exactly one customer."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.customers.domain import Memory
from shared.entities import codes
from shared.errors import Conflict, Unacceptable

Place = tuple[int, int]  # partition and offset of a record


class ConflictingReference(Conflict, Unacceptable):
    """A reference that two declarations claim stays with the first."""

    code = "conflicting_reference"
    fix = "Leave this reference out, or ask whose it is; the declaration that came first has to give it up."


class Standing(StrEnum):
    MENTIONED = "mentioned"  # by an order; nobody has declared it
    NAMED = "named"  # another declaration says it is a name of the same customer
    DECLARED = "declared"  # by itself
    WITHDRAWN = "withdrawn"  # its source has it no longer; who declares it next may have it


CLAIMED = frozenset((Standing.NAMED, Standing.DECLARED))


class Claim(Memory, table=True):
    reference: str = Field(primary_key=True)  # system/id
    customer_id: UUID = Field(index=True)
    standing: Standing = Field(default=Standing.MENTIONED, sa_type=codes(Standing))
    named_by: str | None = Field(default=None, index=True)  # the declaration that gives it as another name of its customer
    partition: int = -1
    record_offset: int = Field(default=-1, sa_type=BigInteger)

    @property
    def claimed(self) -> bool:
        return self.standing in CLAIMED

    def knows(self, place: Place | None) -> bool:
        """Records of a compacted topic come again. What does not come from there is always new."""
        return place is not None and place[0] == self.partition and place[1] <= self.record_offset

    def told(self, place: Place | None) -> None:
        if place is not None:
            self.partition, self.record_offset = place

    def name(self, by: str) -> None:
        """A declaration names it."""
        self.put(named_by=self.named_by or by, standing=self.standing if self.standing is Standing.DECLARED else Standing.NAMED)

    def release(self) -> None:
        """The declaration that named it does so no longer. It stays where it is until another claims it."""
        self.put(named_by=None, standing=self.standing if self.standing is Standing.DECLARED else Standing.WITHDRAWN)

    def withdraw(self) -> None:
        """Its source has this customer no longer."""
        self.put(standing=Standing.NAMED if self.named_by else Standing.WITHDRAWN)
