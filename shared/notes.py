"""What people said, kept by the service that heard it and by those with whom it is shared. Words are in no other event, log or metric."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from sqlmodel import Field

from shared.contracts.notes import NoteWritten
from shared.entities import Timestamp
from shared.ids import uuid7
from shared.known import Copy, KnownCustomer, Place
from shared.outcome import Outcome

LONGEST = 10_000  # characters
Kind = TypeVar("Kind", bound="Note")


class OfSomebody(Protocol):
    """A complaint, an inquiry, a call, a visit."""

    named_id: UUID
    customer_id: UUID
    unit: str


class Note(Copy):
    """Words, and what they are about. Each service has its own table."""

    id: UUID = Field(primary_key=True)
    about: str = Field(index=True)  # complaint:<id>, inquiry:<id>, call:<id>, visit:<id>
    kind: str  # content, expected_remedy, result, ...
    text: str
    named_id: UUID = Field(index=True)  # of the customer, as we first heard of them ...
    customer_id: UUID = Field(index=True)  # ... and as we know them
    unit: str
    written_at: datetime = Field(sa_type=Timestamp)
    written_by: str | None = None

    def is_behind(self, told: NoteWritten, place: Place) -> bool:
        """Of a copy the later record holds; what we wrote ourselves comes back, and only a newer word is one."""
        is_copy = self.partition >= 0
        return not self.is_known(place) if is_copy else told.written_at > self.written_at

    def told(self, *, shared_with: Sequence[str] = ()) -> NoteWritten:
        """As `careloop.notes` carries it."""
        return NoteWritten(
            note_id=self.id, about=self.about, kind=self.kind, text=self.text, customer_id=self.customer_id, named_id=self.named_id, unit=self.unit,
            written_at=self.written_at, written_by=self.written_by, shared_with=list(shared_with),
        )  # fmt: skip


def jot(note: type[Kind], text: str | None, *, of: OfSomebody, about: str, kind: str, at: datetime, by: str | None) -> Kind | None:
    """The words as a note; None where nobody said anything. `of`: what they are about."""
    if not text:
        return None
    return note(
        id=uuid7(), about=about, kind=kind, text=text, named_id=of.named_id, customer_id=of.customer_id, unit=of.unit, written_at=at, written_by=by
    )  # fmt: skip


def whose(told: NoteWritten) -> UUID:
    """The name under which it came; those that were written before notes had one tell the customer."""
    return told.named_id or told.customer_id


def copy(kind: type[Kind], told: NoteWritten, note: Kind | None, who: KnownCustomer, place: Place) -> Outcome:
    """Keep what was shared with us, as it was told last; of somebody who is erased, nothing. `who`: whom the name means here."""
    if who.erased or (note is not None and not note.is_behind(told, place)):
        return []
    of = {"named_id": who.id, "customer_id": who.customer_id, "partition": place[0], "record_offset": place[1]}
    said = told.model_dump(exclude={"note_id", "shared_with"}) | of
    if note is None:
        return [who, kind(id=told.note_id, **said)]
    for name, value in said.items():
        setattr(note, name, value)
    return [note]
