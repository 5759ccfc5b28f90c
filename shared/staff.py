"""Who works here: the few columns that a service copies of what the directory says on `careloop.inbound.staff`.

A declaration says all, a withdrawal (a null value) only that somebody left. The later record holds, and what a withdrawal does not say stays as it
was declared last, whichever of the two came first: so a row knows its last word (`record_offset`) and from which declaration its facts are.

A declaration that names a unit or a role that there is not is parked by every service, and told by the topic's owner alone: what is wrong may be
our own `units.toml`, and a record that only its owner had kept could not be tried again by the others.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, ClassVar, TypeVar

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.contracts.declarations import StaffDeclared
from shared.errors import Unacceptable
from shared.known import Copy, Place
from shared.outcome import Outcome
from shared.permissions import ROLES
from shared.units import Units

Kind = TypeVar("Kind", bound="Colleague")
WATCHED = "unit", "roles", "absences", "active"  # what is given to somebody hangs on these
POINTS = "email", "phone"
A_DAY = timedelta(days=1)


class NoSuchUnit(Unacceptable):
    """The company has no such unit: ask the operators which there are."""


class NoSuchRole(Unacceptable):
    __doc__ = f"There is no such role: it must be one of {', '.join(sorted(ROLES))}."


class Colleague(Copy):
    """Somebody who works here, or did. Each service has its own table."""

    __tablename__ = "colleague"
    beside: ClassVar[tuple[str, ...]] = ()  # what this service copies of a declaration beside the columns below

    id: str = Field(primary_key=True)  # as the directory has it, and as `sub` of their tokens
    unit: str = Field(index=True)
    posts: list[str] = Field(default_factory=list, sa_type=JSONB)
    roles: list[str] = Field(default_factory=list, sa_type=JSONB)
    skills: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)  # code, level
    weight: float = 1.0  # how much of a full share of the work they take
    absences: list[dict[str, str | None]] = Field(default_factory=list, sa_type=JSONB)  # from, until: days, both counted
    active: bool = False
    news: bool = False  # what hangs on them is not in line yet
    facts_offset: int = Field(default=-1, sa_type=BigInteger)

    def is_there(self, day: date) -> bool:
        """Works here and is not away on this day, which is one of their unit's zone."""
        return self.active and self.away_until(day) is None

    def away_until(self, day: date) -> date | None:
        """The last day of the absence that this day lies in, with those that follow on it; `date.max`: nobody knows. None: not away."""
        until = None
        for first, last in sorted(self.days_away()):
            if first <= day <= last:
                until, day = last, min(last, date.max - A_DAY) + A_DAY
        return until

    def days_away(self) -> Iterator[tuple[date, date]]:
        for it in self.absences:
            begins, ends = it.get("from"), it.get("until")
            yield date.fromisoformat(begins) if begins else date.min, date.fromisoformat(ends) if ends else date.max

    # -- what the directory says

    def hear(self, told: StaffDeclared, place: Place) -> None:
        """What is told holds from now on; of somebody who has left since, only what nobody told later."""
        if not self.is_known(place):
            self.partition, self.record_offset = place
            self.become(told, active=told.active, place=place)
        elif place[1] > self.facts_offset:
            self.become(told, active=False, place=place)

    def leave(self, place: Place) -> None:
        """The directory no longer has them."""
        if not self.is_known(place):
            self.partition, self.record_offset = place
            self.put(active=False, **self.without_what_nobody_needs())

    def become(self, told: StaffDeclared, *, active: bool, place: Place) -> None:
        facts = facts_of(told) | {name: getattr(told, name) for name in self.beside}
        self.put(**facts | {"active": active} | ({} if active else self.without_what_nobody_needs()))
        self.facts_offset = place[1]

    def without_what_nobody_needs(self) -> dict[str, Any]:
        """Of somebody who left only what old records are read by: name, unit, posts, roles."""
        return {"skills": [], "absences": [], **{name: None for name in POINTS if name in self.beside}}

    def put(self, **values: Any) -> list[str]:
        """Sets what differs, and says what did. Nothing hangs yet on somebody of whom nothing was told before."""
        differing = [name for name, value in values.items() if getattr(self, name) != value]
        for name in differing:
            setattr(self, name, values[name])
        self.news = self.news or (self.facts_offset >= 0 and not set(WATCHED).isdisjoint(differing))
        return differing


def indexes() -> tuple[Any, ...]:
    """For the `__table_args__` of each service's own."""
    return (Index("colleague_news", "id", postgresql_where=text("news")),)


def facts_of(told: StaffDeclared) -> dict[str, Any]:
    """As the columns have them. An absence without any day says nothing."""
    return {
        "unit": told.unit,
        "posts": told.posts,
        "roles": told.roles or [],
        "skills": [it.model_dump() for it in told.skills or ()],
        "weight": 1.0 if told.capacity_weight is None else told.capacity_weight,
        "absences": [it.model_dump(mode="json", by_alias=True) for it in told.absences or () if it.from_ or it.until],
    }


def hear(kind: type[Kind], known: Kind | None, told: StaffDeclared, place: Place, *, units: Units) -> Outcome:
    """Keep what the directory says of somebody."""
    check(told, units)
    colleague = known or kind(id=told.staff_id, unit=told.unit)
    colleague.hear(told, place)
    return [colleague]


def let_go(kind: type[Kind], known: Kind | None, id: str, place: Place, *, units: Units) -> Outcome:
    """They left. Somebody of whom nothing was told is remembered too: what was said of them before may come later."""
    colleague = known or kind(id=id, unit=units.default)
    colleague.leave(place)
    return [colleague]


def check(told: StaffDeclared, units: Units) -> None:
    """Where they work and what they are must exist, or work would wait for nobody and nobody would learn of it. Of whoever left neither matters any
    more: their unit may be closed by now."""
    if not told.active:
        return
    if told.unit not in units.units:
        raise NoSuchUnit(field="/unit")
    for number, role in enumerate(told.roles or ()):
        if role not in ROLES:
            raise NoSuchRole(field=f"/roles/{number}")
