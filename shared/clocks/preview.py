"""What a change of a profile, or a notice of holidays, would mean: which open clocks would be due at another time.

Nothing is changed. A profile takes effect for clocks that are started later; a notice also moves what was provisional.
"""

import heapq
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from shared.clocks.clock import Clock
from shared.clocks.terms import Facts, InForce, Terms
from shared.profiles import Trade

AT_ONCE = 1000  # so that an API that previews goes on answering others
OPEN = """
SELECT about, milestone, round, unit, facts::text AS facts, terms::text AS terms, due_at, CASE WHEN pauses <> '[]' THEN pauses::text END AS pauses
FROM clock WHERE state IN ('running', 'paused') AND ($1::text[] IS NULL OR unit = ANY($1))"""


class Move(NamedTuple):
    """`becomes` None: nothing would be owed any more."""

    due_at: datetime
    becomes: datetime | None
    about: str
    milestone: str
    round: int
    unit: str


@dataclass(slots=True)
class Preview:
    """`moves`: the first of them by when they are due now."""

    open: int = 0
    moved: int = 0
    earlier: int = 0
    later: int = 0
    moves: Sequence[Move] = field(default_factory=list)


async def preview(
    connection: asyncpg.Connection, kind: type[Clock], in_force: InForce, now: Trade[Any], then: Trade[Any], *, show: int,
    units: Sequence[str] | None = None,
) -> Preview:  # fmt: skip
    """In one transaction; memory does not grow with the number of clocks. `units`: whose clocks are looked at; None: everybody's.

    Where the profile of a unit would be another, its clocks are shown as they would lie under that; otherwise they keep their terms, and only what is
    known of holidays is another."""
    found, first = Preview(), list[tuple[float, int, Move]]()
    drafted = {unit for unit in now.units.units if now.profile(unit).digest != then.profile(unit).digest}
    told_anew = any(now.knowledge.fingerprint(it) != then.knowledge.fingerprint(it) for it in now.countries | then.countries)
    async for rows in chunks(connection, units):
        found.open += len(rows)
        for row in rows:
            if row["unit"] not in drafted and not told_anew:
                continue
            facts = Facts.load(orjson.loads(row["facts"]))
            if row["unit"] in drafted:
                terms = in_force(then, row["unit"], row["milestone"], facts)
            else:
                terms = kind.terms_in(orjson.loads(row["terms"]), then.knowledge)
            move = moved(row, facts, terms)
            if move.due_at == move.becomes:
                continue
            found.moved += 1
            found.earlier += move.becomes is not None and move.becomes < move.due_at
            found.later += move.becomes is not None and move.becomes > move.due_at
            heapq.heappush(first, (-move.due_at.timestamp(), -found.moved, move))
            if len(first) > show:
                heapq.heappop(first)
    found.moves = [move for *_, move in sorted(first, reverse=True)]
    return found


def moved(row: asyncpg.Record, facts: Facts, terms: Terms | None) -> Move:
    """By these terms; None: nothing would be owed."""
    pauses = orjson.loads(row["pauses"]) if row["pauses"] else ()
    found = terms.moved(terms.reckon(facts), pauses) if terms else ()
    return Move(row["due_at"], found[0][0] if found else None, row["about"], row["milestone"], row["round"], row["unit"])


async def chunks(connection: asyncpg.Connection, units: Sequence[str] | None) -> AsyncIterator[Sequence[asyncpg.Record]]:
    cursor = await connection.cursor(OPEN, units)
    while rows := await cursor.fetch(AT_ONCE):
        yield rows
