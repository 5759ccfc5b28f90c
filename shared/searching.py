"""Finds parked records about a customer, also those that nobody can read, and lets go of their bytes.

A record that can be read is about whomever it names. Words count only in what can't be read and names nobody by its key: "Anna" stands in
anybody's address. Answers to erasures are about them too, and stay: without them no erasure comes to its end.
"""

import base64
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Connection

ROWS = 200  # of at most 256 KiB each
SHORTEST = 4  # bytes; less than that stands in anything
PARKED = """
SELECT id, key, value, headers::text AS headers FROM parked WHERE (key IS NOT NULL OR value IS NOT NULL)
    AND (type IS NULL OR type NOT LIKE 'erasure.%') AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2 FOR UPDATE"""
LATELY = """
SELECT id, key, value, headers::text AS headers FROM parked WHERE (key IS NOT NULL OR value IS NOT NULL)
    AND (type IS NULL OR type NOT LIKE 'erasure.%') AND first_failed_at > $1::timestamptz - interval '10 minutes' ORDER BY id LIMIT 1000 FOR UPDATE"""
LET_GO = """
UPDATE parked SET key = NULL, value = NULL, headers = '[]', pointer = NULL,
    state = CASE WHEN state IN ('open', 'requested') THEN 'discarded' ELSE state END, closed_at = coalesce(closed_at, $2)
WHERE id = ANY($1)"""
ON = "UPDATE erasing SET searched_to = $2, searched = $3 WHERE erasure_id = $1"
NAME = re.compile(r"[^/\\s]+/[^/\\s]+")  # as a foreign system says it: system/id


@dataclass(frozen=True, slots=True)
class Signs:
    """How a record shows that it is about them."""

    customers: Collection[UUID]
    is_theirs: Callable[[str], bool]  # is this reference, `system/id`, a name of theirs?
    points: Collection[str] = ()  # phone numbers, mail addresses
    words: Collection[str] = ()  # names, addresses


async def next_chunk(connection: Connection, work: Any, signs: Signs, at: datetime) -> int:
    """Of one erasure: how many of the next records are let go. What nobody can try again any more is discarded."""
    found = await connection.fetch(PARKED, work["searched_to"], ROWS)
    gone = await let_go(connection, found, signs, at)
    to = found[-1]["id"] if found else work["searched_to"]
    await connection.execute(ON, work["erasure_id"], to, len(found) < ROWS)
    return gone


async def lately(connection: Connection, signs: Signs, at: datetime) -> int:
    """Of what was parked a moment ago."""
    return await let_go(connection, await connection.fetch(LATELY, at), signs, at)


async def let_go(connection: Connection, found: Sequence[Any], signs: Signs, at: datetime) -> int:
    is_about = search(signs)
    about = [row["id"] for row in found if is_about(row)]
    if about:
        await connection.execute(LET_GO, about, at)
    return len(about)


def search(signs: Signs) -> Callable[[Any], bool]:
    """Whether a parked record is about them."""
    points = [form for it in signs.points for form in forms(it)]
    anything = [*points, *(form for it in signs.words for form in forms(it))]
    exact = frozenset(signs.points)

    def names(text: str) -> bool:
        id = id_of(text)
        return id in signs.customers if id else text in exact or (bool(NAME.fullmatch(text)) and signs.is_theirs(text))

    def is_about(row: Any) -> bool:
        key, value = (row["key"] or b"").decode(errors="replace"), row["value"] or b""
        headers = [base64.b64decode(content) for _, content in orjson.loads(row["headers"]) if content is not None]
        if names(key) or any(names(it.decode(errors="replace")) for it in headers):
            return True
        try:
            told = orjson.loads(value)
        except orjson.JSONDecodeError:
            names_another = id_of(key) is not None or NAME.fullmatch(key)
            text = b"\0".join((key.encode(), value, *headers))
            return any(it in text for it in (points if names_another else anything))
        return any(names(it) for it in texts(told))

    return is_about


def spellings(word: str) -> set[bytes]:
    """As it stands in UTF-8, and as JSON may escape it, with small or capital digits."""
    escaped = json.dumps(word)[1:-1]
    capital = re.sub(r"\\u[0-9a-f]{4}", lambda it: "\\u" + it[0][2:].upper(), escaped)
    return {it.encode() for it in (word, json.dumps(word, ensure_ascii=False)[1:-1], escaped, capital)}


def forms(word: str) -> set[bytes]:
    return {it for it in spellings(word) if len(it) >= SHORTEST} if len(word.encode()) >= SHORTEST else set()


def texts(told: Any) -> Iterator[str]:
    """Every text of a JSON value; what is called so there (`{"system": …, "id": …}`) as one."""
    waiting = [told]
    while waiting:
        it = waiting.pop()
        if isinstance(it, dict):
            if isinstance(it.get("system"), str) and isinstance(it.get("id"), str):
                yield f"{it['system']}/{it['id']}"
            waiting += it.values()
        elif isinstance(it, list):
            waiting += it
        elif isinstance(it, str):
            yield it


def id_of(text: str) -> UUID | None:
    if len(text) == 36:
        try:
            return UUID(text)
        except ValueError:
            return None
    return None
