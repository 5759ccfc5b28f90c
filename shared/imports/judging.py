"""Checks, applies and takes back the rows of imports: a chunk at a time, each in a transaction of its own that also says how far it is.

So a worker may die anywhere and another goes on; and several help each other where several imports wait. Imports change things one after the other.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from asyncpg import Connection, LockNotAvailableError

from shared import audit, outbox
from shared.clock import now
from shared.ids import made_of
from shared.imports import columns
from shared.imports.columns import Columns, Plan
from shared.imports.kind import Became, Chunk, Existing, Kind, Reason, Row, Verdict
from shared.imports.reading_values import Ambiguous
from shared.outage import is_away, is_clash, name_of
from shared.scope import Scope
from shared.service import Job, Means

log = structlog.get_logger()
AT_ONCE = 500  # rows: a worker does nothing else while a kind judges them, some 150 ms
NEXT = """
SELECT * FROM import WHERE state = 'checking' OR (state IN ('applying', 'reversing') AND id = (
    SELECT id FROM import WHERE state IN ('applying', 'reversing') ORDER BY began_at, id LIMIT 1))
ORDER BY looked_at NULLS FIRST, asked_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"""
ROWS = "SELECT number, state, raw, thing_id, before FROM import_row WHERE import_id = $1 AND number > $2 ORDER BY number LIMIT $3"
BACK = """
SELECT number, state, raw, thing_id, before FROM import_row
WHERE import_id = $1 AND number < $2 AND state IN ('created', 'updated') AND thing_id IS NOT NULL ORDER BY number DESC LIMIT $3"""
FIRST_OF = """
SELECT key, min(number) AS number FROM import_row WHERE import_id = $1 AND key = ANY($2) AND number < $3 AND state <> 'failed' GROUP BY key"""
JUDGED = """
UPDATE import_row AS old SET state = new.state, key = new.key, thing_id = new.thing_id, named_id = new.named_id, before = new.before, reasons = new.reasons,
    raw = CASE WHEN $8 AND new.state <> 'failed' THEN NULL ELSE old.raw END
FROM unnest($2::integer[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::jsonb[], $9::jsonb[])
    AS new (number, state, key, thing_id, named_id, before, reasons)
WHERE old.import_id = $1 AND old.number = new.number"""
UNDONE = """
UPDATE import_row AS old SET state = new.state, reasons = new.reasons, before = CASE WHEN new.state = 'undone' THEN NULL ELSE old.before END
FROM unnest($2::integer[], $3::text[], $4::jsonb[]) AS new (number, state, reasons) WHERE old.import_id = $1 AND old.number = new.number"""
MOVED = """
UPDATE import SET position = $2, checked = checked + $3, applied = applied + $4, created = created + $5, updated = updated + $6, skipped = skipped + $7,
    failed = failed + $8, undone = undone + $9, kept = kept + $10, looked_at = $11,
    reached = CASE WHEN $4 > 0 THEN $2 ELSE reached END, tries = 0 WHERE id = $1"""
GOES = """
UPDATE import SET state = $2, questions = $3::text::jsonb, position = $4, looking = $5, ended_at = $6, looked_at = NULL,
    version = version + 1 WHERE id = $1"""
ANEW = "UPDATE import SET reached = 0, applied = 0, created = 0, updated = 0, skipped = 0, failed = 0, began_at = $2 WHERE id = $1"
UNDO_ANEW = "UPDATE import SET undone = 0, kept = 0 WHERE id = $1"
REMEMBER = """
INSERT INTO import_mapping (id, plan, unit, asked_by, at) VALUES ($1, $2::text::jsonb, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET plan = excluded.plan, unit = excluded.unit, asked_by = excluded.asked_by, at = excluded.at"""
PUT_OFF = "UPDATE import SET looked_at = $2 WHERE id = $1"  # others come first
CLASHED = "UPDATE import SET tries = tries + 1 WHERE id = $1 RETURNING tries"
MOST = 10  # clashes of one chunk with somebody else; no race is lost so often
GONE = Reason(None, "What this row said was taken away: a customer was erased.", "Send the row anew if it is about somebody else.")


class NoVerdict(Exception):
    """A kind has forgotten a row. A bug of ours."""


class _Dry(Exception):
    """The chunk was only tried."""


def job(kinds: Sequence[Kind]) -> Job:
    known = {it.name: it for it in kinds}

    async def judge(means: Means) -> bool:
        assert means.pool
        tried: list[Any] = []
        try:
            async with means.pool.acquire() as connection, connection.transaction():
                it = await connection.fetchrow(NEXT)
                if it is None:
                    return False
                tried.append(it)
                await {"checking": check, "applying": apply, "reversing": reverse}[it["state"]](means, connection, it, known[it["kind"]])
                return True
        except LockNotAvailableError:  # somebody reads for long what has to be ours alone; nobody is to stand behind us meanwhile
            await means.pool.execute(PUT_OFF, tried[0]["id"], now())
            return False
        except Exception as error:
            if not tried or is_away(error) or (is_clash(error) and await again(means, tried[0]["id"])):
                raise
            log.exception("an import can't go on", import_id=str(tried[0]["id"]), reason=name_of(error))
        async with means.pool.acquire() as connection:
            stopped = [
                columns.question(
                    None, "It could not go on, for a fault of ours.", "Undo it, or ask whoever operates this to look into the log."
                )
            ]
            await goes(connection, tried[0], "failed", questions=stopped)
        return True

    return Job("imports", judge, timedelta(seconds=1))


async def again(means: Means, id: UUID) -> bool:
    assert means.pool
    async with means.pool.acquire() as connection:
        tries: int = await connection.fetchval(CLASHED, id)
    return tries <= MOST


async def check(means: Means, connection: Connection, it: Any, kind: Kind) -> None:
    rows = await connection.fetch(ROWS, it["id"], it["position"], AT_ONCE)
    if not rows:
        return await checked(connection, it)
    try:
        _, verdicts, keys = await judged(means, connection, it, kind, rows, dry=True)
    except Ambiguous as error:
        asked = columns.two_ways(error, columns_of(means, it, kind).headings[error.args[-1]])
        return await goes(connection, it, "mapping_needed", questions=[asked])
    await write(connection, it, verdicts, keys, final=False)
    await moved(connection, it, rows[-1]["number"], verdicts, checked=len(rows))


async def checked(connection: Connection, it: Any) -> None:
    """What was understood is remembered. Then it waits to be applied, if that was wished, or goes on."""
    identity, plan = columns.identity(it["kind"], it["system"], it["headings"]), Plan.model_validate(columns.of_rows(it["plan"]))
    await connection.execute(REMEMBER, identity, json(plan.model_dump(exclude_unset=True)), it["unit"], it["asked_by"], now())
    if it["dry_run"]:
        return await goes(connection, it, "checked")
    if it["whole"] and it["failed"]:
        message = f"{it['failed']} rows can't be taken in, and all or nothing was asked for; nothing was changed."
        return await goes(connection, it, "checked", questions=[columns.question(None, message, "Mend the rows and send the file again.")])
    await connection.execute(ANEW, it["id"], now())
    await goes(connection, it, "applying")


async def apply(means: Means, connection: Connection, it: Any, kind: Kind) -> None:
    rows = await connection.fetch(ROWS, it["id"], it["position"], AT_ONCE)
    if not rows:
        await goes(connection, it, "done", ended=True)
        return await tell(means, connection, it, "import.applied")
    try:
        async with connection.transaction():
            chunk, verdicts, keys = await judged(means, connection, it, kind, rows, dry=False)
            if it["whole"] and any(verdict.became is Became.FAILED for verdict in verdicts.values()):
                raise _Dry
            await chunk.shelf.save(connection)
    except _Dry:  # somebody changed things since the check: none of it is to stay
        failed = {number: one for number, one in verdicts.items() if one.became is Became.FAILED}
        await write(connection, it, failed, {}, final=False)
        await moved(connection, it, it["position"], failed)
        await connection.execute(UNDO_ANEW, it["id"])
        message = f"{len(failed)} rows could be taken in when they were checked and can't be now; as all or nothing was asked for, everything is undone."
        why = columns.question(None, message, "Look at the failed rows, mend them and send the file again.")
        return await goes(connection, it, "reversing", questions=[why], position=it["reached"] + 1)
    await write(connection, it, verdicts, keys, final=True)
    unseen = 0 if it["checked"] == it["rows"] else len(rows)  # by a check before this
    await moved(connection, it, rows[-1]["number"], verdicts, checked=unseen, applied=len(rows))
    await outbox.write(connection, chunk.announced)
    counted(means, it, verdicts)


async def reverse(means: Means, connection: Connection, it: Any, kind: Kind) -> None:
    """From the last row to the first. If nothing may be kept, once through it without doing anything."""
    rows = await connection.fetch(BACK, it["id"], it["position"], AT_ONCE)
    if not rows:
        return await reversed_(means, connection, it)
    taken = [Row(row["number"], {}, row["thing_id"], row["before"], Became(row["state"])) for row in rows]
    chunk = chunk_of(means, connection, it, taken, dry=it["looking"])
    with contextlib.suppress(_Dry):
        async with connection.transaction():
            await kind.undo(chunk)
            complete(chunk)
            if it["looking"]:
                raise _Dry
            await chunk.shelf.save(connection)
    if not it["looking"]:
        listed = sorted(chunk.verdicts.items())
        reasons = [said(it_.reasons, {}) for _, it_ in listed]
        await connection.execute(UNDONE, it["id"], [n for n, _ in listed], [v.became.value for _, v in listed], reasons)
        counted(means, it, chunk.verdicts)
    await moved(connection, it, rows[-1]["number"], chunk.verdicts)
    if not it["looking"]:
        await outbox.write(connection, chunk.announced)


async def reversed_(means: Means, connection: Connection, it: Any) -> None:
    if not it["looking"]:
        await goes(connection, it, "reversed", ended=True, questions=it["questions"])
        return await tell(means, connection, it, "import.reversed")
    await connection.execute(UNDO_ANEW, it["id"])
    if it["kept"]:
        message = f"Somebody has worked on {it['kept']} of the things since; nothing was undone."
        return await goes(
            connection, it, "done", questions=[columns.question(None, message, "Undo all others with `keep_changed`.")], ended=True
        )
    await goes(connection, it, "reversing", position=it["reached"] + 1)


async def judged(
    means: Means, connection: Connection, it: Any, kind: Kind, rows: Sequence[Any], *, dry: bool
) -> tuple[Chunk, dict[int, Verdict], dict[int, UUID]]:
    """A verdict on every row; the kind sees only those that can be read, each thing once. Of a dry one nothing stays."""
    reader = columns_of(means, it, kind)
    verdicts: dict[int, Verdict] = {}
    good: list[Row] = []
    keys: dict[int, UUID] = {}
    for n, row in enumerate(rows):
        number = row["number"]
        if n % 100 == 99:
            await asyncio.sleep(0)  # others are served meanwhile
        if row["raw"] is None:
            verdicts[number] = Verdict(Became.FAILED, reasons=[GONE])
            continue
        try:
            values, reasons = reader.read(row["raw"])
        except Ambiguous as error:
            if dry:
                raise
            values, reasons = {}, [Reason(error.args[-1], error.message, error.fix)]
        if reasons:
            verdicts[number] = Verdict(Became.FAILED, reasons=reasons)
            continue
        good.append(Row(number, values))
        if (key := kind.key(values, it["system"])) is not None:
            keys[number] = made_of("import key", key)
    first = await firsts(connection, it["id"], rows[0]["number"], keys)
    once = []
    for row in good:
        there = first.setdefault(keys[row.number], row.number) if row.number in keys else row.number
        if there == row.number:
            once.append(row)
        else:
            again = Reason(None, f"Row {there} is about the same.", "Leave one of the two out, or make one of them.")
            verdicts[row.number] = Verdict(Became.FAILED, reasons=[again])
            del keys[row.number]
    chunk = chunk_of(means, connection, it, once, dry=dry)
    if once:
        with contextlib.suppress(_Dry):
            async with connection.transaction():
                await kind.take(chunk)
                complete(chunk)
                if dry:
                    raise _Dry
    return chunk, verdicts | chunk.verdicts, keys


async def firsts(connection: Connection, id: UUID, before: int, keys: dict[int, UUID]) -> dict[UUID, int]:
    """Rows of earlier chunks with one of these keys."""
    found = await connection.fetch(FIRST_OF, id, list(keys.values()), before) if keys else []
    return {row["key"]: row["number"] for row in found}


def chunk_of(means: Means, connection: Connection, it: Any, rows: Sequence[Row], *, dry: bool) -> Chunk:
    return Chunk(
        connection, rows, import_id=it["id"], system=it["system"], existing=Existing(it["existing"]), dry=dry,
        scope=Scope(tuple(it["own"]), None if it["units"] is None else frozenset(it["units"])), unit=it["unit"], by=it["asked_by"], at=now(), means=means,
    )  # fmt: skip


def complete(chunk: Chunk) -> None:
    if missing := [row.number for row in chunk.rows if row.number not in chunk.verdicts]:
        raise NoVerdict(f"{len(missing)} rows, the first is {missing[0]}")


def columns_of(means: Means, it: Any, kind: Kind) -> Columns:
    return Columns(kind, Plan.model_validate(columns.of_rows(it["plan"])), it["headings"], it["mapping"], means.units[it["unit"]].clock)


async def write(connection: Connection, it: Any, verdicts: dict[int, Verdict], keys: dict[int, UUID], *, final: bool) -> None:
    """`final`: what went through need not be kept as it was written."""
    heads = {name: " + ".join(told) for name, told in it["mapping"].items()}
    numbers, told = list(verdicts), list(verdicts.values())
    await connection.execute(
        JUDGED, it["id"], numbers, [one.became.value for one in told], [keys.get(number) for number in numbers], [one.thing_id for one in told],
        [one.named_id for one in told], [None if one.before is None else json(one.before) for one in told], final,
        [said(one.reasons, heads) for one in told],
    )  # fmt: skip


def said(reasons: Sequence[Reason], heads: dict[str, str]) -> str | None:
    return json([asdict(it) | {"column": heads.get(it.field or "")} for it in reasons]) if reasons else None


async def moved(connection: Connection, it: Any, to: int, verdicts: dict[int, Verdict], *, checked: int = 0, applied: int = 0) -> None:
    found = Counter(one.became for one in verdicts.values())
    counts = [found[became] for became in (Became.CREATED, Became.UPDATED, Became.SKIPPED, Became.FAILED, Became.UNDONE, Became.KEPT)]
    await connection.execute(MOVED, it["id"], to, checked, applied, *counts, now())


async def goes(
    connection: Connection, it: Any, state: str, *, questions: Sequence[dict[str, Any]] = (), position: int = 0, ended: bool = False
) -> None:
    log.info("an import goes on", import_id=str(it["id"]), kind=it["kind"], state=state)
    await connection.execute(GOES, it["id"], state, json(list(questions)), position, False, now() if ended or state == "failed" else None)


async def tell(means: Means, connection: Connection, it: Any, action: str) -> None:
    """Its line in the trail, last in the transaction."""
    counts = {name: it[name] for name in ("rows", "created", "updated", "skipped", "failed", "undone", "kept")}
    await audit.write(connection, audit.line(
        action, by=it["asked_by"], about=f"import:{it['id']}", at=now(), unit=it["unit"], facts={"kind": it["kind"]} | counts, correlation=it["correlation"],
    ))  # fmt: skip


def counted(means: Means, it: Any, verdicts: dict[int, Verdict]) -> None:
    for became, count in Counter(one.became for one in verdicts.values()).items():
        means.metrics.import_rows_total.labels(kind=it["kind"], became=became.value).inc(count)


def json(told: Any) -> str:
    return orjson.dumps(told).decode()
