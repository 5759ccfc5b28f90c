"""Columns that this version neither reads nor writes and the one before does. They stay while both run; a later version drops them."""

from alembic import op
from sqlalchemy.schema import SchemaItem

LEFT = "left for the version before"


def leave(table: str, *columns: str) -> None:
    """The remark in the database says why no entity knows them."""
    for column in columns:
        op.execute(f"COMMENT ON COLUMN {table}.{column} IS '{LEFT}'")


def take_back(table: str, *columns: str) -> None:
    for column in columns:
        op.execute(f"COMMENT ON COLUMN {table}.{column} IS NULL")


def is_left(item: SchemaItem) -> bool:
    return getattr(item, "comment", None) == LEFT
