"""The audit trail for operators: is each chain whole, and what it says, to be kept elsewhere.

A hash is computed here anew, in Python, from what stands in the row: whoever could make the database say that all is well can't make this say it.
What a chain can't show by itself is that it was written anew from some line on, or that its end was cut off: for that its head is kept
elsewhere, and given back with `--head`.
"""

import getpass
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from asyncpg import Connection, Record

from shared.errors import Invalid

BEGINNING = sha256().digest()  # what the first line follows
CHUNK = 5000
CHAIN = """
SELECT seq, previous, hash, seq::text AS s, (extract(epoch FROM recorded_at) * 1000000)::bigint::text AS r,
       (extract(epoch FROM at) * 1000000)::bigint::text AS t, by, action, about, purpose, fields::text AS f, unit, outcome, facts::text AS x,
       correlation
FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2"""
HASHED = "s", "r", "t", "by", "action", "about", "purpose", "f", "unit", "outcome", "x", "correlation"
LINES = """
SELECT seq, recorded_at, at, by, action, about, purpose, fields, unit, outcome, facts, correlation, previous, hash
FROM audit WHERE seq > $1 AND ($2::timestamptz IS NULL OR at >= $2) ORDER BY seq LIMIT $3"""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain, as it was or is."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def read(cls, told: str) -> "Head":
        seq, _, hash = told.partition(":")
        if not seq.isdecimal() or len(hash) != 64 or set(hash) - set("0123456789abcdef"):
            raise Invalid(f"{told!r} is no head of a chain: write SEQ:HASH as `careloop audit verify` says it.")
        return cls(int(seq), hash)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line at which a chain does not hold, and why."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """How a chain stands. The head is that of its last line that holds."""

    lines: int
    head: Head
    broken: Broken | None


def hash_of(row: Record) -> bytes:
    """As `audit_chain` makes it: what it follows, then each value as its length, a colon and its text; none is a dash."""
    told = bytearray()
    for name in HASHED:
        value = row[name]
        if value is None:
            told += b"-"
        else:
            text = value.encode()
            told += b"%d:%b" % (len(text), text)
    return sha256(row["previous"] + told).digest()


async def verify(connection: Connection, known: Head | None = None) -> Found:
    """Walk the chain from its first line; `known`: a head that it had, which must still be in it."""
    seq, last = 0, BEGINNING
    if known and known.seq == 0 and known.hash == last.hex():
        known = None
    while rows := await connection.fetch(CHAIN, seq, CHUNK):
        for row in rows:
            why = wrong(row, seq, last) or (known and row["seq"] == known.seq and row["hash"].hex() != known.hash and REWRITTEN)
            if why:
                return Found(seq, Head(seq, last.hex()), Broken(seq + 1, why))
            seq, last = row["seq"], row["hash"]
    head = Head(seq, last.hex())
    return Found(seq, head, Broken(seq + 1, "it is gone, and so is every line from there on") if known and known.seq > seq else None)


REWRITTEN = "the chain was written anew: its line is not the one whose hash was kept"


def wrong(row: Record, seq: int, last: bytes) -> str | None:
    """Why this is not the line that follows."""
    if row["seq"] != seq + 1:
        return "it is missing"
    if hash_of(row) != row["hash"]:
        return "it was changed: its hash is not what it says"
    if row["previous"] != last:
        return "it does not follow the line before it: that one was changed or replaced, or the chain is forked"
    return None


async def lines(connection: Connection, since: datetime | None) -> AsyncIterator[dict[str, Any]]:
    """Every line since then, the oldest first."""
    seq = 0
    while rows := await connection.fetch(LINES, seq, since, CHUNK):
        for row in rows:
            yield {name: SHOWN.get(name, as_it_is)(value) for name, value in row.items()}
        seq = rows[-1]["seq"]


def as_it_is(value: Any) -> Any:
    return value


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def operator() -> str:
    """Who gives a command here; the cluster's own log knows who that was."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in a container
        return f"cli:{os.getuid()}"


SHOWN: dict[str, Callable[[Any], Any]] = {"recorded_at": moment, "at": moment, "previous": bytes.hex, "hash": bytes.hex}
