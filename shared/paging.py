"""Registers: lists that are read page by page, narrowed by their columns.

A page begins where the last one ended (a place in the order, not a count of rows), so what is added or removed meanwhile neither repeats
nor hides anything else. The cursor is opaque, and good only for the question that it came from.
"""

import inspect
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import orjson
from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, func, literal, tuple_
from sqlalchemy.orm import defer
from sqlmodel import select as query
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.entities import Entity
from shared.http import Moment
from shared.ids import digest
from shared.invalid import told
from shared.problems import InvalidRequest, Malformed
from shared.sorting import Sorted, possible

MOST, USUAL = 200, 50
AT_ONCE = 2_000  # rows that are read at a time where all are wanted
STRICT: dict[type, Any] = {int: Annotated[int, Field(ge=-(2**31), lt=2**31)], datetime: Moment}  # "2026" is no moment of 1970
PAGING = frozenset(("cursor", "limit", "count"))
TABLE = frozenset(("format", "encoding", "headings"))  # what a register may be asked as: shared/registers
OURS = PAGING | TABLE
SORT = "another order: names by pinyin, and last what has none. Only where the database can"

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
    sort: str | None = None


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
        sorts: Mapping[str, Sorted] | None = None,
    ) -> None:
        self._entity, self._by, self._descending = entity, tuple(by), descending
        self._without = [defer(it, raiseload=True) for it in without]  # columns too heavy for a list
        self._filters: dict[str, Any] = dict(filters) if isinstance(filters, Mapping) else {it.key: it for it in filters}
        if any(it.property.columns[0].nullable for it in self._by):
            raise TypeError(f"{entity.__name__}: a page can't begin after a null; order it by columns that have none")
        self._values = {name: reading(it) for name, it in self._filters.items()}
        self._place, self._last = placed(self._by), placed(self._by[-1:])
        self._sorts = sorts or {}
        sort: Any = Literal.__getitem__(tuple(self._sorts))
        if sorts:
            self._values["sort"] = TypeAdapter(Annotated[list[sort], Field(max_length=1)])
        self.__signature__ = inspect.Signature([
            asks("request", Request),
            asks("cursor", Annotated[str | None, Query(max_length=1000, description="`next` of the page before")], None),
            asks("limit", Annotated[int, Query(ge=1, le=MOST)], USUAL),
            asks("count", Annotated[bool, Query(description="also how many there are in all")], False),
            *([asks("sort", Annotated[sort | None, Query(description=SORT)], None)] if self._sorts else ()),
            *(asks(f"filter_{name}", of(name, column), []) for name, column in self._filters.items()),
        ])  # fmt: skip

    async def __call__(
        self, *, request: Request, cursor: str | None, limit: int, count: bool, sort: str | None = None, **filters: Sequence[Any]
    ) -> Asked:
        self._knows(request.query_params.keys(), OURS)
        given = {name.removeprefix("filter_"): it for name, it in filters.items() if it}
        question = self._question(given, sort)
        return Asked(limit, count, self._read(cursor, question, sort) if cursor else None, given, question, sort)

    def ask(self, params: Mapping[str, Sequence[str]]) -> Asked:
        """What the register is narrowed by, read as strictly without a request: for jobs, and for processes of their own."""
        self._knows(params.keys(), frozenset())
        given, wrong = {}, []
        for name, texts in params.items():
            try:
                if values := self._values[name].validate_python(list(texts)):
                    given[name] = values
            except ValidationError as error:
                wrong += [it | {"loc": ("query", name, *it["loc"])} for it in error.errors(include_url=False)]
        if wrong:
            raise told(RequestValidationError(wrong))
        sort = next(iter(given.pop("sort", ())), None)
        return Asked(AT_ONCE, False, None, given, self._question(given, sort), sort)

    def _knows(self, names: Collection[str], ours: frozenset[str]) -> None:
        ours = ours | {"sort"} if self._sorts else ours
        if unknown := sorted({*names} - ours - self._filters.keys()):
            raise InvalidRequest(
                f"There is no parameter {unknown[0][:64]} here, and ignoring it would show you more than you asked for.",
                field=unknown[0][:64],
                fix=f"Use one of {', '.join(sorted(ours | self._filters.keys()))}.",
            )

    def _question(self, given: Mapping[str, Sequence[Any]], sort: str | None) -> str:
        filters = sorted((name, sorted(map(str, it))) for name, it in given.items())
        return digest(self._entity.__name__, filters, *([sort] if sort else [])).hex()

    async def page(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> Part[Row]:
        """The rows that were asked for; `only` narrows them further, whatever the caller says."""
        by, descending, after = await self._order(session, asked)
        found = query(self._entity).where(*only, *self._narrowed(asked))
        total = await session.scalar(found.with_only_columns(func.count(self._by[-1]))) if asked.count else None
        if after:
            here = tuple_(*by)
            there = tuple_(*(literal(value, column.type) for value, column in zip(after, by, strict=True)))
            found = found.where(here < there if descending else here > there)
        ordered = found.order_by(*(it.desc() if descending else it.asc() for it in by))
        rows = (await session.exec(ordered.limit(asked.limit + 1).options(*self._without))).all()
        items, more = rows[: asked.limit], len(rows) > asked.limit
        return Part(items, self._cursor(items[-1], asked) if more else None, total)

    async def pages(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> AsyncIterator[Sequence[Row]]:
        """All rows that were asked for, some at a time; the session forgets those that were seen."""
        while True:
            part = await self.page(session, asked, *only)
            if part.items:
                yield part.items
            if part.next is None:
                return
            asked = replace(asked, after=self._read(part.next, asked.question, asked.sort), count=False)
            session.expunge_all()

    async def how_many(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool], most: int) -> int:
        """How many rows were asked for; more than `most` are not counted, but told as one more."""
        await self._order(session, replace(asked, after=None))  # what can't be sorted is refused before it is begun
        found = query(self._by[-1]).where(*only, *self._narrowed(asked))
        if (await session.exec(found.offset(most).limit(1))).first() is not None:
            return most + 1
        return await session.scalar(found.with_only_columns(func.count(self._by[-1]))) or 0

    def _narrowed(self, asked: Asked) -> list[ColumnElement[bool]]:
        return [self._filters[name].in_(it) for name, it in asked.filters.items()]

    async def _order(self, session: AsyncSession, asked: Asked) -> tuple[Sequence[Any], bool, tuple[Any, ...] | None]:
        """By what, whether downwards, and behind what."""
        if asked.sort is None:
            return self._by, self._descending, asked.after
        by = self._sorts[asked.sort].by
        await possible(session, asked.sort, self._sorts[asked.sort])
        if asked.after is None:
            return by, False, None
        last = (await session.exec(query(*by).where(self._by[-1] == asked.after[0]))).one_or_none()
        if last is None:
            raise Malformed("The row that your page ended with is not shown any more.", field="cursor", fix="Begin anew, without a cursor.")
        return by, False, tuple(last)

    def _cursor(self, last: Row, asked: Asked) -> str:
        by, place = (self._by[-1:], self._last) if asked.sort else (self._by, self._place)
        told = place.dump_python(tuple(getattr(last, it.key) for it in by), mode="json")
        return urlsafe_b64encode(orjson.dumps([asked.question, *told])).decode().rstrip("=")

    def _read(self, cursor: str, question: str, sort: str | None = None) -> tuple[Any, ...]:
        try:
            came_from, *place = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if came_from == question:
                after = (self._last if sort else self._place).validate_json(orjson.dumps(place))
        except (ValueError, TypeError, ValidationError):
            raise Malformed(
                "This cursor is none of ours.", field="cursor", fix="Take `next` of a page as it is, or leave it out."
            ) from None
        if came_from != question:
            raise Malformed(
                "This cursor belongs to another question.", field="cursor", fix="Keep the filters and `sort` while you page, or begin anew."
            )
        return after


def placed(by: Sequence[Any]) -> TypeAdapter[tuple[Any, ...]]:
    place: Any = tuple.__class_getitem__(tuple(map(kind, by)))
    return TypeAdapter(place)


def asks(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def of(name: str, column: Any) -> Any:
    """A parameter that narrows by this column."""
    return Annotated[several(column), Query(alias=name, max_length=50, description="one of these, when given several times")]


def several(column: Any) -> Any:
    value: Any = STRICT.get(kind(column), kind(column))
    return list.__class_getitem__(value)


def reading(column: Any) -> TypeAdapter[list[Any]]:
    """The same for values that come without a request."""
    bounded: Any = Annotated[several(column), Field(max_length=50)]
    return TypeAdapter(bounded)


def kind(column: Any) -> type:
    """What the values of a column are in Python. SQLModel's strings say no more than that they are objects."""
    python: type = column.type.python_type
    return str if python is object else python
