"""A register in the order in which people look for names: by pinyin, where the database knows it. Not every PostgreSQL does: it needs ICU.

The migration makes the order and its index together where it can, so that the index says whether there is the order. What comes last has no name.
A cursor of such an order holds no name, because addresses lie in logs: it holds the id of the last row, which is looked up again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal_column
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.problems import InvalidRequest

COLLATION = "careloop_zh"
ENDING = "_in_chinese"  # of its indexes, which no entity knows


@dataclass(frozen=True, slots=True)
class Sorted:
    """Another order of a register: by what, none of it null and the id at its end, and the index that a database must have for it."""

    by: Sequence[Any]
    index: str


def in_chinese(name: Any, id: Any) -> Sorted:
    """As the index `<table>_in_chinese` has it."""
    named = func.coalesce(col(name), literal_column("''")).collate(COLLATION)
    return Sorted((col(name).is_(None), named, col(id)), f"{name.property.columns[0].table.name}{ENDING}")


async def possible(session: AsyncSession, sort: str, sorted: Sorted) -> None:
    """Asked each time, for an index can come later; it is one look at what the database has in memory."""
    connection = await session.connection()
    if (await connection.exec_driver_sql("SELECT to_regclass($1)", (sorted.index,))).scalar() is None:
        raise InvalidRequest(
            f"This database knows no Chinese order, which `sort={sort}` needs.",
            field="sort",
            fix="Leave `sort` out. Whoever operates the database finds in docs/operate.md what it needs.",
        )
