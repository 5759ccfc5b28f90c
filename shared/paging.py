"""Registers: lists that are read page by page, narrowed by their columns.

A page begins where the last one ended (a place in the order, not a count of rows), so what is added or removed meanwhile neither repeats
nor hides anything else. The cursor is opaque, and good only for the question that it came from.
"""

import inspect
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, func, literal, tuple_
from sqlalchemy.orm import defer
from sqlmodel import select as query
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.entities import Entity
from shared.http import Moment
from shared.ids import digest
from shared.problems import InvalidRequest, Malformed

MOST, USUAL = 200, 50
STRICT: dict[type, Any] = {int: Annotated[int, Field(ge=-(2**31), lt=2**31)], datetime: Moment}  # "2026" is no moment of 1970
OURS = frozenset(("cursor", "limit", "count"))

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Entity)


class Page(BaseModel, Generic[Item]):
    """Part of a register. `next` is the cursor of the page after this one, null at the end; `total` only with `?count=true`."""

    model_config = ConfigDict(from_attributes=True)
    items: list[Item]
    next: str | None = None
    total: int | None = Field(None, exclude_if=lambda total: total is None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants to see of a register."""

    limit: int
    count: bool
    after: tuple[Any, ...] | None
    filters: Mapping[str, Sequence[Any]]
    question: str


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """The rows of a page."""

    items: Sequence[Row]
    next: str | None
    total: int | None


class Register(Generic[Row]):
    """A table as a register: the order of its rows, and the columns by which it can be narrowed.

    Used as a dependency it reads the query (`asked: Annotated[Asked, Depends(NOTICES)]`); `page` then reads the rows.
    """

    def __init__(
        self,
        entity: type[Row],
        *,
        by: Sequence[Any],
        filters: Mapping[str, Any] | Sequence[Any],
        descending: bool = True,
        without: Sequence[Any] = (),
    ) -> None:
        self._entity, self._by, self._descending = entity, tuple(by), descending
        self._without = [defer(it, raiseload=True) for it in without]  # columns too heavy for a list
        self._filters: dict[str, Any] = dict(filters) if isinstance(filters, Mapping) else {it.key: it for it in filters}
        if any(it.property.columns[0].nullable for it in self._by):
            raise TypeError(f"{entity.__name__}: a page can't begin after a null; order it by columns that have none")
        place: Any = tuple.__class_getitem__(tuple(map(kind, self._by)))
        self._place: TypeAdapter[tuple[Any, ...]] = TypeAdapter(place)
        self.__signature__ = inspect.Signature([
            asks("request", Request),
            asks("cursor", Annotated[str | None, Query(max_length=1000, description="`next` of the page before")], None),
            asks("limit", Annotated[int, Query(ge=1, le=MOST)], USUAL),
            asks("count", Annotated[bool, Query(description="also how many there are in all")], False),
            *(asks(f"filter_{name}", of(name, column), []) for name, column in self._filters.items()),
        ])  # fmt: skip

    async def __call__(self, *, request: Request, cursor: str | None, limit: int, count: bool, **filters: Sequence[Any]) -> Asked:
        unknown = sorted(request.query_params.keys() - OURS - self._filters.keys())
        if unknown:
            known = ", ".join(sorted(OURS | self._filters.keys()))
            raise InvalidRequest(
                f"There is no parameter {unknown[0][:64]} here, and ignoring it would show you more than you asked for.",
                field=unknown[0][:64],
                fix=f"Use one of {known}.",
            )
        given = {name.removeprefix("filter_"): it for name, it in filters.items() if it}
        question = digest(self._entity.__name__, sorted((name, sorted(map(str, it))) for name, it in given.items())).hex()
        return Asked(limit, count, self._read(cursor, question) if cursor else None, given, question)

    async def page(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> Part[Row]:
        """The rows that were asked for; `only` narrows them further, whatever the caller says."""
        found = query(self._entity).where(*only, *(self._filters[name].in_(it) for name, it in asked.filters.items()))
        total = await session.scalar(found.with_only_columns(func.count(self._by[-1]))) if asked.count else None
        if asked.after:
            here = tuple_(*self._by)
            there = tuple_(*(literal(value, column.type) for value, column in zip(asked.after, self._by, strict=True)))
            found = found.where(here < there if self._descending else here > there)
        ordered = found.order_by(*(it.desc() if self._descending else it.asc() for it in self._by))
        rows = (await session.exec(ordered.limit(asked.limit + 1).options(*self._without))).all()
        items, more = rows[: asked.limit], len(rows) > asked.limit
        return Part(items, self._cursor(items[-1], asked.question) if more else None, total)

    def _cursor(self, last: Row, question: str) -> str:
        place = self._place.dump_python(tuple(getattr(last, it.key) for it in self._by), mode="json")
        return urlsafe_b64encode(orjson.dumps([question, *place])).decode().rstrip("=")

    def _read(self, cursor: str, question: str) -> tuple[Any, ...]:
        try:
            came_from, *place = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            after = self._place.validate_json(orjson.dumps(place))
        except (ValueError, TypeError, ValidationError):
            raise Malformed(
                "This cursor is none of ours.", field="cursor", fix="Take `next` of a page as it is, or leave it out."
            ) from None
        if came_from != question:
            raise Malformed(
                "This cursor belongs to another question.", field="cursor", fix="Keep the filters while you page, or begin anew."
            )
        return after


def asks(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def of(name: str, column: Any) -> Any:
    """A parameter that narrows by this column."""
    value: Any = STRICT.get(kind(column), kind(column))
    values: Any = list.__class_getitem__(value)
    return Annotated[values, Query(alias=name, max_length=50, description="one of these, when given several times")]


def kind(column: Any) -> type:
    """What the values of a column are in Python. SQLModel's strings say no more than that they are objects."""
    python: type = column.type.python_type
    return str if python is object else python
