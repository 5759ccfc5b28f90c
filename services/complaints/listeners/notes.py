"""What complaints does when people said something elsewhere."""

from typing import Annotated

from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.note import Note
from shared.contracts.notes import NoteErased, NoteWritten
from shared.gate import Origin
from shared.known import whom
from shared.notes import copy, whose
from shared.outcome import Gone, Outcome
from shared.reactions import Listener, one

on = Listener("careloop.notes")

Kept = Annotated[Note | None, one(Note, id=lambda event: event.note_id)]
Whose = Annotated[KnownCustomer | None, one(KnownCustomer, id=whose)]


@on(NoteWritten)
def keep_what_is_shared(event: NoteWritten, note: Kept, known: Whose, *, origin: Origin) -> Outcome:
    """Words about what may be a complaint; all others are passed over. Of somebody who is erased nothing is kept."""
    if "complaints" not in event.shared_with:
        return []
    return copy(Note, event, note, whom(KnownCustomer, known, whose(event)), origin.place)


@on(NoteErased)
def forget_the_words(event: NoteErased, note: Kept) -> Outcome:
    """Also our own."""
    return [Gone(note)] if note else []
