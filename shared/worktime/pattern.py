"""The pattern of working time as an operator writes it: hours, days of rest, public holidays, a team's roster."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator, model_validator

from shared.worktime.holidays import NOWHERE, is_known

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)  # in the order of date.weekday()
OFF = "off"
DAY = timedelta(days=1)


def a_time(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", text):
        raise ValueError('a time of the day, from "00:00" to "24:00", belongs here')
    return text


def minutes(text: str) -> int:
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


class Hours(BaseModel):
    """What the clocks on the wall show. Where it ends no later than it begins it runs over midnight; it belongs to the day on which it began."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    since: Annotated[str, AfterValidator(a_time)]
    until: Annotated[str, AfterValidator(a_time)]

    @field_validator("since")
    @classmethod
    def begins_before_midnight(cls, since: str) -> str:
        if since == "24:00":
            raise ValueError('what begins at midnight begins at "00:00"')
        return since

    @property
    def begins(self) -> timedelta:
        """After midnight of its day, on the wall."""
        return timedelta(minutes=minutes(self.since))

    @property
    def ends(self) -> timedelta:
        """After midnight of its day, on the wall; more than a day where it runs over midnight."""
        ends = timedelta(minutes=minutes(self.until))
        return ends if ends > self.begins else ends + DAY

    def __str__(self) -> str:
        return f"{self.since}-{self.until}"


def in_order(hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
    if not hours:
        raise ValueError("at least one window of hours belongs here")
    ordered = tuple(sorted(hours, key=lambda it: it.begins))
    for one, other in pairwise(ordered):
        if other.begins < one.ends:
            raise ValueError(f"{one} and {other} overlap")
    if ordered[-1].ends - DAY > ordered[0].begins:
        raise ValueError(f"{ordered[-1]} runs into {ordered[0]} of the next day")
    return ordered


Windows = Annotated[tuple[Hours, ...], AfterValidator(in_order)]


def follow(one: Sequence[Hours], other: Sequence[Hours]) -> bool:
    """Whether the hours of one day end before those of the next begin."""
    return one[-1].ends - DAY <= other[0].begins


class Roster(BaseModel):
    """Who works when, in turn: the cycle is repeated for ever from the day on which it begins, also backwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    begins: date
    cycle: tuple[str, ...]
    dates: Mapping[date, str] = {}

    @field_validator("cycle")
    @classmethod
    def has_work(cls, cycle: tuple[str, ...]) -> tuple[str, ...]:
        if all(name == OFF for name in cycle):
            raise ValueError("a roster has at least one shift")
        return cycle

    def on(self, day: date) -> str:
        return self.dates.get(day) or self.cycle[(day - self.begins).days % len(self.cycle)]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """What can follow what from one day to the next."""
        yield from zip(self.cycle, (*self.cycle[1:], self.cycle[0]), strict=True)
        for day in self.dates:
            yield self.on(day - DAY), self.on(day)
            yield self.on(day), self.on(day + DAY)


class CalendarPart(BaseModel):
    """A calendar as a trade profile or `calendars.toml` has it. With a roster neither the weekly pattern nor days of rest count; public holidays do."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    hours: Windows
    rest: tuple[Weekday, ...] = ("saturday", "sunday")
    holidays: str = "CN"
    days: Mapping[Weekday, Windows] = {}
    shifts: Mapping[str, Windows] = {}
    roster: Roster | None = None

    @field_validator("rest")
    @classmethod
    def leaves_work(cls, rest: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(rest)) == len(WEEKDAYS):
            raise ValueError("not every day of the week can be a day of rest")
        return rest

    @field_validator("holidays")
    @classmethod
    def is_a_country(cls, country: str) -> str:
        if country != NOWHERE and not is_known(country):
            raise ValueError('a country by its two letters, as in "CN", or "none" belongs here')
        return country

    @field_validator("shifts")
    @classmethod
    def is_no_shift(cls, shifts: Mapping[str, Windows]) -> Mapping[str, Windows]:
        if OFF in shifts:
            raise ValueError('"off" is a day without a shift')
        return shifts

    @model_validator(mode="after")
    def fits(self) -> Self:
        for weekday in self.days:
            if weekday in self.rest:
                raise ValueError(f"{weekday} is a day of rest and has hours of its own")
        if self.roster:
            self.turns_fit(self.roster)
        else:
            for one, other in product((self.hours, *self.days.values()), repeat=2):
                if not follow(one, other):
                    raise ValueError(f"{one[-1]} runs into {other[0]} of the next day")
        return self

    def turns_fit(self, roster: Roster) -> None:
        for name in (*roster.cycle, *roster.dates.values()):
            if name != OFF and name not in self.shifts:
                raise ValueError(f"there is no shift {name}")
        for name, next_name in roster.pairs():
            one, other = self.shift(name), self.shift(next_name)
            if one and other and not follow(one, other):
                raise ValueError(f"{one[-1]} of {name} runs into {other[0]} of {next_name} on the next day")

    def shift(self, name: str) -> tuple[Hours, ...]:
        """None on a day off."""
        return self.shifts.get(name, ())
