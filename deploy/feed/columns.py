"""Which column of a CSV of orders holds what: a TOML file for `--columns`, or else `OLIST` below, the map of the Olist files.

`[columns]` names a column for a field; `order_id`, `customer_id` and `placed_at` are required, all of `FIELDS` are possible. `[values]` says what
stands where there is no column or it is empty (`currency`, `carrier`). `[cancelled]` says which states mean a cancelled order, and the reason.
`zone` is where times without an offset were written, and where a day begins.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts.orders import CancellationReason
from shared.errors import Invalid

OLIST = """
zone = "UTC"

[columns]
order_id = "order_id"
customer_id = "customer_unique_id"
placed_at = "order_purchase_timestamp"
confirmed_at = "order_approved_at"
shipped_at = "order_delivered_carrier_date"
delivered_at = "order_delivered_customer_date"
promised_until = "order_estimated_delivery_date"
status = "order_status"
total = "_payment_value"
region = "customer_state"
city = "customer_city"

[values]
currency = "BRL"
carrier = "OTHER"

[cancelled]
canceled = "other"
unavailable = "inventory"
"""
REQUIRED = "order_id", "customer_id", "placed_at"
FIELDS = (
    *REQUIRED, "confirmed_at", "shipped_at", "delivered_at", "promised_until", "status", "total", "currency", "region", "city", "carrier",
    "tracking_number",
)  # fmt: skip


class BadRow(ValueError):
    """A row of which nothing can be told."""


class ColumnMap(BaseModel):
    """How the rows of a file are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zone: str = "UTC"
    columns: Mapping[str, str]
    values: Mapping[str, str] = {}
    cancelled: Mapping[str, CancellationReason] = {}

    @classmethod
    def read(cls, file: Path | None) -> "ColumnMap":
        if file is None:
            return cls.model_validate(tomllib.loads(OLIST))
        try:
            found = cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
            ZoneInfo(found.zone)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise Invalid(f"The column map {file} can't be used: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
        except (OSError, ValueError, LookupError) as error:
            raise Invalid(f"The column map {file} can't be used: {error}.") from error
        for field in found.columns.keys() - set(FIELDS):
            raise Invalid(f"The column map {file} can't be used: columns.{field} is none of {', '.join(FIELDS)}.")
        for field in set(REQUIRED) - found.columns.keys():
            raise Invalid(f"The column map {file} can't be used: columns.{field} is required.")
        return found

    @cached_property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def missing(self, header: list[str]) -> list[str]:
        """Columns that the file does not have."""
        return sorted(set(self.columns.values()) - set(header))

    def text(self, row: Mapping[str, str | None], field: str) -> str | None:
        """As it stands in the file; None where nothing stands."""
        column = self.columns.get(field)
        return (row.get(column) if column else None) or self.values.get(field) or None

    def needed(self, row: Mapping[str, str | None], field: str) -> str:
        found = self.text(row, field)
        if found is None:
            raise BadRow(f"{self.columns[field]} is empty")
        return found

    def moment(self, row: Mapping[str, str | None], field: str) -> datetime | None:
        found = self.text(row, field)
        if found is None:
            return None
        try:
            read = datetime.fromisoformat(found)
        except ValueError:
            read = datetime.min
        if not 1900 < read.year < 2200:
            raise BadRow(f"{self.columns[field]} is no time")
        return read if read.tzinfo else read.replace(tzinfo=self.clock)

    def day(self, row: Mapping[str, str | None], field: str) -> date | None:
        found = self.moment(row, field)
        return found.astimezone(self.clock).date() if found else None
