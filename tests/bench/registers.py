"""How long a register takes as a table, and how much memory: 1,000 rows and 200,000, beside the usual way, which has all rows in memory and openpyxl.

Each table is written by a process of its own, as the API has it written; its memory is the most that it ever held, what it shares included.
"""

import asyncio
import io
import resource
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import openpyxl
from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.course import Place
from shared.apart import apart, at_hand
from shared.database import open_engine, open_pool, transaction
from shared.registers.asking import Encoding, Format, Wanted
from shared.registers.cells import reader, written
from shared.registers.sheet import Asking
from shared.registers.writing import Order, sheet_of, snapshot, tell, write
from shared.registers.writing import Piece as Part
from shared.units import Unit, Units
from tests.bench.figures import Goal, Result, Round
from tests.bench.stage import Stage
from tests.complaints.making import a_complaint

FEW, MANY = 1_000, 200_000
UNITS = Units(default="headquarters", units={"headquarters": Unit()})
AT = datetime(2026, 1, 5, tzinfo=UTC)
MORE = """
INSERT INTO complaint SELECT (jsonb_populate_record(it, jsonb_build_object(
    'id', gen_random_uuid(), 'number', 'C260105-' || lpad(to_hex(n), 8, '0'), 'received_at', it.received_at - n * interval '1 minute',
    'compensation_amount', n, 'compensation_currency', 'CNY', 'order_id', 'PO-' || n
))).* FROM complaint it, generate_series($1::int, $2::int) n WHERE it.number = $3"""
Work = Callable[..., object]


async def run(stage: Stage, rounds: int) -> Result:
    """It needs PostgreSQL alone."""
    result = Result(
        "registers", f"complaints as a table, {FEW:,} and {MANY:,} rows",
        [
            Goal("s", f"xlsx {MANY:,}", most=60, worst=True), Goal("s", f"csv {MANY:,}", most=60, worst=True),
            Goal("MiB", f"xlsx {MANY:,}", f"xlsx {FEW:,}", most=1.3), Goal("MiB", f"csv {MANY:,}", f"csv {FEW:,}", most=1.3),
            Goal("MiB", f"xlsx {MANY:,}", f"openpyxl {MANY:,}"), Goal("s", f"xlsx {MANY:,}", f"openpyxl {MANY:,}"),
        ],
    )  # fmt: skip
    at_hand("services.complaints.app", "services.complaints.api.sheets")
    few, many = [await filled(stage, rows) for rows in (FEW, MANY)]
    contenders: dict[str, tuple[Work, str, Format]] = {
        f"csv {FEW:,}": (ours, few, Format.CSV),
        f"xlsx {FEW:,}": (ours, few, Format.XLSX),
        f"csv {MANY:,}": (ours, many, Format.CSV),
        f"xlsx {MANY:,}": (ours, many, Format.XLSX),
        f"openpyxl {MANY:,}": (usual, many, Format.XLSX),
    }
    await lap(ours, few, Format.CSV, stage.folder)  # the first starts the server that the others are forked from
    for _ in range(rounds):
        for name, (work, dsn, format) in contenders.items():
            result.add(name, await lap(work, dsn, format, stage.folder))
    result.said.append(
        "The views, masks and headings are the same; the usual way is what a first draft does: all rows, then all cells, then the file."
    )
    return result


async def filled(stage: Stage, rows: int) -> str:
    database = await stage.migrated("complaints", f"registers_{rows}")
    pool, engine = await open_pool(database.dsn), open_engine(database.dsn, size=1)
    first = a_complaint(Place.CLOSED)
    async with transaction(engine) as session:
        session.add(first)
    await engine.dispose()
    for begin in range(1, rows, 10_000):
        await pool.execute(MORE, begin, min(begin + 9_999, rows - 1), first.number)
    pool.terminate()
    return database.dsn


async def lap(work: Work, dsn: str, format: Format, folder: Path) -> Round:
    order = Order("complaints", "complaints", Wanted(format, Encoding.UTF_8), {}, None, Asking(AT, "s-1"), UNITS, dsn, most=None)
    began, first, size, held = perf_counter(), 0.0, 0, 0
    with TemporaryDirectory(dir=folder) as here:
        async with apart(work, order, here) as pieces:
            async for piece in pieces:
                size, held = size + held, len(piece) - 16
                first = first or (size > 0 and perf_counter() - began) or 0.0
    cpu, memory = map(float, piece[16:].split())
    return {"s": perf_counter() - began, "first byte s": first, "cpu s": cpu, "MiB": memory, "file MiB": size / 2**20}


async def ours(send: Callable[[bytes], None], order: Order, folder: str) -> None:
    await write(send, order, folder)
    weighed(send)


async def usual(send: Callable[[bytes], None], order: Order, _: str) -> None:
    """All rows, then all cells, then the file."""
    sheet, engine = sheet_of(order.service, order.sheet), open_engine(order.dsn, size=1)
    async with AsyncSession(engine) as session:
        await snapshot(session)
        session.info["asking"] = order.asking
        asked = sheet.register.ask({})
        pages = [page async for page in sheet.register.pages(session, asked)]
        told = [it for page in pages for it in sheet.told(await sheet.shown(session, page))]
    await engine.dispose()
    book = openpyxl.Workbook()
    book.active.append([*sheet.columns.values()])
    cells = reader(sheet, order.units, names=False)
    for it in told:
        book.active.append([it if it is None or isinstance(it, int | datetime) else written(it) for it in cells(it)])
    file = io.BytesIO()
    book.save(file)
    tell(send, Part(file.getvalue(), len(told), len(told)))
    weighed(send)


def weighed(send: Callable[[bytes], None]) -> None:
    """The last piece: the seconds that this process used, and the most memory that it ever had, in MiB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    tell(send, Part(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}".encode(), 0, 0))


if __name__ == "__main__":
    from tests.chaos.stage import up

    async def main() -> None:
        with TemporaryDirectory(prefix="careloop bench ", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)
            stage = Stage(Path(folder))
            await up(stage.postgres)
            print((await run(stage, 1)).table())
            stage.postgres.stop()

    asyncio.run(main())
