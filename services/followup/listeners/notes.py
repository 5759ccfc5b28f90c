"""What follow-up does when words are to be forgotten: those that it wrote down are."""

from typing import Annotated

from services.followup.domain.note import Note
from shared.contracts.notes import NoteErased
from shared.outcome import Gone, Outcome
from shared.reactions import Listener, one

on = Listener("careloop.notes")

TheNote = Annotated[Note | None, one(Note, id=lambda event: event.note_id)]


@on(NoteErased)
def forget_the_words(event: NoteErased, note: TheNote) -> Outcome:
    """A null value is all there is to say."""
    return [Gone(note)] if note else []
