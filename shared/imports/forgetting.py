"""What imports keep, and how long: what rows said and were before for 30 days, of whoever is erased not a moment longer."""

from datetime import timedelta

from asyncpg import Connection

from shared.database import transaction
from shared.erasing import ROWS, Round, Trace
from shared.imports import store
from shared.imports.tables import KEPT
from shared.service import Job, Means

AT_ONCE = 5000
WAITING = timedelta(days=1)  # for a file, or for the rest of one
OLD = "SELECT id FROM import WHERE NOT forgotten AND asked_at < now() - $1::interval ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED"
BLANK = "DELETE FROM import_row WHERE import_id = $1 AND number = ANY(ARRAY(SELECT number FROM import_row WHERE import_id = $1 ORDER BY number LIMIT $2))"
FORGOTTEN = """
UPDATE import SET forgotten = true, held_by = NULL, held_until = NULL, file_id = NULL, version = version + 1,
    state = CASE WHEN state IN ('done', 'failed', 'cancelled', 'reversed') THEN state ELSE 'cancelled' END WHERE id = $1"""
LEFT_ALONE = """
WITH left_alone AS (SELECT id, file_id FROM import WHERE state IN ('awaiting_file', 'cancelled') AND file_id IS NOT NULL
    AND coalesce(ended_at, asked_at) < now() - $1::interval LIMIT 20 FOR UPDATE SKIP LOCKED),
pieces AS (DELETE FROM stored_piece USING left_alone WHERE stored_piece.file_id = left_alone.file_id)
UPDATE import SET file_id = NULL FROM left_alone WHERE import.id = left_alone.id"""
THEIRS = """
UPDATE import_row SET raw = NULL, before = NULL, state = CASE WHEN raw IS NULL THEN state ELSE 'failed' END WHERE (import_id, number) IN (
    SELECT import_id, number FROM import_row WHERE named_id = ANY($1) AND (raw IS NOT NULL OR before IS NOT NULL) ORDER BY import_id, number LIMIT $2
    FOR UPDATE)"""
ANYBODYS = """
UPDATE import_row SET raw = NULL, state = 'failed' WHERE (import_id, number) IN (
    SELECT import_id, number FROM import_row JOIN import ON import.id = import_id WHERE raw IS NOT NULL AND named_id IS NULL
    AND (import_row.state = 'failed' OR import.state = 'mapping_needed') ORDER BY import_id, number LIMIT $1 FOR UPDATE OF import_row)"""


async def theirs(it: Round) -> int:
    """What rows about them said, and what they were before. Without it a row that waits can't be applied, nor one that was be undone."""
    return await it.changed(THEIRS, it.names or it.customers, ROWS)


async def anybodys(it: Round) -> int:
    """Rows that nobody could read may be about anybody."""
    return await it.changed(ANYBODYS, ROWS)


TRACES = [Trace("imports", theirs), Trace("unread_imports", anybodys, later=False)]


async def sweep(means: Means) -> bool:
    """By the database's clock: a worker whose own goes ahead must not throw away what somebody still wants to mend."""
    assert means.pool
    async with means.pool.acquire() as connection, connection.transaction():
        await connection.execute(LEFT_ALONE, WAITING)
        return await forget_one(connection)


async def forget_one(connection: Connection) -> bool:
    id = await connection.fetchval(OLD, KEPT)
    if id is None:
        return False
    if await connection.execute(BLANK, id, AT_ONCE) != f"DELETE {AT_ONCE}":
        await connection.execute(FORGOTTEN, id)
    return True


JOB = Job("imports_gone", sweep, timedelta(minutes=1))


async def gauges(means: Means) -> None:
    async with transaction(means.engine) as session:
        for state, count in (await store.under_way(session)).items():
            means.metrics.imports.labels(state=state).set(count)
