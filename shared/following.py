"""What is about a customer follows the customer: when a name turns out to mean another, its rows are brought in line by a job."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.known import KnownCustomer
from shared.service import Job, Means

NAMES, ROWS = 100, 500  # at once
NEWS = "SELECT id, revision, partition, record_offset FROM known_customer WHERE news ORDER BY id LIMIT $1"
IN_LINE = """
UPDATE known_customer AS k SET news = false FROM (
    SELECT id FROM known_customer JOIN unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[]) AS seen (id, revision, partition, record_offset)
    USING (id, revision, partition, record_offset) ORDER BY id FOR UPDATE) AS seen WHERE k.id = seen.id"""
PLAIN = frozenset(("note",))  # nobody changes them, so they have no version
Kind = TypeVar("Kind", bound=KnownCustomer)


async def meet(session: AsyncSession, kind: type[Kind], id: UUID) -> Kind:
    """Whom this id means; ours until the end of the transaction, so that no news of it gets past what we are about to write."""
    met: Kind = (await session.exec(meeting(kind), params={"named": id})).scalars().one()
    return met


@cache
def meeting(kind: type[Kind]) -> Any:
    """One statement, whether the row is there or not: writing it anew as it was reads and locks it."""
    named: Any = bindparam("named")
    nobody = {"id": named, "customer_id": named, "declared": False, "revision": -1, "news": False, "partition": -1, "record_offset": -1}
    met = insert(kind).values(nobody)
    return select(kind).from_statement(met.on_conflict_do_update(index_elements=["id"], set_={"id": met.excluded.id}).returning(kind))


def follow(table: str, columns: Mapping[str, str]) -> str:
    """`columns` of the table, each with the column of `known_customer` that it repeats. Ends when fewer than ROWS were out of line."""
    differ = " OR ".join(f"t.{ours} IS DISTINCT FROM k.{theirs}" for ours, theirs in columns.items())
    same = ", ".join(f"{ours} = k.{theirs}" for ours, theirs in columns.items())
    versioned = "" if table in PLAIN else ", version = version + 1"
    return f"""
UPDATE {table} AS t SET {same}{versioned} FROM known_customer AS k WHERE k.id = t.named_id AND t.id = ANY(ARRAY(
    SELECT t.id FROM {table} AS t JOIN known_customer AS k ON k.id = t.named_id
    WHERE t.named_id = ANY($1) AND ({differ}) ORDER BY t.id LIMIT $2 FOR UPDATE OF t))"""


def job(tables: Mapping[str, Mapping[str, str]]) -> Job:
    """Keeps these tables in line with the service's `known_customer`. Each has `id`, `named_id` (indexed) and, unless it is plain,
    `version` beside its columns:
    `following.job({"complaint": {"customer_id": "customer_id", "customer_known": "declared"}})`."""
    statements = [follow(table, columns) for table, columns in tables.items()]

    async def run(means: Means) -> bool:
        assert means.pool
        async with means.pool.acquire() as connection:
            news = await connection.fetch(NEWS, NAMES)
            ids = [row["id"] for row in news]
            for statement in statements if ids else ():
                if int((await connection.execute(statement, ids, ROWS)).split()[-1]) == ROWS:
                    return True
            await connection.execute(IN_LINE, *([row[name] for row in news] for name in ("id", "revision", "partition", "record_offset")))
        return len(news) == NAMES

    return Job("following", run, timedelta(seconds=1))
