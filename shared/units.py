"""The units of the company, from `units.toml`: parent, trade profile, time zone, currency.

default = "headquarters"

[units.headquarters]
zone = "Asia/Shanghai"
currency = "CNY"
profile = "standard"
"""

import tomllib
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of the IANA database; None where there is none of this name. `America` is a folder there."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def end_of_day(moment: datetime | date, zone: ZoneInfo) -> datetime:
    """A date ends at 24:00 in the zone; a moment is itself."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment + timedelta(days=1), time(), zone)


class Unit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    profile: str = "standard"
    parent: str | None = None
    calendar: str | None = None

    @field_validator("zone")
    @classmethod
    def is_a_zone(cls, zone: str) -> str:
        if zone_named(zone) is None:
            raise ValueError(f"{zone} is no time zone of the IANA database")
        return zone

    @cached_property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def end_of(self, moment: datetime | date) -> datetime:
        """A date ends at 24:00 in the unit's zone; a moment is itself."""
        return end_of_day(moment, self.clock)


class Units(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    default: str
    units: dict[str, Unit]

    @model_validator(mode="after")
    def are_consistent(self) -> "Units":
        for name in (self.default, *(unit.parent for unit in self.units.values() if unit.parent)):
            if name not in self.units:
                raise ValueError(f"there is no unit {name}")
        return self

    @classmethod
    def read(cls, file: Path) -> "Units":
        try:
            return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise SystemExit(
                f"{file} can't be used: {first_line(error)}. It names the units of the company; mend it and start again."
            ) from error

    def name_of(self, *candidates: str | None) -> str:
        """The first that is a unit of ours, otherwise the default unit."""
        return next((name for name in candidates if name in self.units), self.default)

    def below(self, names: Collection[str]) -> frozenset[str]:
        """These units of ours, and all that are below them."""
        found: set[str] = set()
        new = {name for name in names if name in self.units}
        while new:
            found |= new
            new = {name for name, unit in self.units.items() if unit.parent in new} - found
        return frozenset(found)

    def __getitem__(self, name: str) -> Unit:
        return self.units.get(name) or self.units[self.default]


def first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
