"""A register as a table: which columns it has, what they are called, and which rows it shows to whom.

The values are those of the JSON list, made by the same view, so that masks, codes and places after the point are the same.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.paging import Asked
from shared.units import Units

Told = Mapping[str, Any]  # a row as its view tells it, flat: by the names of its leaves


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a register, when, and of which thing where it is a thing's."""

    at: datetime
    by: str
    roles: frozenset[str] = frozenset()
    path: Mapping[str, str] = field(default_factory=dict)  # `customer_id` of /v1/customers/{customer_id}/consents


class Rows(Protocol):
    """Where a table's rows come from: a `Register`, or whatever else can be asked like one."""

    def ask(self, params: Mapping[str, Sequence[str]]) -> Asked: ...

    def pages(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool]) -> AsyncIterator[Sequence[Any]]: ...

    async def how_many(self, session: AsyncSession, asked: Asked, *only: ColumnElement[bool], most: int) -> int: ...


async def as_they_are(_: AsyncSession, rows: Sequence[Any]) -> Sequence[Any]:
    return rows


async def all_of_them(_: AsyncSession, asked: Asked) -> Sequence[ColumnElement[bool]]:
    return ()


@dataclass(frozen=True)
class Sheet:
    """A register with the headings that people know. `asking(session)` tells `shown` and `only` who asks."""

    name: str  # as in its address: complaints
    title: str  # as it stands on paper: 顾客投诉登记表
    permission: str
    register: Rows
    view: type[BaseModel]
    columns: Mapping[str, str]  # a leaf of the view, dotted -> its heading; in order
    left_out: Mapping[str, str] = field(default_factory=dict)  # a leaf that stands in no column -> why
    shown: Callable[[AsyncSession, Sequence[Any]], Awaitable[Sequence[Any]]] = as_they_are  # what the view is made of
    only: Callable[[AsyncSession, Asked], Awaitable[Sequence[ColumnElement[bool]]]] = all_of_them  # narrows it, whatever the caller says
    wording: Mapping[str, str] = field(default_factory=dict)  # how each object of a list is told: {"references": "{system}/{id}"}
    omits: Callable[[Asked], Collection[str]] = lambda _: ()  # columns that nobody asked for, of a table that is made for the question
    unit: str = "unit"  # the leaf by which a row's times are told in a zone
    needs: tuple[str, ...] = ()  # of the path: whose register it is, `customer_id`

    def told(self, shown: Sequence[Any]) -> list[Told]:
        """What its view tells, row by row."""
        return [flat(it.model_dump(by_alias=True), self.columns) for it in self._views.validate_python(shown, from_attributes=True)]

    @cached_property
    def _views(self) -> TypeAdapter[list[BaseModel]]:
        views: Any = list.__class_getitem__(self.view)
        return TypeAdapter(views)


def asking(session: AsyncSession) -> Asking:
    """Who asks for what this session reads."""
    told: Asking = session.info["asking"]
    return told


def company(session: AsyncSession) -> Units:
    """Our units, for what is told by their days."""
    told: Units = session.info["company"]
    return told


def flat(told: Mapping[str, Any], names: Mapping[str, str] | Sequence[str]) -> Told:
    """`compensation.amount` out of what is nested."""
    return {name: inside(told, name.split(".")) for name in names}


def inside(told: Any, way: Sequence[str]) -> Any:
    for name in way:
        if told is None:
            return None
        told = told[name]
    return told


def leaves(view: type[BaseModel], before: str = "") -> Iterator[str]:
    """All that a view tells, by dotted names as they stand in its JSON. A list is one leaf, whatever is in it."""
    for name, it in view.model_fields.items():
        called = f"{before}{told_as(name, it)}"
        inner = model_in(it.annotation)
        if inner is None:
            yield called
        else:
            yield from leaves(inner, f"{called}.")
    yield from (f"{before}{it.alias or name}" for name, it in view.model_computed_fields.items())


def told_as(name: str, it: FieldInfo) -> str:
    return it.serialization_alias or it.alias or name


def model_in(kind: Any) -> type[BaseModel] | None:
    """The view that stands at a field, where one does."""
    if get_origin(kind) is Annotated:
        return model_in(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        inner = [it for it in get_args(kind) if it is not NoneType]
        return model_in(inner[0]) if len(inner) == 1 else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def amounts(view: type[BaseModel]) -> frozenset[str]:
    """The leaves that are money: an `amount` with its `currency` beside it."""
    all = {*leaves(view)}
    return frozenset(it for it in all if it.rpartition(".")[2] == "amount" and f"{it.removesuffix('amount')}currency" in all)


def gaps(sheet: Sheet) -> list[str]:
    """Leaves without a column that nobody meant to leave out, and names that are no leaves."""
    known, named = {*leaves(sheet.view)}, sheet.columns.keys() | sheet.left_out.keys()
    return sorted([*(f"{it} has no heading" for it in known - named), *(f"there is no {it}" for it in named - known)])
