"""Reads the file of an import into its rows: a worker at a time, in a process of its own, in many small transactions. After a crash it begins anew."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from shared import leased
from shared.apart import Died, apart
from shared.clock import now
from shared.errors import Refusal
from shared.imports import columns, files
from shared.imports.columns import CORRECTIONS, Plan, folded
from shared.imports.files import Unreadable, Wishes
from shared.imports.kind import Kind
from shared.imports.tables import State
from shared.leased import Lease
from shared.service import Job, Means

log = structlog.get_logger()
MOST = 1_000_000  # rows of a file
AT_ONCE = 1000  # rows that are sent, and written, together ...
LETTERS = 1024 * 1024  # ... or as many as have so many characters
TOLD = "SELECT kind, system, plan, file_id, bytes, version FROM import WHERE id = $1"
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


def work(send: Callable[[bytes], None], dsn: str, file_id: UUID, wishes: Wishes) -> None:
    """In the other process: the headings first, then rows in batches, as JSON."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(dsn, timeout=10, command_timeout=60))

    def pieces() -> Iterator[bytes]:
        number = 0
        while (content := loop.run_until_complete(connection.fetchval(PIECE, file_id, number))) is not None:
            yield content
            number += 1

    found = files.rows(pieces, wishes)
    _, headings = next(found)
    ours = [n for n, it in enumerate(headings) if folded(it) in CORRECTIONS]
    send(orjson.dumps([it for n, it in enumerate(headings) if n not in ours]))
    batch, letters = [], 0
    for number, cells in found:
        told = orjson.dumps([it for n, it in enumerate(cells) if n not in ours] if ours else cells)
        batch.append((number, told.decode()))
        letters += len(told)
        if len(batch) >= AT_ONCE or letters > LETTERS:
            send(orjson.dumps(batch))
            batch, letters = [], 0
    if batch:
        send(orjson.dumps(batch))
    loop.run_until_complete(connection.close())


def job(kinds: Sequence[Kind]) -> Job:
    known = {it.name: it for it in kinds}

    async def read(means: Means, lease: Lease) -> None:
        told = await begin(lease)
        plan = Plan.model_validate(columns.of_rows(told["plan"]))
        wishes = Wishes(*(told["plan"].get(name) for name in columns.OF_THE_FILE))
        try:
            headings, rows = await staged(lease, means.settings.database, told["file_id"], wishes)
        except Refusal as error:
            await fail(lease, told["file_id"], str(error), error.fix)
            return
        except Died:
            if lease.tries < leased.TIMES:
                raise
            await fail(lease, told["file_id"], "The spreadsheet needs too much memory to be read.", "Save it as CSV and send it again.")
            return
        async with lease.transaction() as connection:
            kind = known[told["kind"]]
            before = await connection.fetchval(REMEMBERED, columns.identity(kind.name, told["system"], headings))
            whole = columns.merged(plan, before)
            mapping, questions = columns.recognised(kind, whole, headings)
            state = State.MAPPING_NEEDED if questions else State.CHECKING
            as_read = told["plan"] | whole.model_dump(exclude_unset=True)
            await connection.execute(
                READ, lease.id, state.value, json(headings), json(mapping), json(questions), rows, json(as_read)
            )  # fmt: skip
            await connection.execute(PIECES, told["file_id"])

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


async def staged(lease: Lease, dsn: str, file_id: UUID, wishes: Wishes) -> tuple[list[str], int]:
    """The headings, and how many rows lie in the database now."""
    headings: list[str] | None = None
    rows = 0
    async with apart(work, dsn, file_id, wishes) as batches:
        async for piece in batches:
            told = orjson.loads(piece)
            if headings is None:
                headings = told
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
    return headings or [], rows


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
