"""Who may have it: whoever is given a task or a call works here, today, for its unit, and may do it."""

from collections.abc import Callable, Collection
from datetime import date, datetime

from shared.errors import Conflict, Invalid, Refused
from shared.permissions import may
from shared.staff import Colleague
from shared.units import Units

FIELD = "/staff_id"


class UnknownColleague(Invalid):
    """The staff directory does not know them."""

    fix = "Take an id of GET /v1/staff. Who is missing there is declared on careloop.inbound.staff first."


class LacksTheRole(Invalid):
    """They do not have the role that this needs."""

    fix = "Choose somebody who has it."


class OfAnotherUnit(Invalid):
    """They work for another unit."""

    fix = "Choose somebody of its unit, or of one above it."


class HasLeft(Conflict):
    """They have left."""

    fix = "Choose somebody who is here."


class IsAway(Conflict):
    """They are away."""

    fix = "Choose somebody who is here."


class NobodyHasIt(Conflict):
    """Nobody has it, so nobody can give it back."""


class NotYoursToGive(Refused):
    """It is not yours to give or to take away."""

    fix = "Take what nobody has yet for yourself, give back what you have, or ask a supervisor or leader."


def must_fit(
    person: Colleague | None, *, unit: str, needs: str, able: bool, himself: bool, sees: Callable[[str], bool], units: Units, at: datetime
) -> None:
    """They are here today, and it is for them. `able`: their roles allow it. `himself`: they take it, and whoever works for several units, as their token
    says, takes what they see. `sees`: the units of whoever gives it; people of others are not there."""
    if person is None or not (himself or sees(person.unit)):
        raise UnknownColleague(field=FIELD)
    if not person.active:
        raise HasLeft("They have left.", field=FIELD)
    if not able:
        raise LacksTheRole(f"This is for {needs}.", field=FIELD)
    if not himself and not works_for(person, unit, units):
        raise OfAnotherUnit(f"It is a matter of {unit}.", field=FIELD)
    if (until := person.away_until(today(person, units, at))) is not None:
        raise IsAway("They are away." if until == date.max else f"They are away until {until}.", field=FIELD)


def must_be_allowed(to: str, held_by: str | None, *, by: str, roles: Collection[str], permission: str) -> None:
    """Whoever assigns work may give anything to anybody; everybody may take for themselves what nobody has."""
    if not may(frozenset(roles), permission) and (to != by or held_by not in (None, by)):
        raise NotYoursToGive(field=FIELD)


def must_hold(held_by: str | None, *, by: str, roles: Collection[str], permission: str, allowed: tuple[str, ...]) -> None:
    """It is given back by whoever has it, or by whoever assigns work."""
    if held_by is None:
        raise NobodyHasIt(allowed=allowed)
    if held_by != by and not may(frozenset(roles), permission):
        raise NotYoursToGive


def goes_back(person: Colleague | None, *, unit: str, able: bool, due_at: datetime | None, units: Units, at: datetime) -> bool:
    """They can't do it any more; or they are away, and it is due before they are back, or nobody knows when that is."""
    if person is None or not person.active or not able or not works_for(person, unit, units):
        return True
    until = person.away_until(today(person, units, at))
    if until is None or until == date.max:
        return until is not None
    return due_at is not None and due_at.astimezone(units[person.unit].clock).date() <= until


def able(person: Colleague | None, permission: str) -> bool:
    """Their roles, as the directory has them, allow it."""
    return person is not None and may(frozenset(person.roles), permission)


def works_for(person: Colleague, unit: str, units: Units) -> bool:
    """A unit includes those below it. A unit of ours that is not known any more is as good as the default one."""
    return unit == person.unit or units.name_of(unit) in units.below([person.unit])


def today(person: Colleague, units: Units, at: datetime) -> date:
    """The day that it is where they work."""
    return at.astimezone(units[person.unit].clock).date()
