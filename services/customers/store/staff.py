"""The staff directory, as it is read."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, or_
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlmodel import String, col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain.colleague import Colleague
from shared import scope
from shared.errors import NotFound
from shared.paging import Asked, Register
from shared.sorting import in_chinese

scope.by(Colleague, lambda units: col(Colleague.unit).in_(units))  # no copy here: the directory is shown, to each what is of their units


class StaffNotFound(NotFound):
    """There is no such member of staff."""


class Has:
    """A list in a column, narrowed to rows that have one of the given codes in it."""

    type = String()

    def __init__(self, column: Any, *, within: str | None = None) -> None:
        self.column, self.within = column, within

    def in_(self, codes: Sequence[str]) -> ColumnElement[bool]:
        if self.within is None:
            found: ColumnElement[bool] = self.column.has_any(cast(array(codes), ARRAY(Text)))
            return found
        return or_(*(self.column.contains([{self.within: code}]) for code in codes))


STAFF = Register(
    Colleague,
    by=[Colleague.id],
    descending=False,
    sorts={"display_name": in_chinese(Colleague.display_name, Colleague.id)},
    filters={
        "unit": Colleague.unit,
        "active": Colleague.active,
        "role": Has(Colleague.roles),
        "post": Has(Colleague.posts),
        "skill": Has(Colleague.skills, within="code"),
    },
)
TOLD_OF = col(Colleague.facts_offset) >= 0  # of others only a withdrawal came


async def told_of(_: AsyncSession, asked: Asked) -> list[ColumnElement[bool]]:
    return [TOLD_OF]


async def by_id(session: AsyncSession, staff_id: str) -> Colleague:
    colleague = await session.get(Colleague, staff_id)
    if colleague is None or colleague.facts_offset < 0:
        raise StaffNotFound
    return colleague
