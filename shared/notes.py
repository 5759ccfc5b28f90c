"""What people said, kept by the service that heard it and by those with whom it is shared. Words are in no other event, log or metric."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import Field

from shared.contracts.notes import NoteWritten
from shared.entities import Timestamp
from shared.ids import uuid7
from shared.known import Copy, Place
from shared.outcome import Outcome

LONGEST = 10_000  # characters
Kind = TypeVar("Kind", bound="Note")


class Note(Copy):
    """Words, and what they are about. Each service has its own table."""

    id: UUID = Field(primary_key=True)
    about: str = Field(index=True)  # complaint:<id>, inquiry:<id>, call:<id>, visit:<id>
    kind: str  # content, expected_remedy, result, ...
    text: str
    customer_id: UUID = Field(index=True)
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
            note_id=self.id, about=self.about, kind=self.kind, text=self.text, customer_id=self.customer_id, unit=self.unit, written_at=self.written_at,
            written_by=self.written_by, shared_with=list(shared_with),
        )  # fmt: skip


def jot(
    note: type[Kind], text: str | None, *, about: str, kind: str, customer_id: UUID, unit: str, at: datetime, by: str | None
) -> Kind | None:
    """The words as a note; None where nobody said anything."""
    if not text:
        return None
    return note(id=uuid7(), about=about, kind=kind, text=text, customer_id=customer_id, unit=unit, written_at=at, written_by=by)


def copy(kind: type[Kind], told: NoteWritten, note: Kind | None, place: Place) -> Outcome:
    """Keep what was shared with us, as it was told last."""
    if note is not None and not note.is_behind(told, place):
        return []
    said = told.model_dump(exclude={"note_id", "shared_with"}) | {"partition": place[0], "record_offset": place[1]}
    if note is None:
        return [kind(id=told.note_id, **said)]
    for name, value in said.items():
        setattr(note, name, value)
    return [note]
