"""Bulk and session are two ways to the same rows, for every kind of column; and an entity is what SQLModel's would be, only sooner."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import pytest
from pydantic import ValidationError
from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import registry
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Field, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bulk import rows_of
from shared.database import open_engine, open_pool
from shared.entities import Entity, Timestamp, changed, codes, watched


class Memory(Entity, registry=registry()):
    """A registry of the test's own."""


class Colour(StrEnum):
    RED = "red-1"
    BLUE = "blue-2"


class Native(Enum):
    X = "x-value"
    Y = "y-value"


version = Column("version", Integer, nullable=False)


class Thing(Memory, table=True):
    """Every kind of column, each with and without a value."""

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True)
    big: int | None = Field(default=None, sa_type=BigInteger)
    number: int | None = None
    ratio: float | None = Field(default=None, sa_type=Float)
    amount: Decimal | None = Field(default=None, sa_type=Numeric(12, 4))
    any_amount: Decimal | None = None
    flag: bool | None = None
    short: str | None = Field(default=None, max_length=5)
    long: str | None = Field(default=None, sa_type=Text)
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)
    other: UUID | None = None
    at: datetime | None = Field(default=None, sa_type=Timestamp)
    day: date | None = None
    clock: time | None = None
    lasts: timedelta | None = None
    colour: Colour | None = Field(default=None, sa_type=codes(Colour))
    native: Native | None = None
    facts: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    listed: list[str] = Field(default_factory=list, sa_type=JSONB)
    renamed: str | None = Field(default=None, sa_column=Column("a column", Text))
    version: int = Field(default=1, sa_column=version)


FULL: dict[str, Any] = {
    "big": 2**62,
    "number": -(2**31),
    "ratio": 0.1,
    "amount": Decimal("12345678.1234"),
    "any_amount": Decimal("0.000000000000000001"),
    "flag": False,
    "short": "五个字符啊",
    "long": "“quoted”\n{},;\t\\ é",
    "raw": b"\0\xff",
    "other": UUID(int=2**128 - 1),
    "at": datetime(2026, 5, 1, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8))),
    "day": date(2026, 2, 28),
    "clock": time(23, 59, 59, 999999),
    "lasts": timedelta(days=400, microseconds=1),
    "colour": Colour.RED,
    "native": Native.Y,
    "facts": {"a": [1, None, {"b": "中文"}], "n": 1.5},
    "listed": ["a", "b"],
    "renamed": "here",
}
EMPTY: dict[str, Any] = {name: ([] if name == "listed" else None) for name in FULL}
ZERO: dict[str, Any] = {
    "big": 0,
    "number": 0,
    "ratio": 0.0,
    "amount": Decimal(0),
    "flag": True,
    "short": "",
    "long": "",
    "raw": b"",
    "facts": {},
}


@dataclass(frozen=True)
class Ways:
    """The same table, by bulk and by session."""

    pool: asyncpg.Pool
    engine: AsyncEngine

    async def insert(self, *things: Thing) -> None:
        async with self.pool.acquire() as connection:
            await rows_of(Thing).insert(connection, things)

    async def update(self, *things: Thing) -> None:
        async with self.pool.acquire() as connection:
            await rows_of(Thing).update(connection, things)

    async def read(self) -> list[Any]:
        async with self.pool.acquire() as connection:
            parts = [row["part"] for row in await connection.fetch("SELECT part FROM thing")]
            return sorted(await rows_of(Thing).read(connection, {("part",): parts}, lock=True), key=lambda it: it.part)

    async def add(self, *things: Thing) -> None:
        async with AsyncSession(self.engine) as session:
            session.add_all(things)
            await session.commit()

    async def select(self) -> list[Thing]:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            return list(await session.exec(select(Thing).order_by(Thing.part)))


@pytest.fixture(scope="module")
async def _ways(databases) -> AsyncIterator[Ways]:
    database = await databases.empty("followup")
    owner = open_engine(database.owner_dsn)
    async with owner.begin() as connection:
        await connection.run_sync(Memory.metadata.create_all)
    await owner.dispose()
    pool, engine = await open_pool(database.dsn), open_engine(database.dsn)
    yield Ways(pool, engine)
    pool.terminate()
    await engine.dispose()


@pytest.fixture
async def ways(_ways: Ways) -> AsyncIterator[Ways]:
    await _ways.pool.execute("DELETE FROM thing")
    yield _ways


def a_thing(part: int, **facts: Any) -> Thing:
    return Thing(id=UUID(int=part), part=part, **facts)


def values(thing: Thing) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in rows_of(Thing).columns}


def exactly(thing: Thing) -> dict[str, tuple[type, Any]]:
    """With types: 1 is not True, and a Colour is not a text."""
    return {name: (UUID if isinstance(it, UUID) else type(it), it) for name, it in values(thing).items()}


@pytest.mark.parametrize("facts", [FULL, EMPTY, ZERO], ids=["full", "empty", "zero"])
async def test_what_bulk_writes_is_what_a_session_writes(ways, facts):
    await ways.insert(a_thing(1, **facts))
    await ways.add(a_thing(2, **facts))
    bulk, session = await ways.pool.fetch("SELECT * FROM thing ORDER BY part")
    names = [name for name in bulk.keys() if name not in ("id", "part")]  # noqa: SIM118  a record of asyncpg's
    assert {name: bulk[name] for name in names} == {name: session[name] for name in names}


@pytest.mark.parametrize("facts", [FULL, EMPTY, ZERO], ids=["full", "empty", "zero"])
async def test_what_bulk_reads_is_what_a_session_reads(ways, facts):
    await ways.insert(a_thing(1, **facts))
    await ways.add(a_thing(2, **facts))
    assert [exactly(it) for it in await ways.read()] == [exactly(it) for it in await ways.select()]
    for thing in await ways.read():
        assert {name: getattr(thing, name) for name in facts} == facts


async def test_what_is_being_made_up_is_not_tracked_and_then_is(ways):
    made, kept = a_thing(1), a_thing(2)
    for it in (made, kept):
        watched(it, yes=False)
        it.short = "one"
        watched(it)
        assert not changed(it)
    await ways.insert(made)
    async with AsyncSession(ways.engine) as session:
        session.add(kept)
        await session.flush()
        kept.number, kept.short = 2, "three"
        await session.commit()
    assert [(it.short, it.number) for it in await ways.read()] == [("one", None), ("three", 2)]


@pytest.mark.parametrize("name", FULL)
async def test_every_column_changes_by_bulk_as_by_session(ways, name):
    await ways.insert(a_thing(1), a_thing(2), a_thing(3, **FULL), a_thing(4, **FULL))
    there = FULL[name]
    for part, value in ((1, there), (3, EMPTY[name])):
        [thing] = [it for it in await ways.read() if it.part == part]
        setattr(thing, name, value)
        await ways.update(thing)
    async with AsyncSession(ways.engine) as session:
        for part, value in ((2, there), (4, EMPTY[name])):
            setattr((await session.exec(select(Thing).where(Thing.part == part))).one(), name, value)
        await session.commit()
    stored = {
        row["part"]: {k: v for k, v in row.items() if k not in ("id", "part")} for row in await ways.pool.fetch("SELECT * FROM thing")
    }
    assert stored[1] == stored[2]
    assert stored[3] == stored[4]
    assert [it.version for it in await ways.read()] == [2, 2, 2, 2]


async def test_rows_with_different_changes_keep_what_they_did_not_change(ways):
    await ways.insert(a_thing(1, **FULL), a_thing(2, **FULL))
    first, second = await ways.read()
    first.short, second.facts = "new", None
    await ways.update(first, second)
    first, second = await ways.select()
    assert values(first) == FULL | {"id": UUID(int=1), "part": 1, "version": 2, "short": "new"}
    assert values(second) == FULL | {"id": UUID(int=2), "part": 2, "version": 2, "facts": None}


async def test_an_absent_json_is_null_for_the_database_too(ways):
    await ways.insert(a_thing(1, facts=None))
    await ways.add(a_thing(2, facts=None))
    first, second = await ways.pool.fetch("SELECT facts IS NULL AS is_null, facts::text FROM thing ORDER BY part")
    assert tuple(first) == tuple(second)


async def test_a_text_that_is_too_long_is_refused_and_not_cut(ways):
    await ways.insert(a_thing(1, short="short"))
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await ways.insert(a_thing(2, short="too long"))
    [thing] = await ways.read()
    thing.short = "too long"
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await ways.update(thing)
    assert [it.short for it in await ways.read()] == ["short"]


async def test_a_version_keeps_two_sessions_apart(ways):
    await ways.insert(a_thing(1))
    async with AsyncSession(ways.engine) as session:
        mine = (await session.exec(select(Thing))).one()
        [theirs] = await ways.read()
        theirs.flag = True
        await ways.update(theirs)
        mine.flag = False
        with pytest.raises(StaleDataError):
            await session.commit()


async def test_rows_are_deleted_by_bulk_and_by_session(ways):
    await ways.insert(a_thing(1), a_thing(2), a_thing(3))
    first, second, _ = await ways.read()
    async with ways.pool.acquire() as connection:
        await rows_of(Thing).delete(connection, [first])
    async with AsyncSession(ways.engine) as session:
        await session.delete(await session.merge(second))
        await session.commit()
    assert [it.part for it in await ways.read()] == [3]


async def test_rows_are_found_by_one_column_by_several_and_by_both(ways):
    await ways.insert(*(a_thing(n, short="even" if n % 2 == 0 else "odd") for n in range(6)))
    rows = rows_of(Thing)
    async with ways.pool.acquire() as connection:
        both = await rows.read(
            connection, {("short",): ["odd"], ("id", "part"): [(UUID(int=1), 1), (UUID(int=4), 4), (UUID(int=9), 9)]}, lock=True
        )
    assert [it.part for it in both] == [1, 3, 4, 5]


def test_only_what_was_set_is_a_change():
    thing = a_thing(1)
    assert not changed(thing)
    thing.flag = True
    assert changed(thing)


def test_an_entity_is_itself_and_knows_its_fields():
    one, same = a_thing(1), a_thing(1)
    assert one != same
    assert len({one, same}) == 2
    with pytest.raises(TypeError, match="Thing has no colur"):
        Thing(id=UUID(int=1), part=1, colur="red")
    assert a_thing(1).listed is not a_thing(1).listed
    assert "Thing(" in repr(one)


def test_pydantic_is_there_when_it_is_asked():
    assert Thing.model_validate({"id": str(UUID(int=1)), "part": "1"}).part == 1
    with pytest.raises(ValidationError):
        Thing.model_validate({"id": "no", "part": 1})
    dumped = a_thing(1, at=datetime(2026, 5, 1, tzinfo=UTC), colour=Colour.BLUE).model_dump(mode="json")
    assert (dumped["at"], dumped["colour"], dumped["version"]) == ("2026-05-01T00:00:00Z", "blue-2", 1)


async def test_an_array_is_refused_when_the_table_is_first_written(ways):
    from sqlalchemy import ARRAY

    class Listed(Memory, table=True):
        id: int = Field(primary_key=True)
        names: list[str] = Field(sa_type=ARRAY(Text))  # type: ignore[call-overload]

    async with ways.pool.acquire() as connection:
        listed = Listed(id=1, names=[])
        listed.names = ["a"]
        with pytest.raises(TypeError, match="keep lists as jsonb"):
            await rows_of(Listed).update(connection, [listed])
