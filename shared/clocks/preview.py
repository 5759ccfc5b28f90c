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

from shared.clocks.terms import OWN, Facts, Reckon, after_pauses
from shared.profiles import Trade
from shared.worktime.calendar import Calendar

AT_ONCE = 1000  # so that an API that previews goes on answering others
OPEN = """
SELECT about, milestone, round, unit, facts::text AS facts, due_at, CASE WHEN pauses <> '[]' THEN pauses::text END AS pauses, profile_digest, provisional
FROM clock WHERE state IN ('running', 'paused')"""


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


async def preview(connection: asyncpg.Connection, reckon: Reckon, now: Trade[Any], then: Trade[Any], *, show: int) -> Preview:
    """In one transaction; memory does not grow with the number of clocks."""
    found, first = Preview(), list[tuple[float, int, Move]]()
    affected = {name for name in now.units.units if differs(now, then, name)}
    async for rows in chunks(connection):
        found.open += len(rows)
        for row in rows:
            if row["unit"] not in affected:
                continue
            move = moved(row, reckon, now, then)
            if move is None:
                continue
            found.moved += 1
            found.earlier += move.becomes is not None and move.becomes < move.due_at
            found.later += move.becomes is not None and move.becomes > move.due_at
            heapq.heappush(first, (-move.due_at.timestamp(), -found.moved, move))
            if len(first) > show:
                heapq.heappop(first)
    found.moves = [move for *_, move in sorted(first, reverse=True)]
    return found


def differs(now: Trade[Any], then: Trade[Any], unit: str) -> bool:
    """Only units whose profile, calendar or holidays would change are looked at."""
    return now.profile(unit).digest != then.profile(unit).digest or now.calendars != then.calendars or now.knowledge != then.knowledge


def moved(row: asyncpg.Record, reckon: Reckon, now: Trade[Any], then: Trade[Any]) -> Move | None:
    facts = Facts.load(orjson.loads(row["facts"]))
    pauses = orjson.loads(row["pauses"]) if row["pauses"] else ()
    unit, milestone = row["unit"], row["milestone"]
    runs_by_now = row["profile_digest"] == now.profile(unit).digest
    due_at = row["due_at"] if runs_by_now else reckoned(reckon, now, unit, milestone, facts, pauses)
    becomes = reckoned(reckon, then, unit, milestone, facts, pauses)
    if due_at is None or due_at == becomes:
        return None
    return Move(due_at, becomes, row["about"], milestone, row["round"], unit)


def reckoned(
    reckon: Reckon, trade: Trade[Any], unit: str, milestone: str, facts: Facts, pauses: Sequence[dict[str, Any]]
) -> datetime | None:
    it = reckon(trade, unit, milestone, facts)
    if it is None or not pauses:
        return it.due.at if it else None
    calendar: Calendar = trade.calendar(unit, it.limit.calendar or OWN or None)
    return after_pauses(it.due.at, pauses, calendar)


async def chunks(connection: asyncpg.Connection) -> AsyncIterator[Sequence[asyncpg.Record]]:
    cursor = await connection.cursor(OPEN)
    while rows := await cursor.fetch(AT_ONCE):
        yield rows
