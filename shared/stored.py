"""Files in the database, in pieces: what was sent to be imported, and what was written to be fetched. Workers and the API share nothing else.

Whoever keeps one says when it goes; nobody but its own row knows whose it is.
"""

from uuid import UUID

from sqlalchemy import Integer
from sqlmodel import Field

from shared.plumbing import Plumbing

PIECE = 512 * 1024  # bytes, at the most


class StoredPiece(Plumbing, table=True):
    """A part of a file; its parts are read by their numbers, from 0."""

    __tablename__ = "stored_piece"
    file_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=Integer)
    content: bytes
