"""A register written as a file, by a process of its own: one snapshot of the database, some rows at a time, and never more than those in memory."""

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.apart import apart
from shared.database import open_engine
from shared.faults import beneath_of
from shared.outage import is_away
from shared.problems import HttpProblem, Unavailable
from shared.registers.asking import Format, Wanted
from shared.registers.cells import reader
from shared.registers.csv_file import Lines
from shared.registers.folder import folder
from shared.registers.sheet import Asking, Sheet
from shared.registers.xlsx_file import Workbook
from shared.scope import narrow
from shared.stored import PIECE
from shared.units import Units

MOST_ROWS = 200_000  # of a register that is asked for at once
LONGEST = 3600  # seconds for which the snapshot may wait until somebody reads on


class RegisterTooLong(HttpProblem):
    """The register has too many rows to be fetched at once."""

    status = 422


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written, of what is whose, for whom. It can be sent to another process."""

    service: str
    sheet: str
    wanted: Wanted
    filters: Mapping[str, Sequence[str]]  # as they stand in the address
    scope: Collection[str] | None  # the units whose rows are shown; None: of all (shared/scope.py)
    asking: Asking
    units: Units
    dsn: str = field(repr=False)
    most: int | None = MOST_ROWS  # more rows are refused; None: there is no bound


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the file, never longer than a stored piece may be; an empty one only tells how far it is."""

    content: bytes
    rows: int  # written so far
    of: int  # in all


@asynccontextmanager
async def produced(order: Order) -> AsyncGenerator[AsyncIterator[Piece]]:
    """The file, piece by piece. Leaving the block ends the process, and removes what it wrote.

    An XLSX is not begun to be given before it is complete: until then it lies in a folder of the system's own (`TMPDIR`), which goes with the block."""
    with folder() as path:
        async with apart(write, order, path) as messages:
            yield (read(it) async for it in messages)


async def produce(order: Order) -> AsyncGenerator[Piece]:
    """The same as a generator; close it (`contextlib.aclosing`) if you do not read it to its end."""
    async with produced(order) as pieces:
        async for piece in pieces:
            yield piece


def read(message: bytes) -> Piece:
    return Piece(message[16:], int.from_bytes(message[:8], "big"), int.from_bytes(message[8:16], "big"))


async def write(send: Callable[[bytes], None], order: Order, folder: str) -> None:
    """In the other process. It removes what it wrote: whoever it wrote for may have been killed."""
    engine = open_engine(order.dsn, size=1, name=f"{order.service}-table")
    try:
        async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
            await snapshot(session)
            narrow(session, order.scope)
            session.info["asking"], session.info["company"] = order.asking, order.units
            await write_all(send, session, order, Path(folder))
    except BrokenPipeError:
        raise  # nobody listens any more
    except (SQLAlchemyError, OSError) as error:
        if is_away(beneath_of(error)):
            raise Unavailable from None
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        await engine.dispose()


async def snapshot(session: AsyncSession) -> None:
    """What was true when it was asked for, however long it takes to write."""
    told: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    connection = await session.connection(execution_options=told)
    await connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{LONGEST}s'")


async def write_all(send: Callable[[bytes], None], session: AsyncSession, order: Order, folder: Path) -> None:
    sheet = sheet_of(order.service, order.sheet)
    asked = sheet.register.ask(order.filters)
    if omitted := sheet.omits(asked):
        sheet = replace(sheet, columns={name: it for name, it in sheet.columns.items() if name not in omitted})
    only = await sheet.only(session, asked)
    bound = 2**31 if order.most is None else order.most
    of = await sheet.register.how_many(session, asked, *only, most=bound)
    if of > bound:
        raise RegisterTooLong(
            f"It has more than {bound} rows.", fix="Narrow it by its filters, or let it be written in the background: `POST /v1/exports`."
        )
    table = table_of(sheet, order, folder)
    rows = 0
    tell(send, Piece(table.begun, 0, of))
    async for page in sheet.register.pages(session, asked, *only):
        cells = [table.read(it) for it in sheet.told(await sheet.shown(session, page))]
        rows += len(page)
        tell(send, Piece(table.add(cells), rows, of))
    for content in table.ended():
        tell(send, Piece(content, rows, of))


def tell(send: Callable[[bytes], None], piece: Piece) -> None:
    """Cut to what one message may hold."""
    for at in range(0, len(piece.content) or 1, PIECE):
        send(piece.rows.to_bytes(8, "big") + piece.of.to_bytes(8, "big") + piece.content[at : at + PIECE])


def sheet_of(service: str, name: str) -> Sheet:
    """By its name; a process of its own knows no more than that."""
    sheets: Sequence[Sheet] = import_module(f"services.{service}.app").service.sheets()
    return next(it for it in sheets if it.name == name)


@dataclass(frozen=True, slots=True)
class Table:
    """How a file of some format is begun, goes on and ends; each gives what of it can be given already."""

    begun: bytes
    read: Callable[[Any], Any]
    add: Callable[[Any], bytes]
    ended: Callable[[], Iterator[bytes]]


def table_of(sheet: Sheet, order: Order, folder: Path) -> Table:
    names = order.wanted.headings == "names"
    cells = reader(sheet, order.units, names=names)
    headings = [*(sheet.columns if names else sheet.columns.values())]
    if order.wanted.format is Format.CSV:
        lines = Lines(order.wanted.encoding)
        return Table(lines.begin(headings), cells, lines.of, lambda: iter(()))
    file = folder / "table.xlsx"
    book = Workbook(file, sheet.title, headings, order.asking.at)

    def add(rows: Any) -> bytes:
        book.add(rows)
        return b""

    def ended() -> Iterator[bytes]:
        book.close()
        with file.open("rb") as told:
            while piece := told.read(PIECE):
                yield piece

    return Table(b"", cells, add, ended)
