"""Writes the file of an export, piece by piece: a worker at a time, one export at a time, in constant memory and in many small transactions.

After a crash it begins anew: a file is what the register was at one moment, and that moment is gone.
"""

from contextlib import aclosing
from time import monotonic
from typing import Any

from asyncpg import Connection, Record

from shared import leased
from shared.apart import at_hand
from shared.exports.export import IS_OPEN, MOST_ROWS, Because, State
from shared.exports.forgetting import BLANK, UNSAID
from shared.leased import Lease
from shared.registers.asking import Encoding, Format, Headings, Wanted
from shared.registers.sheet import Asking
from shared.registers.writing import Order, RegisterTooLong, produce
from shared.service import Job, Means
from shared.stored import PIECE

TOLD = 2.0  # seconds between two words of how far it is, while no piece is full
AT_ONCE = 200  # pieces of the try before, 100 MiB, that are taken away in one transaction

IS_LEFT = "SELECT EXISTS (SELECT FROM stored_piece WHERE file_id = $1)"
BEGIN = """
UPDATE export SET state = 'running', rows = 0, bytes = 0, pieces = 0, kept = true, began_at = clock_timestamp() WHERE id = $1
RETURNING sheet, format, filters, encoding, headings, units, asked_by, asks_as, path, asked_at"""
KEEP = "INSERT INTO stored_piece (file_id, number, content) VALUES ($1, $2, $3)"
SO_FAR = "UPDATE export SET rows = $2, rows_in_all = $3, bytes = $4, pieces = $5 WHERE id = $1"
END = f"""
UPDATE export SET state = $2, because = $3, ended_at = now(), filters = CASE WHEN because = 'erasure' THEN {UNSAID} ELSE filters END WHERE id = $1"""


class File:
    """What is written so far. Every write is fenced: whoever has lost the export adds nothing to the file of whoever has it now."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.waiting = bytearray()
        self.rows = self.of = self.bytes = self.pieces = 0
        self.told = float("-inf")

    async def add(self, content: bytes) -> None:
        self.waiting += content
        while len(self.waiting) >= PIECE:
            await self.put(PIECE)
        if monotonic() - self.told > TOLD:
            async with self.lease.transaction() as connection:
                await self.say(connection)

    async def put(self, size: int) -> None:
        async with self.lease.transaction() as connection:
            await connection.execute(KEEP, self.lease.id, self.pieces, bytes(self.waiting[:size]))
            self.bytes, self.pieces = self.bytes + size, self.pieces + 1
            await self.say(connection)
        del self.waiting[:size]

    async def say(self, connection: Connection) -> None:
        await connection.execute(SO_FAR, self.lease.id, self.rows, self.of, self.bytes, self.pieces)
        self.told = monotonic()

    async def end(self) -> None:
        if self.waiting:
            await self.put(len(self.waiting))
        async with self.lease.transaction() as connection:
            await self.say(connection)
            await connection.execute(END, self.lease.id, State.DONE.value, None)


def job(service: str) -> Job:
    """One export at a time in each worker, those asked for first first."""
    at_hand(f"services.{service}.app")

    async def write(means: Means, lease: Lease) -> None:
        told, file = await begin(lease), File(lease)
        try:
            async with aclosing(produce(order(service, means, told))) as pieces:
                async for piece in pieces:
                    file.rows, file.of = piece.rows, piece.of
                    await file.add(piece.content)
        except RegisterTooLong:
            await fail(lease, Because.TOO_LONG)
        else:
            await file.end()

    return leased.job("exports", "export", IS_OPEN, write, give_up, first="asked_at, id")


async def begin(lease: Lease) -> Record:
    """What a try before left goes first."""
    left = True
    while left:
        async with lease.transaction() as connection:
            await connection.execute(BLANK, lease.id, AT_ONCE)
            left = await connection.fetchval(IS_LEFT, lease.id)
            told = await connection.fetchrow(BEGIN, lease.id)
    return told


def order(service: str, means: Means, told: Any) -> Order:
    return Order(
        service=service,
        sheet=told["sheet"],
        wanted=Wanted(Format(told["format"]), Encoding(told["encoding"]), Headings(told["headings"])),
        filters=told["filters"],
        scope=None if told["units"] is None else frozenset(told["units"]),
        asking=Asking(told["asked_at"], told["asked_by"], frozenset(told["asks_as"]), told["path"]),
        units=means.units,
        dsn=means.engine.url.render_as_string(hide_password=False),
        most=MOST_ROWS[told["format"]],
    )


async def give_up(means: Means, lease: Lease, reason: str) -> None:
    await fail(lease, Because.FAILED)


async def fail(lease: Lease, because: Because) -> None:
    async with lease.transaction() as connection:
        await connection.execute(END, lease.id, State.FAILED.value, because.value)
