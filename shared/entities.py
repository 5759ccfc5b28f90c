"""What a service remembers: SQLModel tables whose rows are cheap to make and to change.

A session per batch costs 37 % of the throughput and plain SQLModel objects 34 %, nearly all of it in Pydantic, which SQLModel never asks to
validate tables anyway. Here Pydantic stays out of the way and SQLAlchemy's own change tracking is all that is left; a session can't tell the
difference. It stands on internals of pinned versions; a test holds bulk and session equal for every kind of column.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import DateTime, inspect
from sqlalchemy.orm import configure_mappers
from sqlalchemy.orm.state import InstanceState
from sqlalchemy.types import UserDefinedType
from sqlmodel import SQLModel

Timestamp = DateTime(timezone=True)
blank, put = object.__new__, object.__setattr__
UNWATCHED: dict[str, Any] = {}  # a mark, in a place that Pydantic has no use for in tables


class Bookkeeping:
    """SQLAlchemy's state of an instance, made when somebody first asks for it: a row that is only read needs none."""

    def __get__(self, entity: Any, cls: type[Any]) -> Any:
        if entity is None:
            raise AttributeError("a class has none")
        state = entity.__dict__["_sa_instance_state"] = InstanceState(entity, cls._sa_class_manager)
        return state


class Attribute:
    """SQLAlchemy's attribute of a class, out of the way of reading: what is in the row is read from the row, as of any plain object.

    Asked of the class it is SQLAlchemy's own, for queries; of an instance it is asked only where the row lacks the value."""

    def __init__(self, theirs: Any) -> None:
        self.theirs = theirs

    def __get__(self, entity: Any, cls: type[Any]) -> Any:
        return self.theirs if entity is None else self.theirs.__get__(entity, cls)


class Entity(SQLModel):
    """A table whose instances skip Pydantic. Making one costs a tenth, changing an attribute a third of SQLModel's way."""

    def __new__(cls, **_: Any) -> Any:
        self = blank(cls)
        put(self, "__pydantic_fields_set__", set())
        put(self, "__pydantic_extra__", None)
        put(self, "__pydantic_private__", None)
        return self

    def __init__(self, **values: Any) -> None:
        known, constants, factories = defaults(type(self))
        if not known.issuperset(values):
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(values.keys() - known))}")
        row = self.__dict__
        row.update(constants)
        for name, factory in factories:
            row[name] = factory()
        row.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        """Straight to SQLAlchemy's attribute, which remembers what was there before."""
        attribute = attributes_of(type(self)).get(name)
        if attribute is None:
            put(self, name, value)
        elif self.__pydantic_extra__ is UNWATCHED:
            self.__dict__[name] = value
        else:
            attribute.__set__(self, value)

    __eq__ = object.__eq__  # an entity is itself, whatever its values
    __hash__ = object.__hash__


Entity._sa_instance_state = Bookkeeping()  # set here: Pydantic would take it for a private field


@cache
def attributes_of(cls: type[SQLModel]) -> Mapping[str, Any]:
    """SQLAlchemy's attributes of an entity, each with an `Attribute` in its place on the class. And a new row needs no bookkeeping to be made."""
    configure_mappers()
    theirs = {attribute.key: getattr(cls, attribute.key) for attribute in inspect(cls).attrs}
    for name, attribute in theirs.items():
        type.__setattr__(cls, name, Attribute(attribute))
    type.__setattr__(cls, "__init__", cls.__init__._sa_original_init)  # type: ignore[attr-defined]
    return theirs


@cache
def defaults(cls: type[SQLModel]) -> tuple[frozenset[str], dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    attributes_of(cls)  # made with the first instance, as SQLAlchemy's own __init__ does
    optional = {name: field for name, field in cls.model_fields.items() if not field.is_required()}
    return (
        frozenset(cls.model_fields),
        {name: field.default for name, field in optional.items() if field.default_factory is None},
        [(name, field.default_factory) for name, field in optional.items() if field.default_factory is not None],  # type: ignore[misc]
    )


def watched(entity: Entity, *, yes: bool = True) -> None:
    """Whether its changes are tracked. While a new one is being made up, and only whoever makes it has it, they need not be."""
    put(entity, "__pydantic_extra__", None if yes else UNWATCHED)


def changed(entity: Entity) -> bool:
    """Was an attribute set since the row was read?"""
    state = entity.__dict__.get("_sa_instance_state")
    return state is not None and bool(state.modified)


class codes(UserDefinedType[Any]):  # noqa: N801  # reads as a column type: sa_type=codes(State)
    """An enum of strings kept as text, by value. SQLModel's own choice is a PostgreSQL type made of the members' names."""

    cache_ok = True

    def __init__(self, enum: type[Enum]) -> None:
        self.enum = enum

    @property
    def python_type(self) -> type[Enum]:
        return self.enum

    def get_col_spec(self, **_: Any) -> str:
        return "VARCHAR(32)"

    def bind_processor(self, dialect: Any) -> Callable[[Any], Any]:
        return lambda member: None if member is None else str(member)

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any]:
        return self.enum._value2member_map_.get
