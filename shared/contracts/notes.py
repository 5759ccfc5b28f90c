"""What people said, in their words. Events carry only a note's id; the words are here, so that forgetting them is one null value."""

from datetime import datetime
from typing import Self
from uuid import UUID

from shared.contracts import Event, OfCustomer


class NoteWritten(OfCustomer):
    """Somebody wrote down what was said. Compacted by its id: the newest record is the note."""

    name = "note.written.v1"
    topic = "careloop.notes"

    note_id: UUID
    about: str  # complaint:<id>, inquiry:<id>, call:<id>, visit:<id>
    kind: str  # content, expected_remedy, question, answer, remarks, ...
    text: str
    named_id: UUID | None = None  # made of the name under which the customer was known when it was said
    written_at: datetime
    written_by: str | None = None
    shared_with: list[str] = []  # the services that may keep a copy; all others pass over it

    @property
    def key(self) -> str:
        return str(self.note_id)

    @property
    def subject(self) -> str:
        return str(self.note_id)


class NoteErased(Event):
    """The words are to be forgotten."""

    name = "note.erased.v1"
    topic = "careloop.notes"
    tombstone = True

    note_id: UUID

    @property
    def key(self) -> str:
        return str(self.note_id)

    @classmethod
    def from_key(cls, key: str) -> Self:
        return cls(note_id=UUID(key))
