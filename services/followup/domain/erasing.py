"""Whom we are to forget, and how far we are."""

from sqlalchemy import Index, text

from services.followup.domain import Memory
from shared import erased


class Erasing(erased.Erasing, Memory, table=True):
    __table_args__ = (Index("erasing_open", "looked_at", "erasure_id", postgresql_where=text("NOT done")),)
