"""The audit trail: written with what it tells of, one chain whoever writes, and nobody's to change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from shared import audit
from shared.clock import now
from shared.database import open_engine, transaction
from shared.outbox import Cause

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
async def database(databases: Any) -> Any:
    return await databases.migrated("customers")


@pytest.fixture
async def connection(database: Any) -> AsyncIterator[asyncpg.Connection]:
    """Of the runtime role, as the service has it."""
    connection = await asyncpg.connect(database.dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def engine(database: Any) -> AsyncIterator[Any]:
    engine = open_engine(database.dsn, size=8)
    yield engine
    await engine.dispose()


def a_line(about: str = "customer:1", **more: Any) -> audit.Line:
    return audit.line("looked", **{"by": "s-1", "about": about, "at": now()} | more)


async def lines(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    return await connection.fetch("SELECT * FROM audit ORDER BY seq")


async def test_a_line_is_true_together_with_its_transaction(engine: Any, connection: asyncpg.Connection) -> None:
    async with transaction(engine, Cause("c-1")) as session:
        await audit.record(session, "unmasked", by="s-1", about="customer:1", at=LONG_AGO, purpose="deliver", fields=["phones"], unit="u")
        assert await lines(connection) == []
    (line,) = await lines(connection)
    assert (line["seq"], line["by"], line["action"], line["purpose"], line["fields"]) == (1, "s-1", "unmasked", "deliver", '["phones"]')
    assert (line["unit"], line["outcome"], line["facts"], line["correlation"], line["at"]) == ("u", "done", "{}", "c-1", LONG_AGO)


async def test_what_comes_to_nothing_leaves_no_line_and_a_refusal_does(engine: Any, connection: asyncpg.Connection) -> None:
    with pytest.raises(KeyError):
        async with transaction(engine) as session:
            await audit.record(session, "looked", by="s-1", about="customer:1", at=now())
            raise KeyError
    assert await lines(connection) == []
    await audit.record_refusal(engine, Cause("c-2"), "erasure_approved", by="s-1", about="customer:1", at=now())
    assert [(it["outcome"], it["correlation"]) for it in await lines(connection)] == [("refused", "c-2")]


async def test_a_savepoint_is_no_commit(engine: Any, connection: asyncpg.Connection) -> None:
    async with transaction(engine) as session:
        async with session.begin_nested():
            await audit.record(session, "looked", by="s-1", about="customer:1", at=now())
        assert session.info["audit"]
    assert len(await lines(connection)) == 1


async def test_what_a_savepoint_undoes_leaves_no_line_and_what_was_before_it_does(engine: Any, connection: asyncpg.Connection) -> None:
    async with transaction(engine) as session:
        for about in ("customer:before", "customer:undone", "customer:after"):
            outer = session.begin_nested() if about == "customer:undone" else None
            if outer:
                await outer
                async with session.begin_nested():
                    await audit.record(session, "looked", by="s-1", about=about, at=now())
                await outer.rollback()
            else:
                await audit.record(session, "looked", by="s-1", about=about, at=now())
    assert [it["about"] for it in await lines(connection)] == ["customer:before", "customer:after"]


async def test_writers_at_once_make_one_chain(engine: Any, connection: asyncpg.Connection) -> None:
    async def write(n: int) -> None:
        async with transaction(engine) as session:
            for part in ("a", "b"):
                await audit.record(session, "looked", by=f"s-{n}", about=f"customer:{part}", at=now())

    await asyncio.gather(*(write(n) for n in range(24)))
    found = await lines(connection)
    assert [it["seq"] for it in found] == list(range(1, 49))
    assert [it["previous"] for it in found[1:]] == [it["hash"] for it in found[:-1]]


async def test_two_that_wait_for_each_other_s_rows_do_not_wait_for_the_chain(engine: Any, connection: asyncpg.Connection) -> None:
    """The line comes last: while a transaction works, another can write its own."""
    async with transaction(engine) as session:
        await audit.record(session, "looked", by="s-1", about="customer:slow", at=now())
        async with asyncio.timeout(5):
            await audit.write(connection, a_line("customer:quick"))
    assert [it["about"] for it in await lines(connection)] == ["customer:quick", "customer:slow"]


async def test_what_a_forger_says_of_place_and_time_is_overwritten(connection: asyncpg.Connection) -> None:
    await audit.write(connection, a_line())
    await connection.execute(
        """INSERT INTO audit (seq, recorded_at, at, by, action, about, fields, outcome, facts, previous, hash)
           VALUES (77, $1, $1, 'x', 'y', 'z', '[]', 'done', '{}', '\\x00', '\\x01')""",
        LONG_AGO,
    )
    first, second = await lines(connection)
    assert (second["seq"], second["previous"]) == (2, first["hash"]) and second["hash"] != b"\x01"
    assert second["recorded_at"] > first["recorded_at"] > LONG_AGO


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET by = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "ALTER TABLE audit DISABLE TRIGGER audit_kept",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP TABLE audit",
        "INSERT INTO audit (seq, at, by, action, about, fields, outcome, facts) VALUES (1, now(), 'x', 'y', 'z', '[]', 'done', '{}')"
        " ON CONFLICT (seq) DO UPDATE SET by = 'x'",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN ''",
        "CREATE TRIGGER mine BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chain()",
    ],
)
async def test_the_runtime_role_can_only_add(connection: asyncpg.Connection, statement: str) -> None:
    await audit.write(connection, a_line())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    assert len(await lines(connection)) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET by = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_nor_can_the_owner_as_it_stands(database: Any, connection: asyncpg.Connection, statement: str) -> None:
    owner = await asyncpg.connect(database.owner_dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only added to"):
            await owner.execute(statement)
    finally:
        await owner.close()


async def test_a_stale_view_of_the_chain_is_refused_and_makes_no_fork(connection: asyncpg.Connection, database: Any) -> None:
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction(isolation="repeatable_read"):
            await other.fetchval("SELECT count(*) FROM audit")
            await audit.write(connection, a_line())
            with pytest.raises(asyncpg.UniqueViolationError):
                await audit.write(other, a_line())
    except asyncpg.InFailedSQLTransactionError:
        pass
    finally:
        await other.close()
    assert len(await lines(connection)) == 1
