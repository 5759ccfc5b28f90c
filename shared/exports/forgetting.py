"""Files that nobody may have any more: old ones, those that were called off or failed, and all that were begun before a customer was erased.

A file can't be searched for a name (a sheet is packed, GB18030 writes it otherwise), so after an erasure every file goes that may hold one. What is just
being written is begun anew, and its writer finds out at its next word. What was looked for may be a name as well: the values of filters go with the
files, those of an export that is still open when it ends.
"""

from datetime import timedelta

from asyncpg import Connection

from shared.exports.export import FILE_KEPT, IS_LITTER, IS_OPEN, KEPT
from shared.service import Job, Means

AT_ONCE = 200  # pieces, 100 MiB
BLANK = """
DELETE FROM stored_piece WHERE file_id = $1 AND number = ANY(ARRAY(SELECT number FROM stored_piece WHERE file_id = $1 ORDER BY number LIMIT $2))"""
IS_THERE = f"SELECT EXISTS (SELECT FROM export WHERE {IS_LITTER})"
LITTER = f"SELECT id FROM export WHERE {IS_LITTER} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
CLEAN = "UPDATE export SET kept = false WHERE id = $1"
EXPIRE = """
UPDATE export SET state = 'forgotten', because = 'expired' WHERE id = ANY(ARRAY(
    SELECT id FROM export WHERE state = 'done' AND ended_at < now() - $1::interval ORDER BY ended_at LIMIT 500 FOR UPDATE SKIP LOCKED))"""
REMOVE = f"""
DELETE FROM export WHERE id = ANY(ARRAY(
    SELECT id FROM export WHERE asked_at < now() - $1::interval AND NOT kept AND NOT ({IS_OPEN}) ORDER BY asked_at LIMIT 500 FOR UPDATE SKIP LOCKED))"""
ALONE = "LOCK TABLE export IN SHARE ROW EXCLUSIVE MODE"  # none begins between our look at them and our commit
FORGET = "UPDATE export SET state = 'forgotten', because = 'erasure' WHERE state = 'done'"
UNSAID = (
    "(SELECT coalesce(jsonb_object_agg(name, '[]'::jsonb), '{}') FROM jsonb_object_keys(filters) name)"  # the filters without their values
)
UNSAY = f"UPDATE export SET filters = {UNSAID} WHERE NOT ({IS_OPEN}) AND jsonb_path_exists(filters, '$.*[*]')"
UNSAY_LATER = f"UPDATE export SET because = 'erasure' WHERE {IS_OPEN}"  # its END reads it
BEGIN_ANEW = "UPDATE export SET state = 'queued', held_by = NULL, held_until = NULL, tries = 0, rows = 0 WHERE state = 'running'"


async def forget(connection: Connection) -> int:
    """All that are done, and all that are being written, begin anew; how many. Whatever the transaction took away before is in none from its commit on."""
    await connection.execute(ALONE)
    for it in UNSAY, UNSAY_LATER:
        await connection.execute(it)
    return sum([int((await connection.execute(it)).split()[-1]) for it in (FORGET, BEGIN_ANEW)])


async def take_away(connection: Connection) -> bool:
    """Some pieces of one of them; is there any, also one that somebody else has at hand?"""
    if not await connection.fetchval(IS_THERE):
        return False
    id = await connection.fetchval(LITTER)
    if id and await connection.execute(BLANK, id, AT_ONCE) != f"DELETE {AT_ONCE}":
        await connection.execute(CLEAN, id)
    return True


async def sweep(means: Means) -> bool:
    """By the database's clock: a worker whose own goes ahead must not throw away what somebody still wants to fetch."""
    assert means.pool
    async with means.pool.acquire() as connection, connection.transaction():
        await connection.execute(EXPIRE, FILE_KEPT)
        await connection.execute(REMOVE, KEPT)
        return await take_away(connection)


JOB = Job("exports_gone", sweep, timedelta(minutes=1))
