"""Two versions run side by side while one is rolled out: what the version before writes is still taken when this one has migrated the database.

`BEFORE` is how far the version before brought each database. What it knew stays, with its types; what is new does without its help.
"""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.migrations import migrate
from tests.shared.test_migrations import service_of

BEFORE = {"complaints": "0006", "customers": "0004", "followup": "0008", "reception": "0006"}
# Checks of its tables that are new, and have been found to refuse nothing that the version before writes.
LOOKED_AT = {"task_done_check", "task_done_by_check", "task_customer_check"}

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ANY = {"boolean": False, "bytea": b"x", "double precision": 1.0, "integer": 1, "jsonb": "{}", "timestamp with time zone": AT}
FITTING: dict[str, dict[str, Any]] = {
    "call": {"reason": "complaint_resolved", "state": "planned", "earliest_at": AT, "due_at": AT},
    "claim": {"standing": "mentioned"},
    "clock": {"state": "running", "next_at": AT},
    "complaint": {"state": "received"},
    "customer": {"state": "provisional"},
    "inquiry": {"state": "received", "kind": "consultation"},
    "notice": {"state": "planned"},
    "orders": {"state": "received", "clarifying": "[]"},
    "parked": {"state": "open"},
    "survey": {"satisfaction": "fair"},
    "task": {"kind": "fair", "role": "supervisor", "state": "open", "complaint_id": UUID(int=7), "round": 2, "aspects": '["price"]'},
    "visit": {"state": "applied", "day_ends_at": AT},
}
COLUMNS = """
SELECT table_name, column_name, regexp_replace(format_type(atttypid, atttypmod), '\\(.*\\)', '') AS type, coalesce(character_maximum_length, 1 << 30) AS longest,
    is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AS wanted
FROM information_schema.columns JOIN pg_attribute ON attrelid = table_name::regclass AND attname = column_name
WHERE table_schema = current_schema() AND table_name <> 'alembic_version'"""
CHECKS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::regclass"
UNIQUE = "SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indrelid = $1::regclass"

Tables = dict[str, dict[str, asyncpg.Record]]


async def tables(connection: asyncpg.Connection) -> Tables:
    found: Tables = {}
    for row in await connection.fetch(COLUMNS):
        found.setdefault(row["table_name"], {})[row["column_name"]] = row
    return found


async def write(connection: asyncpg.Connection, table: str, columns: dict[str, asyncpg.Record]) -> None:
    """A row as the version before writes one. What may have to be unique is."""
    id = uuid4()
    value = ANY | {"uuid": id, "bigint": id.int % 2**60, "character varying": id.hex, "text": id.hex}
    row = {name: value[it["type"]] for name, it in columns.items() if it["wanted"]} | FITTING.get(table, {})
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())


async def checks(connection: asyncpg.Connection, table: str) -> dict[str, set[str]]:
    """The codes that each check of a table names."""
    return {name: set(re.findall(r"'(\w+)'", said)) for name, said in await connection.fetch(CHECKS, table)}


@pytest.mark.parametrize("name", sorted(BEFORE))
async def test_what_the_version_before_writes_is_taken(databases: Any, name: str) -> None:
    service, database = service_of(name), await databases.empty(name)
    await migrate(service, database.owner_dsn, to=BEFORE[name])
    theirs = await asyncpg.connect(database.dsn)
    known = await tables(theirs)
    allowed = {table: await checks(theirs, table) for table in known}
    alone = {table: {row[0] for row in await theirs.fetch(UNIQUE, table)} for table in known}
    for table, columns in known.items():
        await write(theirs, table, columns)
    await theirs.close()

    await migrate(service, database.owner_dsn)
    theirs = await asyncpg.connect(database.dsn)
    now = await tables(theirs)
    for table, columns in known.items():
        for column, it in columns.items():
            assert column in now[table], f"{table}.{column} is gone, and the version before still uses it"
            assert (now[table][column]["type"], now[table][column]["longest"] >= it["longest"]) == (it["type"], True), f"{table}.{column}"
        assert {row[0] for row in await theirs.fetch(UNIQUE, table)} <= alone[table], f"{table} takes one where it took several"
        for check, codes in (await checks(theirs, table)).items():
            assert codes >= allowed[table].get(check, set()), f"{check} takes fewer codes"
            assert check in allowed[table] or check in LOOKED_AT, f"{check} is new: does it refuse what the version before writes?"
        await write(theirs, table, columns)
        same = ", ".join(f"{it} = {it}" for it in columns if (table, it) != ("outbox", "position"))
        assert await theirs.execute(f"UPDATE {table} SET {same}") == "UPDATE 2", f"{table} can't be changed"
    await theirs.close()


async def test_a_task_is_readable_to_both_whoever_opened_it(databases: Any) -> None:
    database = await databases.migrated("complaints")
    connection = await asyncpg.connect(database.dsn)
    columns = (await tables(connection))["task"]
    old = {name: it for name, it in columns.items() if name not in ("facts", "urgent_at")}
    await write(connection, "task", old)
    assert await connection.fetchval("""SELECT facts = '{"round": 2, "aspects": ["price"]}' FROM task""")
    await connection.execute("UPDATE task SET id = gen_random_uuid(), about = 'complaint:' || complaint_id")
    await connection.execute("""
        INSERT INTO task (id, kind, role, state, about, unit, source, urgent_at, facts, created_at, version)
        SELECT gen_random_uuid(), kind, role, state, about, unit, source, urgent_at, facts, created_at, version FROM task""")
    seen = await connection.fetch("SELECT complaint_id, round, aspects FROM task")
    await connection.close()
    assert [tuple(it) for it in seen] == [(UUID(int=7), 2, '["price"]')] * 2
