"""A span of time as the business writes it: a whole number and a measure, as in "3 wd"."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class Measure(StrEnum):
    MINUTES = "min"
    HOURS = "h"
    DAYS = "cd"  # calendar days
    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"

    @property
    def of_work(self) -> bool:
        """Whether only working time counts."""
        return self in (Measure.WORKING_HOURS, Measure.WORKING_DAYS)


PATTERN = rf"([0-9]+) ({'|'.join(Measure)})"
WRITTEN = 'a span is a whole number and one of min, h, cd (calendar days), wh (working hours), wd (working days), as in "3 wd"'
LONGEST = timedelta(days=36525)  # a slip of the hand is no deadline, and no date ends after the year 9999
LENGTHS = {
    Measure.MINUTES: timedelta(minutes=1), Measure.HOURS: timedelta(hours=1), Measure.WORKING_HOURS: timedelta(hours=1),
    Measure.DAYS: timedelta(days=1), Measure.WORKING_DAYS: timedelta(days=1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    amount: int
    measure: Measure

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(WRITTEN)
        if self.amount > LONGEST // LENGTHS[self.measure]:
            raise ValueError("a span is not longer than a hundred years")

    @classmethod
    def parse(cls, text: str) -> "Span":
        if not (found := re.fullmatch(PATTERN, text)):
            raise ValueError(WRITTEN)
        return cls(int(found[1]), Measure(found[2]))

    def __str__(self) -> str:
        return f"{self.amount} {self.measure}"

    @property
    def exact(self) -> timedelta:
        """The length of hours and minutes, on any clock or of working time. Days have none of their own."""
        if self.measure in (Measure.DAYS, Measure.WORKING_DAYS):
            raise ValueError("days are counted, not measured")
        return self.amount * LENGTHS[self.measure]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.no_info_plain_validator_function(read, serialization=core_schema.to_string_ser_schema())
        return core_schema.json_or_python_schema(text, text, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{PATTERN}$", "examples": ["3 wd", "24 h"]}


def read(value: Any) -> Span:
    """A span as it is, or from its text."""
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        raise ValueError(WRITTEN)  # noqa: TRY004  a TypeError would pass Pydantic by
    return Span.parse(value)
