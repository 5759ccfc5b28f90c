"""Whose things somebody sees: those of their units. Objects of another unit are invisible, so that nobody learns by asking that they exist.

Every read of a request's session is narrowed here, whatever asks: a query that says nothing of units can't show too much. Jobs and workers ask
for nobody, and see everything. An action that has to look further says `execution_options(everywhere=True)`.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.known import Copy
from shared.units import Units

ALL = "*"  # stands in a token for every unit
Within = Callable[[Collection[str]], ColumnElement[bool]]
OTHERWISE: dict[type, Within | None] = {}


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody may see."""

    own: tuple[str, ...]  # the units of ours that their token names
    units: frozenset[str] | None  # these and those below them; None: every unit there is, and what is the whole company's

    @classmethod
    def of(cls, named: Collection[str], units: Units) -> "Scope | None":
        """By what a token names; None: no unit of ours."""
        if ALL in named:
            return cls((), None)
        own = tuple(name for name in named if name in units.units)
        return cls(own, units.below(own)) if own else None

    def sees(self, unit: str) -> bool:
        return self.units is None or unit in self.units

    def home(self, units: Units, *candidates: str | None) -> str:
        """Where a thing belongs that they take in: the first of these that they see, else where they work; of several units, the company's default
        if it is one of them."""
        if self.units is None:
            return units.name_of(*candidates)
        usual = units.default if units.default in self.own else self.own[0]
        return next((name for name in candidates if name in self.units), usual)


class Unnarrowed(Exception):
    """A read of somebody's session that names no entity, so that nobody knows what of it they may see. A mistake of ours."""


def narrow(session: AsyncSession, units: Collection[str] | None) -> None:
    """From now on this session sees only what belongs to these units; None: to any."""
    session.info["units"] = units


def by(entity: type, within: Within | None) -> None:
    """What of this kind belongs to some units, where its column `unit` does not say it; None: it is never shown by itself."""
    OTHERWISE[entity] = within


def within(entity: type, units: Collection[str]) -> ColumnElement[bool] | None:
    """What of this kind belongs to these units. A row without a unit is the whole company's: it is seen by whoever sees all of it.

    What has no such column is nobody's in particular. Copies of what others own are never shown by themselves."""
    if entity in OTHERWISE:
        rule = OTHERWISE[entity]
        return rule(units) if rule else None
    if issubclass(entity, Copy) or "unit" not in inspect(entity).columns:
        return None
    found: ColumnElement[bool] = entity.unit.in_(units)  # type: ignore[attr-defined]
    return found


@event.listens_for(Session, "do_orm_execute")
def narrowed(asked: ORMExecuteState) -> None:
    units = asked.session.info.get("units")
    if units is None or asked.is_column_load or asked.is_relationship_load or asked.execution_options.get("everywhere"):
        return
    if not asked.all_mappers:
        raise Unnarrowed(f"nothing tells whose rows these are: {asked.statement}")
    kinds = {mapper.class_ for mapper in asked.all_mappers} | set(mentioned(asked.statement))
    found = [(kind, within(kind, units)) for kind in kinds]
    only = [with_loader_criteria(kind, it, include_aliases=True) for kind, it in found if it is not None]
    asked.statement = asked.statement.options(*only)


def mentioned(statement: Any) -> Iterator[type]:
    """Also what stands in joins and subqueries only; criteria hold wherever their kind stands."""
    for part in visitors.iterate(statement):
        entity = part._annotations.get("parententity")
        if entity is not None:
            yield entity.mapper.class_
