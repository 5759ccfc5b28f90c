"""The orders of a CSV file: what each row says, and what is wrong with those that say nothing."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO

from pydantic import ValidationError

from deploy.feed.columns import BadRow, ColumnMap
from shared.contracts import CustomerReference, Money
from shared.contracts.orders import CancellationReason, Place
from shared.contracts.problems import problems_of
from shared.contracts.values import A_DECIMAL
from shared.errors import NotFound

SYSTEM = "shop"


@dataclass(frozen=True, slots=True)
class Order:
    """What a row says."""

    order_id: str
    customer: CustomerReference
    placed_at: datetime
    confirmed_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    promised: date | None
    overdue_at: datetime | None  # the end of the promised day, where the goods were not there
    cancelled: CancellationReason | None
    total: Money | None
    place: Place | None
    carrier: str
    tracking_number: str | None
    day: date  # of the shipment, otherwise of the order: from here dates keep their distance

    @property
    def shipment_id(self) -> str:
        return f"{self.order_id}-1"

    @property
    def cancelled_at(self) -> datetime:
        """At the last moment the file knows of."""
        return max(at for at in (self.placed_at, self.confirmed_at, self.shipped_at, self.delivered_at) if at)


def order_of(row: Mapping[str, str | None], columns: ColumnMap, *, now: datetime) -> Order:
    shipped_at, delivered_at = columns.moment(row, "shipped_at"), columns.moment(row, "delivered_at")
    placed_at, promised = columns.moment(row, "placed_at"), columns.day(row, "promised_until")
    if placed_at is None:
        raise BadRow(f"{columns.columns['placed_at']} is empty")
    overdue_at = None
    if promised and shipped_at:
        end = datetime.combine(promised + timedelta(days=1), time(), columns.clock)
        if end <= (delivered_at or now):
            overdue_at = max(end, shipped_at)
    region, city, total = columns.text(row, "region"), columns.text(row, "city"), columns.text(row, "total")
    if total and not re.fullmatch(A_DECIMAL, total):
        raise BadRow(f"{columns.columns['total']} is no amount")
    return Order(
        order_id=columns.needed(row, "order_id"),
        customer=CustomerReference(system=SYSTEM, id=columns.needed(row, "customer_id")),
        placed_at=placed_at,
        confirmed_at=columns.moment(row, "confirmed_at"),
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        promised=promised,
        overdue_at=overdue_at,
        cancelled=columns.cancelled.get(columns.text(row, "status") or ""),
        total=Money(amount=Decimal(total), currency=columns.text(row, "currency") or "XXX") if total else None,
        place=Place(region=region, city=city) if region or city else None,
        carrier=columns.text(row, "carrier") or "OTHER",
        tracking_number=columns.text(row, "tracking_number"),
        day=(shipped_at or placed_at).astimezone(columns.clock).date(),
    )


def orders_in(
    file: str, columns: ColumnMap, *, now: datetime, check: Callable[[Order], object], complain: Callable[[str], None]
) -> Iterator[Order]:  # fmt: skip
    """The orders of a file, plain or gzip. What is wrong with a row is said with its line, and the next row is read."""
    with opened(file) as stream:
        reader = csv.DictReader(stream, strict=True)
        try:
            if missing := columns.missing(list(reader.fieldnames or ())):
                raise NotFound(f"The file {file} has no column {', '.join(missing)}; `--columns` names a map for other files.")
            while True:
                try:
                    row = next(reader, None)
                    if row is None:
                        return
                    order = order_of(row, columns, now=now)
                    check(order)
                    yield order
                except (BadRow, csv.Error) as error:
                    complain(f"{file}:{reader.line_num}: {error}.")
                except ValidationError as error:
                    problem = problems_of(error)[0]
                    complain(f"{file}:{reader.line_num}: {problem.pointer[1:]}: {problem.message}")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise NotFound(
                f"The file {file} ends too early or is damaged: what came before line {reader.line_num + 1} was read."
            ) from error
        except UnicodeDecodeError as error:
            raise NotFound(f"The file {file} is not UTF-8 near line {reader.line_num + 1}.") from error


def opened(file: str) -> IO[str]:
    try:
        raw = open(file, "rb")  # noqa: SIM115
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
    except OSError as error:
        raise NotFound(f"The file {file} can't be read: {error.strerror or type(error).__name__}.") from error
    return io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if packed else raw, encoding="utf-8-sig", newline="")
