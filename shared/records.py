"""Reads what the broker answers so that no record stands in the way of others.

aiokafka decodes the names of headers strictly, deep inside its fetcher: one name that is not UTF-8 raises out of the poll, takes along what other
partitions had given, and comes again for ever. Here such a name is read with its odd bytes written out.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy, _DefaultRecordPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

OVERHEAD = 12  # bytes before what a batch's length counts: its offset and its length


class Records:
    """One partition's answer: batches, one behind the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.batches = MemoryRecords(data)
        self.has_next, self.size_in_bytes = self.batches.has_next, self.batches.size_in_bytes

    def next_batch(self) -> "Batch":
        start = self.at
        self.at += OVERHEAD + int.from_bytes(self.data[start + 8 : start + OVERHEAD], "big")
        return Batch(self.batches.next_batch(), memoryview(self.data)[start : self.at])


class Batch:
    """aiokafka's own batch, and its bytes for when it gives up."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self.batch, self.raw = batch, raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batch, name)

    def __next__(self) -> Any:
        return next(self.batch)

    def __iter__(self) -> Iterator[Any]:
        last = -1
        try:
            for record in self.batch:
                last = record.offset
                yield record
        except (UnicodeDecodeError, CorruptRecordException):
            yield from (record for record in Patient(self.raw) if record.offset > last)


class Patient(_DefaultRecordBatchPy):  # type: ignore[misc]
    """The same records, whatever their headers are called."""

    def __init__(self, raw: memoryview) -> None:
        super().__init__(raw)
        self._pos: int

    def _read_msg(self, decode_varint: Any = decode_varint) -> _DefaultRecordPy:
        buffer = self._buffer
        length, start = decode_varint(buffer, self._pos)
        _, at = decode_varint(buffer, start)  # attributes, of which there are none
        later, at = decode_varint(buffer, at)
        further, at = decode_varint(buffer, at)
        key, at = text(buffer, at)
        value, at = text(buffer, at)
        count, at = decode_varint(buffer, at)
        headers = []
        for _ in range(count):
            name, at = text(buffer, at)
            content, at = text(buffer, at)
            headers.append(((name or b"").decode(errors="backslashreplace"), content))
        if at - start != length:
            raise CorruptRecordException(f"a record has {at - start} bytes instead of {length}")
        self._pos = at
        time = self.max_timestamp if self.timestamp_type == self.LOG_APPEND_TIME else self.first_timestamp + later
        return _DefaultRecordPy(self.base_offset + further, time, self.timestamp_type, key, value, headers)


def text(buffer: bytearray, at: int) -> tuple[bytes | None, int]:
    size, at = decode_varint(buffer, at)
    return (None, at) if size < 0 else (bytes(buffer[at : at + size]), at + size)


def install() -> None:
    """For all consumers of this process."""
    fetcher.MemoryRecords = Records
