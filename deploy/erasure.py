"""Erasures for operators: asked for by command, and the ledger by which a restore from a backup brings nobody back.

The ledger holds ids, keyed hashes of names and moments. It is kept apart from the backups; after a restore it is played back, and whoever is
not known as erased any more is erased again.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Connection

from shared import audit
from shared.errors import Invalid, NotFound
from shared.ids import customer_of, uuid7

LIST = """
SELECT id, state, customer_id, unit, reason, requested_at, requested_by, decided_by, completed_at,
       ARRAY(SELECT jsonb_object_keys(answers) ORDER BY 1) AS answered
FROM erasure WHERE $1::text[] IS NULL OR state = ANY($1) ORDER BY requested_at DESC, id DESC LIMIT $2"""
LEDGER = """
SELECT id, customer_id, customers::text AS customers, unit, reason, decided_at, completed_at,
       ARRAY(SELECT hash FROM erased_reference WHERE erasure_id = erasure.id ORDER BY hash) AS hashes
FROM erasure WHERE state IN ('running', 'completed') AND id > $1 ORDER BY id LIMIT 1000"""
TODAY = """
WITH RECURSIVE line AS (
    SELECT id, redirected_to, state, unit, 0 AS step FROM customer WHERE id = $1
    UNION ALL SELECT c.id, c.redirected_to, c.state, c.unit, step + 1 FROM customer AS c JOIN line ON c.id = line.redirected_to WHERE step < 1000)
SELECT id, state, unit FROM line ORDER BY step DESC LIMIT 1"""
REQUEST = """
INSERT INTO erasure (id, customer_id, customers, seen, unit, reason, state, requested_at, requested_by, decided_at, decided_by, answers, version)
VALUES ($1, $2, $3, '[]', $4, $5, 'approved', $6, $7, $6, $8, '{}', 1)
ON CONFLICT (customer_id) WHERE state IN ('requested', 'approved', 'running') DO NOTHING RETURNING id"""
TELL_AGAIN = """
UPDATE erasure SET answers = '{}', looked_at = requested_at - interval '1 day', version = version + 1
WHERE customer_id = $1 AND state = 'running' AND part_of IS NULL RETURNING id"""
HELD = """
WITH RECURSIVE family AS (SELECT $1::uuid AS id UNION SELECT c.id FROM customer AS c JOIN family ON c.redirected_to = family.id)
SELECT count(*) FROM (
    SELECT DISTINCT ON (customer_id) refused_because FROM erasure JOIN family ON family.id = customer_id WHERE decided_at IS NOT NULL
    ORDER BY customer_id, decided_at DESC) AS last WHERE refused_because = 'legal_hold'"""
HASH = """
INSERT INTO erased_reference (hash, customer_id, erasure_id, erased_at) SELECT hash, $2, $3, $4 FROM unnest($1::text[]) AS hash
ON CONFLICT DO NOTHING"""
BY_COMMAND = "command"  # as who asks, where the operator approves


@dataclass(frozen=True, slots=True)
class Entry:
    """One erasure as the ledger has it."""

    erasure_id: UUID
    customer_id: UUID
    customers: Sequence[UUID]
    unit: str
    reason: str
    hashes: Sequence[str]
    decided_at: str
    completed_at: str | None

    @classmethod
    def read(cls, line: bytes) -> "Entry":
        try:
            told = orjson.loads(line)
            ids = {name: UUID(told[name]) for name in ("erasure_id", "customer_id")}
            return cls(**told | ids | {"customers": [UUID(it) for it in told["customers"]]})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise Invalid(
                "The ledger has a line that is none of ours; it is what `careloop erasure ledger` wrote, a JSON object a line."
            ) from error


async def listed(connection: Connection, states: Sequence[str] | None, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in await connection.fetch(LIST, states, limit)]


async def ledger(connection: Connection) -> AsyncIterator[bytes]:
    """A line for each erasure that was begun, the oldest first."""
    last = UUID(int=0)
    while rows := await connection.fetch(LEDGER, last):
        for row in rows:
            told = {name: row[name] for name in ("customer_id", "unit", "reason", "hashes", "decided_at", "completed_at")}
            yield orjson.dumps({"erasure_id": row["id"], "customers": orjson.loads(row["customers"])} | told, default=str)
        last = rows[-1]["id"]


async def named(connection: Connection, whom: str) -> UUID:
    """An id of ours, or `system/id` as a foreign system says it."""
    if "/" not in whom:
        try:
            return UUID(whom)
        except ValueError:
            raise Invalid(f"{whom} is neither one of our ids nor system/id.") from None
    id: UUID | None = await connection.fetchval("SELECT customer_id FROM claim WHERE reference = $1", whom)
    return id or customer_of(whom)


async def of_somebody(connection: Connection, whom: str) -> UUID:
    """The same, if there is such a customer: of nobody nothing is ever found, and that is no proof."""
    id = await named(connection, whom)
    if await connection.fetchval("SELECT true FROM customer WHERE id = $1", id):
        return id
    if (theirs := await connection.fetchval("SELECT customer_id FROM erasure WHERE id = $1", id)) is not None:
        raise NotFound(f"{whom} is an erasure; the customer is {theirs}.")
    raise NotFound(f"There is no customer {whom}.")


async def request(
    connection: Connection, whom: str, reason: str, *, by: str, at: datetime, always: bool = False, hold_is_over: bool = False
) -> bool:
    """Approved by the operator; a worker begins it within a second or two. False: it is under way, or done. `always`: then every service is told again."""
    row = await connection.fetchrow(TODAY, await named(connection, whom))
    if row is None:
        raise NotFound(f"There is no customer {whom}.")
    if row["state"] == "erased" and not always:
        return False
    if row["state"] != "erased" and not hold_is_over and await connection.fetchval(HELD, row["id"]):
        raise Invalid(
            f"An erasure of {whom} was refused because the law demands that they be kept: let a privacy officer decide, or say --hold-is-over."
        )
    async with connection.transaction():
        asked = await ask(connection, row["id"], [row["id"]], row["unit"], reason, by=by, asked_by=BY_COMMAND, at=at)
        return asked is not None or (always and await tell_again(connection, row["id"], row["unit"], by=by, at=at))


async def request_again(connection: Connection, entry: Entry, *, by: str, at: datetime, always: bool = False) -> bool:
    """Of one in the ledger, if this file does not know it any more. Its names are hashes at once: nobody declares them meanwhile."""
    async with connection.transaction():
        row = await connection.fetchrow(TODAY, entry.customer_id)
        known = {it["hash"] for it in await connection.fetch("SELECT hash FROM erased_reference WHERE hash = ANY($1)", entry.hashes)}
        if row is not None and row["state"] == "erased" and known >= set(entry.hashes) and not always:
            return False
        asked = await ask(
            connection, row["id"] if row else entry.customer_id, entry.customers, entry.unit, entry.reason, by=by, asked_by="ledger", at=at
        )
        if asked is not None:
            await connection.execute(HASH, entry.hashes, entry.customer_id, asked, at)
        whom = row["id"] if row else entry.customer_id
        return asked is not None or (always and await tell_again(connection, whom, entry.unit, by=by, at=at))


async def tell_again(connection: Connection, customer_id: UUID, unit: str, *, by: str, at: datetime) -> bool:
    """One that is running: all services are waited for anew, whatever they answered; a worker tells them at once."""
    id: UUID | None = await connection.fetchval(TELL_AGAIN, customer_id)
    if id is not None:
        facts = {"erasure": str(id), "again": True}
        await audit.write(connection, audit.line("erasure.run", by=by, about=f"customer:{customer_id}", at=at, unit=unit, facts=facts))
    return id is not None


async def ask(
    connection: Connection, customer_id: UUID, customers: Sequence[UUID], unit: str, reason: str, *, by: str, asked_by: str, at: datetime
) -> UUID | None:  # fmt: skip
    told = orjson.dumps([str(id) for id in customers]).decode()
    id: UUID | None = await connection.fetchval(REQUEST, uuid7(), customer_id, told, unit, reason, at, asked_by, by)
    if id is not None:
        facts = {"erasure": str(id), "reason": reason, "asked_by": asked_by}
        await audit.write(connection, audit.line("erasure.run", by=by, about=f"customer:{customer_id}", at=at, unit=unit, facts=facts))
    return id
