"""What people said, in their words."""

from services.followup.domain import Memory
from shared import notes


class Note(notes.Note, Memory, table=True):
    """Words that we wrote down, or that were shared with us."""
