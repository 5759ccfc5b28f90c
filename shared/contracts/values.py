"""The values of the wire. Each knows how it is written and, in one sentence without the value, what to mend when it is not.

They are checked where Pydantic is fast (no Python function runs for a good value), and nothing passes that a database cannot keep:
no U+0000, no year a clock cannot add to, no number wider than its column.
"""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core import core_schema as build

DAY = r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}"
CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
A_DAY = f"^{DAY}$"
A_TIME = f"^{DAY}[Tt]{CLOCK}$"
NO_TIME = "It must be a time with an offset, as RFC 3339 writes it, of the years 1900 to 2199: 2026-01-05T10:00:00+08:00."
A_DECIMAL = r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a publisher is told whose value is refused, whatever is wrong with it."""

    sentence: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return build.custom_error_schema(handler(source), custom_error_type="refused", custom_error_message=self.sentence)


@dataclass(frozen=True, slots=True)
class Written:
    """A value that JSON only has as a string: the pattern comes first, because Pydantic alone takes "20260105" for a moment in 1970."""

    pattern: str
    format: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        value = handler(source)
        text = build.str_schema(pattern=self.pattern, strict=True)
        return build.json_or_python_schema(json_schema=build.chain_schema([text, lenient(value)]), python_schema=value)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": self.format, "pattern": self.pattern}


def lenient(schema: CoreSchema) -> CoreSchema:
    """The value itself is read from a string that already has the right form."""
    return {**schema, "strict": False}


def harmless(value: JsonValue) -> JsonValue:
    """Any JSON that can be kept and sent on as it came."""
    match value:
        case str() if "\0" in value:
            raise ValueError("It contains the character U+0000.")
        case float() if not math.isfinite(value):
            raise ValueError("It contains a number that is not finite.")
        case int() if abs(value) >= 2**63:
            raise ValueError("It contains a number of more than 64 bits.")
        case list():
            for each in value:
                harmless(each)
        case dict():
            for name, each in value.items():
                harmless(name)
                harmless(each)
    return value


def limits(shortest: int, longest: int) -> StringConstraints:
    """A string of so many characters, none of them U+0000."""
    return StringConstraints(min_length=shortest, max_length=longest, pattern=r"^[^\x00]*$")


Moment = Annotated[AwareDatetime, Written(A_TIME, "date-time")]
Date = Annotated[date, Written(A_DAY, "date")]

Ts = Annotated[Moment, Saying(NO_TIME)]
Day = Annotated[Date, Saying("It must be a date of the years 1900 to 2199: 2026-01-05.")]
When = Annotated[
    Moment | Date, Saying("It must be a date (2026-01-05) or a time with an offset (2026-01-05T10:00:00+08:00), of the years 1900 to 2199.")
]

Id = Annotated[str, limits(1, 64), Saying("It must be a string of 1 to 64 characters, none of them U+0000.")]
Text = Annotated[str, limits(0, 500), Saying("It must be a string of at most 500 characters, none of them U+0000.")]
Name = Annotated[str, limits(1, 500), Saying("It must be a string of 1 to 500 characters, none of them U+0000.")]
Url = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x1f]+$"),
    Saying("It must be an address that begins with https:// or http://, of at most 2000 characters."),
]
Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$"),
    Saying("It must be a slug of at most 32 characters: lower-case letters, digits, hyphen, underscore."),
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{1,14}$"), Saying("It must be a number as E.164 writes it: +862155550100.")]
Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^\s@<>,;:\x00-\x1f\"]+@[^\s@<>,;:\x00-\x1f\"]+$"),
    Saying("It must be an e-mail address: name@example.com."),
]
Language = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$"), Saying("It must be a language tag: zh-CN, en.")
]
Zone = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"),
    Saying("It must be a time zone of the IANA database: Asia/Shanghai."),
]
Amount = Annotated[
    Decimal, Written(A_DECIMAL, "decimal"), Saying('It must be a decimal number in a string, with at most 4 places: "1234.5000".')
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Saying("It must be a currency code of ISO 4217: CNY.")]
UnitCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}$"), Saying("It must be a unit code of UN/ECE Recommendation 20: TNE.")]

Count = Annotated[int, Field(ge=0, lt=2**31), Saying("It must be a whole number, not negative.")]
Version = Annotated[int, Field(ge=0, lt=2**53), Saying("It must be a whole number, not negative, below 2 to the power of 53.")]
Percent = Annotated[float, Field(ge=0, le=100), Saying("It must be a number from 0 to 100.")]
Share = Annotated[float, Field(ge=0, le=1000), Saying("It must be a number from 0 to 1000.")]
Seconds = Annotated[float, Field(ge=0, lt=2**31), Saying("It must be a number, not negative.")]
OneToFive = Annotated[int, Field(ge=1, le=5), Saying("It must be a whole number from 1 to 5.")]
Anything = Annotated[JsonValue, AfterValidator(harmless)]
