"""Finds parked records about a customer, also those that nobody can read, and lets go of their bytes."""

import base64
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Connection

from shared.ids import customer_of

ROWS = 200  # of at most 256 KiB each
SHORTEST = 4  # bytes; less than that stands in anything
PARKED = """
SELECT id, key, value, headers::text AS headers FROM parked
WHERE (key IS NOT NULL OR value IS NOT NULL) AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2 FOR UPDATE"""
LATELY = """
SELECT id, key, value, headers::text AS headers FROM parked
WHERE (key IS NOT NULL OR value IS NOT NULL) AND first_failed_at > $1::timestamptz - interval '10 minutes' ORDER BY id LIMIT 1000 FOR UPDATE"""
LET_GO = """
UPDATE parked SET key = NULL, value = NULL, headers = '[]', pointer = NULL,
    state = CASE WHEN state IN ('open', 'requested') THEN 'discarded' ELSE state END, closed_at = coalesce(closed_at, $2)
WHERE id = ANY($1)"""
ON = "UPDATE erasing SET searched_to = $2, searched = $3 WHERE erasure_id = $1"


async def next_chunk(connection: Connection, work: Any, ids: set[UUID], words: Collection[str], at: datetime) -> int:
    """Of one erasure: how many of the next records are let go. What nobody can try again any more is discarded."""
    found = await connection.fetch(PARKED, work["searched_to"], ROWS)
    gone = await let_go(connection, found, ids, words, at)
    to = found[-1]["id"] if found else work["searched_to"]
    await connection.execute(ON, work["erasure_id"], to, len(found) < ROWS)
    return gone


async def lately(connection: Connection, ids: set[UUID], at: datetime) -> int:
    """Of what was parked a moment ago, by ids and names alone."""
    return await let_go(connection, await connection.fetch(LATELY, at), ids, (), at)


async def let_go(connection: Connection, found: Sequence[Any], ids: set[UUID], words: Collection[str], at: datetime) -> int:
    needles = [form for word in words for form in forms(word)]
    about = [row["id"] for row in found if is_about(row, ids, needles)]
    if about:
        await connection.execute(LET_GO, about, at)
    return len(about)


def forms(word: str) -> set[bytes]:
    """As it stands in UTF-8, and as JSON escapes it."""
    told = {word.encode(), orjson.dumps(word)[1:-1], ascii(word)[1:-1].encode()}
    return {it for it in told if len(it) >= SHORTEST}


def is_about(row: Any, ids: set[UUID], needles: Sequence[bytes]) -> bool:
    key, value = row["key"] or b"", row["value"] or b""
    headers = [base64.b64decode(content) for _, content in orjson.loads(row["headers"]) if content is not None]
    text = b"\0".join((key, value, *headers))
    if any(needle in text for needle in needles):
        return True
    return not ids.isdisjoint(whom(key, value))


def whom(key: bytes, value: bytes) -> Iterator[UUID]:
    """The customers whom a record names, by its key or anywhere in its JSON."""
    name = key.decode(errors="replace")
    yield customer_of(name)
    yield from id_of(name)
    try:
        waiting = [orjson.loads(value)]
    except orjson.JSONDecodeError:
        return
    while waiting:
        it = waiting.pop()
        if isinstance(it, dict):
            if isinstance(it.get("system"), str) and isinstance(it.get("id"), str):
                yield customer_of(f"{it['system']}/{it['id']}")
            waiting += it.values()
        elif isinstance(it, list):
            waiting += it
        elif isinstance(it, str):
            yield from id_of(it)


def id_of(text: str) -> Iterator[UUID]:
    if len(text) == 36:
        try:
            yield UUID(text)
        except ValueError:
            return
