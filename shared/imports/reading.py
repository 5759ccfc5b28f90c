"""Reads the file of an import into its rows: a worker at a time, in a process of its own, in many small transactions. After a crash it begins anew.

The same process finds out which column is which, and whether all its dates are clear: so what would stop the whole import is known before its first row
is applied, without looking at every row twice.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import structlog

from shared import leased
from shared.apart import Died, apart
from shared.clock import now
from shared.errors import Refusal
from shared.imports import columns, files, judging
from shared.imports.columns import CORRECTIONS, Columns, Plan, Sketch, folded
from shared.imports.files import Unreadable, Wishes
from shared.imports.kind import Kind
from shared.imports.reading_values import Ambiguous
from shared.imports.tables import State
from shared.leased import Lease
from shared.service import Job, Means

log = structlog.get_logger()
MOST = 1_000_000  # rows of a file
AT_ONCE = 1000  # rows that are sent, and written, together ...
LETTERS = 1024 * 1024  # ... or as many as have so many characters
TOLD = "SELECT * FROM import WHERE id = $1"
EMPTY = "DELETE FROM import_row WHERE import_id = $1 AND number <= $2"
LAST = "SELECT max(number) FROM import_row WHERE import_id = $1"
SO_FAR = "UPDATE import SET rows = $2 WHERE id = $1"
READ = """
UPDATE import SET state = $2, headings = $3::text::jsonb, mapping = $4::text::jsonb, questions = $5::text::jsonb, rows = $6, plan = $7::text::jsonb,
    position = 0, checked = 0, created = 0, updated = 0, skipped = 0, failed = 0, file_id = NULL, pieces = 0, version = version + 1 WHERE id = $1"""
FAILED = """
UPDATE import SET state = 'failed', questions = $2::text::jsonb, ended_at = $3, file_id = NULL, pieces = 0, version = version + 1 WHERE id = $1"""
PIECES = "DELETE FROM stored_piece WHERE file_id = $1"
REMEMBERED = "SELECT plan FROM import_mapping WHERE id = $1"
PIECE = "SELECT content FROM stored_piece WHERE file_id = $1 AND number = $2"


@dataclass(frozen=True, slots=True)
class Whole:
    """What is known of an import before its file is read."""

    file_id: UUID
    wishes: Wishes
    kind: Sketch
    system: str
    plan: dict[str, Any]
    zone: ZoneInfo  # of times that do not say theirs


def work(send: Callable[[bytes], None], dsn: str, told: Whole) -> None:
    """In the other process, as JSON: first what the headings mean, then rows in batches, at last what has to be asked about the dates."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(dsn, timeout=10, command_timeout=60))

    def pieces() -> Iterator[bytes]:
        number = 0
        while (content := loop.run_until_complete(connection.fetchval(PIECE, told.file_id, number))) is not None:
            yield content
            number += 1

    found = files.rows(pieces, told.wishes)
    _, headings = next(found)
    ours = [n for n, it in enumerate(headings) if folded(it) in CORRECTIONS]
    headings = [it for n, it in enumerate(headings) if n not in ours]
    before = loop.run_until_complete(connection.fetchval(REMEMBERED, columns.identity(told.kind.name, told.system, headings)))
    plan = columns.merged(Plan.model_validate(columns.of_rows(told.plan)), before and orjson.loads(before))
    mapping, questions = columns.recognised(told.kind, plan, headings)
    send(orjson.dumps({"headings": headings, "plan": plan.model_dump(exclude_unset=True), "mapping": mapping, "questions": questions}))
    reader = None if questions else Columns(told.kind, plan, headings, mapping, told.zone)
    batch, letters = [], 0
    for number, cells in found:
        if ours:
            cells = [it for n, it in enumerate(cells) if n not in ours]
        if reader:
            try:
                reader.ask(cells)
            except Ambiguous as error:
                questions = [columns.two_ways(error, reader.headings[error.args[-1]])]
                reader = None
        row = orjson.dumps(cells).decode()
        batch.append((number, row))
        letters += len(row)
        if len(batch) >= AT_ONCE or letters > LETTERS:
            send(orjson.dumps(batch))
            batch, letters = [], 0
    if batch:
        send(orjson.dumps(batch))
    send(orjson.dumps({"questions": questions}))
    loop.run_until_complete(connection.close())


def job(kinds: Sequence[Kind]) -> Job:
    known = {it.name: it for it in kinds}

    async def read(means: Means, lease: Lease) -> None:
        told = await begin(lease)
        wishes = Wishes(*(told["plan"].get(name) for name in columns.OF_THE_FILE))
        zone, kind = means.units[told["unit"]].clock, Sketch.of(known[told["kind"]])
        whole = Whole(told["file_id"], wishes, kind, told["system"], told["plan"], zone)
        try:
            found, rows = await staged(lease, means.settings.database, whole)
        except Refusal as error:
            await fail(lease, told["file_id"], str(error), error.fix)
            return
        except Died:
            if lease.tries < leased.TIMES:
                raise
            await fail(lease, told["file_id"], "The spreadsheet needs too much memory to be read.", "Save it as CSV and send it again.")
            return
        async with lease.transaction() as connection:
            state = State.MAPPING_NEEDED if found["questions"] else State.CHECKING
            parts = (json(found[name]) for name in ("headings", "mapping", "questions"))
            await connection.execute(READ, lease.id, state.value, *parts, rows, json(told["plan"] | found["plan"]))
            await connection.execute(PIECES, told["file_id"])
            if not found["questions"] and not told["dry_run"] and not told["whole"]:  # else it depends on each row how it goes on
                await judging.checked(connection, await connection.fetchrow(TOLD, lease.id))

    return leased.job("imports_read", "import", "state = 'reading'", read, give_up, first="asked_at, id")


async def begin(lease: Lease) -> Any:
    """What an earlier try, or an earlier file, left behind goes; some at a time, so that each write is a short one."""
    async with lease.transaction() as connection:
        told = await connection.fetchrow(TOLD, lease.id)
        last = await connection.fetchval(LAST, lease.id) or 0
    for number in range(20_000, last + 20_000, 20_000):
        async with lease.transaction() as connection:
            await connection.execute(EMPTY, lease.id, number)
    return told


async def staged(lease: Lease, dsn: str, whole: Whole) -> tuple[dict[str, Any], int]:
    """What was understood, and how many rows lie in the database now."""
    found: dict[str, Any] = {}
    rows = 0
    async with apart(work, dsn, whole) as batches:
        async for piece in batches:
            told = orjson.loads(piece)
            if isinstance(told, dict):
                found |= told
                continue
            rows += len(told)
            if rows > MOST:
                raise Unreadable(f"The file has more than {MOST} rows.")
            async with lease.transaction() as connection:
                await connection.copy_records_to_table(
                    "import_row", columns=("import_id", "number", "raw", "state"),
                    records=[(lease.id, number, raw, "waiting") for number, raw in told],
                )  # fmt: skip
                await connection.execute(SO_FAR, lease.id, rows)
    if not rows:
        raise Unreadable("The file has headings and no rows under them.")
    return found, rows


async def fail(lease: Lease, file_id: UUID, message: str, fix: str | None) -> None:
    async with lease.transaction() as connection:
        await connection.execute(FAILED, lease.id, json([columns.question(None, message, fix or "")]), now())
        await connection.execute(PIECES, file_id)


async def give_up(means: Means, lease: Lease, reason: str) -> None:
    log.error("a file can't be read", import_id=str(lease.id), reason=reason)
    async with lease.transaction() as connection:
        told = await connection.fetchrow(TOLD, lease.id)
    await fail(
        lease,
        told["file_id"],
        "The file could not be read, three times.",
        "Save it as CSV in UTF-8 and send it again, or ask whoever operates this.",
    )


def json(told: Any) -> str:
    return orjson.dumps(told).decode()
