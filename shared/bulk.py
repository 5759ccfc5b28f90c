"""Reads and writes many rows of any entity in one statement, converting values exactly as SQLAlchemy would."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy
from asyncpg import Connection
from sqlalchemy import ARRAY, Column, Float
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.orm.attributes import instance_state

from shared.entities import Entity, attributes_of

FLOAT8, NUMERIC = 701, 1700  # SQLAlchemy asks numbers for the type that PostgreSQL answered with
POSTGRES = dialect(json_serializer=lambda value: orjson.dumps(value).decode())  # type: ignore[no-untyped-call]
Columns = tuple[str, ...]


class Rows:
    """One table: how its rows are read, inserted, updated and deleted."""

    def __init__(self, entity: type[Entity]) -> None:
        attributes_of(entity)  # else attributes of rows made before the first query have nothing behind them
        mapper = sqlalchemy.inspect(entity)
        table = mapper.local_table
        self.entity = entity
        self.table, self.schema, self.name = POSTGRES.identifier_preparer.format_table(table), table.schema, table.name
        self.columns: dict[str, Column[Any]] = {mapper.get_property_by_column(column).key: column for column in table.columns}
        self.quoted = {name: POSTGRES.identifier_preparer.quote(column.name) for name, column in self.columns.items()}
        self.key = [name for name, column in self.columns.items() if column.primary_key]
        self.identity = itemgetter(*self.key)
        self.version = next((name for name, column in self.columns.items() if column is mapper.version_id_col), None)
        kinds = {name: column.type.dialect_impl(POSTGRES) for name, column in self.columns.items()}
        self.encoders = {name: kind.bind_processor(POSTGRES) for name, kind in kinds.items()}
        decoders = ((name, kind.result_processor(POSTGRES, FLOAT8 if isinstance(kind, Float) else NUMERIC)) for name, kind in kinds.items())
        self.decoders = [(name, decode) for name, decode in decoders if decode]

    async def read(self, connection: Connection, ways: Mapping[Columns, Collection[Any]], *, lock: bool) -> list[Entity]:
        """All rows with one of these keys, each once, in the order of the primary key, which is the order of locking.

        `ways` maps the columns to look in to the keys looked for: one value each, or a tuple where the columns are several.
        """
        values: list[Any] = []
        wheres = []
        for by, keys in ways.items():
            if len(by) == 1:
                values.append(list(keys))
                wheres.append(f"{self.listed(by)} = ANY(${len(values)}::{kind(self.columns[by[0]])}[])")
            else:
                start = len(values) + 1
                values += map(list, zip(*keys, strict=True))
                wheres.append(f"({self.listed(by)}) IN (SELECT * FROM {self.unnested(by, start)})")
        if len(wheres) == 1:
            where = wheres[0]
        else:  # one statement for all ways, so that there is one order of locking; OR would hide the indexes from the planner
            found = " UNION ".join(f"SELECT {self.listed(self.key)} FROM {self.table} WHERE {where}" for where in wheres)
            where = f"({self.listed(self.key)}) IN ({found})"
        records = await connection.fetch(
            f"SELECT {self.listed(self.columns)} FROM {self.table} WHERE {where} ORDER BY {self.listed(self.key)}{' FOR UPDATE' if lock else ''}",
            *values,
        )
        return [self.entity_from(record) for record in records]

    async def insert(self, connection: Connection, entities: Sequence[Entity]) -> None:
        columns = [column.name for column in self.columns.values()]
        records = zip(*self.values(entities, self.columns), strict=True)
        await connection.copy_records_to_table(self.name, schema_name=self.schema, columns=columns, records=records)

    async def update(self, connection: Connection, entities: Sequence[Entity]) -> None:
        """Writes the columns that changed in any of the rows; a version goes up by one."""
        touched = sorted(set[str]().union(*(instance_state(it).committed_state for it in entities)) - {self.version})
        changes = [f"{self.quoted[name]} = new.{self.quoted[name]}" for name in touched]
        if self.version is not None:
            changes.append(f"{self.quoted[self.version]} = old.{self.quoted[self.version]} + 1")
        sent = [*self.key, *touched]
        same = " AND ".join(f"old.{self.quoted[name]} = new.{self.quoted[name]}" for name in self.key)
        await connection.execute(
            f"UPDATE {self.table} AS old SET {', '.join(changes)} FROM {self.unnested(sent)} AS new ({self.listed(sent)}) WHERE {same}",
            *self.values(entities, sent),
        )

    async def delete(self, connection: Connection, entities: Sequence[Entity]) -> None:
        same = " AND ".join(f"old.{self.quoted[name]} = gone.{self.quoted[name]}" for name in self.key)
        await connection.execute(
            f"DELETE FROM {self.table} AS old USING {self.unnested(self.key)} AS gone ({self.listed(self.key)}) WHERE {same}",
            *self.values(entities, self.key),
        )

    def place(self, entity: Entity) -> Any:
        """In the order of the primary key. Numbers compare in a tenth of the time of ids."""
        identity = self.identity(entity.__dict__)
        return identity.int if isinstance(identity, UUID) else identity

    def entity_from(self, record: Iterable[Any]) -> Entity:
        entity: Entity = self.entity.__new__(self.entity)
        row = entity.__dict__
        row.update(zip(self.columns, record, strict=True))
        for name, decode in self.decoders:
            row[name] = decode(row[name])
        return entity

    def values(self, entities: Sequence[Entity], names: Iterable[str]) -> list[list[Any]]:
        rows = [entity.__dict__ for entity in entities]
        return [[encode(row[name]) for row in rows] if (encode := self.encoders[name]) else [row[name] for row in rows] for name in names]

    def listed(self, names: Iterable[str]) -> str:
        return ", ".join(self.quoted[name] for name in names)

    def unnested(self, names: Iterable[str], start: int = 1) -> str:
        return f"unnest({', '.join(f'${n}::{kind(self.columns[name])}[]' for n, name in enumerate(names, start))})"


rows_of = cache(Rows)


def kind(column: Column[Any]) -> str:
    """The type without a length: a cast would cut a long text off silently, an insert refuses it."""
    if isinstance(column.type, ARRAY):
        raise TypeError(f"{column}: unnest would flatten an array; keep lists as jsonb")
    return re.sub(r"\(.*?\)", "", column.type.compile(POSTGRES))
