"""Statistics: the rows of a register counted by some of their columns and by time, as one statement of SQL.

A day is the day of the unit that a row belongs to, so what happened there on the first of a month is counted in that month, wherever it is read.
"""

import inspect
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Date, bindparam, case, cast, func, tuple_
from sqlmodel import select as query
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.entities import Entity
from shared.ids import digest
from shared.invalid import told
from shared.paging import TABLE, Asked, asks, several
from shared.paging import of as narrowing
from shared.problems import InvalidRequest
from shared.registers.sheet import company
from shared.units import Units

MOST = 5_000  # groups
DEEPEST = 3  # columns by which is counted at once
EVERYWHERE = timedelta(days=1)  # more than any zone is away from UTC
Range = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: rows, the moment that decides in which period one falls, by which columns, and what of each group is told."""

    entity: type[Entity]
    at: Any
    by: Mapping[str, Any]
    measures: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, Any] = field(default_factory=dict)
    beside: tuple[Any, Any] | None = None  # what is joined, at most one row of it to each, and by what


class TooManyGroups(InvalidRequest):
    """The answer would have too many rows to be read."""


class Counts:
    """Statistics that can be asked like a register. `of`: what can be counted, by name; where there are several the caller says which.

    Used as a dependency it reads the query; `pages` tells all groups in their order, and the total as the last row."""

    def __init__(self, of: Mapping[str, Counted]) -> None:
        self._of, self._first = of, next(iter(of))
        self._by = {name: column for it in of.values() for name, column in it.by.items()}
        self._filters = {name: column for it in of.values() for name, column in it.filters.items()}
        names: Any = Literal.__getitem__(tuple(self._by))
        kinds: dict[str, Any] = {
            "by": Annotated[list.__class_getitem__(names), Field(max_length=DEEPEST)], "period": Annotated[list[Period], Field(max_length=1)],
            "from": Annotated[list[Range], Field(max_length=1)], "until": Annotated[list[Range], Field(max_length=1)],
            "of": Annotated[list.__class_getitem__(Literal.__getitem__(tuple(of))), Field(max_length=1)],
        }  # fmt: skip
        self._ours: dict[str, TypeAdapter[Any]] = {name: reader(kind) for name, kind in kinds.items() if name != "of" or len(of) > 1}
        self._values = self._ours | {name: reader(Annotated[several(it), Field(max_length=50)]) for name, it in self._filters.items()}
        said = {
            "by": Query(alias="by", max_length=DEEPEST, description=f"count by these, {DEEPEST} at most"),
            "period": Query(
                alias="period", max_length=1, description="and by time; days, weeks (from Monday) and so on of the row's own unit"
            ),
            "from": Query(alias="from", max_length=1, description="only from this day on, in the unit's zone"),
            "until": Query(alias="until", max_length=1, description="only until this day, which counts too"),
            "of": Query(alias="of", max_length=1, description=f"what is counted; `{self._first}` if not said"),
        }
        plain = {"by": kinds["by"], "period": list[Period], "from": list[Range], "until": list[Range], "of": kinds["of"]}
        self.__signature__ = inspect.Signature([
            asks("request", Request),
            *(asks(f"ours_{name}", Annotated[plain[name], said[name]], []) for name in self._ours),
            *(asks(f"filter_{name}", narrowing(name, column), []) for name, column in self._filters.items()),
        ])  # fmt: skip

    async def __call__(self, *, request: Request, **_: Any) -> Asked:
        """FastAPI has read and refused what does not fit; the signature is there for it and for the document."""
        params = request.query_params
        return self.ask({name: params.getlist(name) for name in params.keys() - TABLE})

    def ask(self, params: Mapping[str, Sequence[str]]) -> Asked:
        if unknown := sorted(params.keys() - self._values.keys()):
            raise InvalidRequest(
                f"There is no parameter {unknown[0][:64]} here, and ignoring it would show you more than you asked for.",
                field=unknown[0][:64],
                fix=f"Use one of {', '.join(sorted(self._values))}.",
            )
        given, wrong = {}, []
        for name, texts in params.items():
            try:
                given[name] = self._values[name].validate_python(list(texts))
            except ValidationError as error:
                wrong += [it | {"loc": ("query", name, *it["loc"])} for it in error.errors(include_url=False)]
        if wrong:
            raise told(RequestValidationError(wrong))
        self._fits(given)
        return Asked(MOST, False, None, given, digest(sorted((name, str(it)) for name, it in given.items())).hex())

    def _fits(self, given: Mapping[str, Sequence[Any]]) -> None:
        it, name = self.counted(given), first(given, "of") or self._first
        if wrong := [by for by in given.get("by", ()) if by not in it.by]:
            raise InvalidRequest(f"{name} are not counted by {wrong[0]}.", field="by", fix=f"Use {', '.join(it.by)}.")
        if wrong := sorted(given.keys() - self._ours.keys() - it.filters.keys()):
            raise InvalidRequest(f"{name} have no {wrong[0]}.", field=wrong[0], fix=f"Use {', '.join(it.filters)}.")
        if (begins := first(given, "from")) and (ends := first(given, "until")) and ends < begins:
            raise InvalidRequest("It ends before it begins.", field="until", fix="Send a day that is not before `from`.")

    def counted(self, given: Mapping[str, Sequence[Any]]) -> Counted:
        return self._of[first(given, "of") or self._first]

    def omits(self, asked: Asked) -> Collection[str]:
        """What the groups and their columns do not tell, because nobody asked for it."""
        it = self.counted(asked.filters)
        every = self._by.keys() | {name for each in self._of.values() for name in each.measures} | {"period"}
        told = {*asked.filters.get("by", ()), *it.measures, *(["period"] if asked.filters.get("period") else [])}
        return every - told

    async def how_many(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool], most: int) -> int:
        """Groups are few: they are counted by making them."""
        return len(await self.groups(session, asked, *only))

    async def pages(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        yield await self.groups(session, asked, *only)

    async def groups(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> list[dict[str, Any]]:
        """Each with its values, the total last."""
        it, units = self.counted(asked.filters), company(session)
        local = func.timezone(zone_of(it.entity, units), it.at)
        keys = {name: it.by[name] for name in dict.fromkeys(asked.filters.get("by", ()))}
        if period := first(asked.filters, "period"):
            keys = {"period": cast(func.date_trunc(inline(period.value), local), Date)} | keys
        known = [it.filters[name].in_(values) for name, values in asked.filters.items() if name in it.filters]
        ask: Any = query  # of as many columns as there are
        found = ask(
            *(column.label(f"by_{name}") for name, column in keys.items()), *(column.label(name) for name, column in it.measures.items()),
            (func.grouping(*keys.values()) if keys else inline(1)).label("together"),
        ).select_from(it.entity)  # fmt: skip
        if it.beside:
            found = found.outerjoin(*it.beside)
        found = found.where(*only, *known, *between(it.at, local, first(asked.filters, "from"), first(asked.filters, "until")))
        if keys:
            found = found.group_by(func.rollup(tuple_(*keys.values())))
        if it.beside:  # the planner can't know how many rows a day of some zone has, takes them for few, and would look through all that is joined for each
            await (await session.connection()).exec_driver_sql("SET LOCAL enable_nestloop = off")
        rows = (await session.exec(found.limit(MOST + 2))).all()
        if len(rows) > MOST + 1:
            raise TooManyGroups(
                f"These are more than {MOST} groups.", field="by", fix="Count by less, by a longer period, or from a later day."
            )
        groups = [
            {name: row._mapping[f"by_{name}"] for name in keys} | {name: row._mapping[name] for name in it.measures} | {"is_total": bool(row.together)}
            for row in rows
        ]  # fmt: skip
        return sorted(groups, key=lambda group: (group["is_total"], *(place(group[name]) for name in keys)))


def reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def first(given: Mapping[str, Sequence[Any]], name: str) -> Any:
    return next(iter(given.get(name, ())), None)


def place(value: Any) -> tuple[bool, str]:
    """What nobody knows comes last."""
    return value is None, str(value)


def inline(value: Any) -> Any:
    """As it stands: PostgreSQL takes two parameters with one value for two things, and would not find a group again. Only for values of ours."""
    return bindparam(None, value, literal_execute=True)


def zone_of(entity: Any, units: Units) -> Any:
    """The zone of the row's unit."""
    usual = units[units.default].zone
    zones: dict[str, list[str]] = {}
    for name, unit in units.units.items():
        if unit.zone != usual:
            zones.setdefault(unit.zone, []).append(name)
    if not zones:
        return inline(usual)
    others = [(entity.unit.in_([inline(it) for it in sorted(names)]), inline(zone)) for zone, names in sorted(zones.items())]
    return case(*others, else_=inline(usual))


def between(at: Any, local: Any, begins: date | None, ends: date | None) -> list[ColumnElement[bool]]:
    """By the unit's days; and roughly by UTC, for which there is an index."""
    found = []
    if begins:
        found += [cast(local, Date) >= begins, at >= datetime.combine(begins - EVERYWHERE, time(), UTC)]
    if ends:
        found += [cast(local, Date) <= ends, at < datetime.combine(ends + 2 * EVERYWHERE, time(), UTC)]
    return found
