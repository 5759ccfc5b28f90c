"""To whom something is told: a person, or whoever has a role in the unit today. Where nobody is there those above them are told, and where those are
away too, whoever is back first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.followup.domain.colleague import Colleague
from services.followup.domain.policy import Trade
from services.followup.domain.staff_notice import StaffNotice
from shared.todo.assigning import works_for
from shared.todo.task import may_do
from shared.units import Units

A_DAY = timedelta(days=1)
ANYWHERE = "*"  # in the name of a chat: whichever unit has none of its own


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told."""

    unit: str  # where they are, whose hours count
    people: Sequence[Colleague]
    roles: Sequence[str]  # whose chats are theirs
    reason: str | None = None  # why others than were asked for


@dataclass(frozen=True, slots=True)
class Later:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Nobody:
    reason: str


def audience(
    notice: StaffNotice, staff: Mapping[str, Colleague], chats: Mapping[str, int], *, trade: Trade, at: datetime
) -> Audience | Later | Nobody:
    """`chats` are the names of those that are configured, with how many bytes each takes. The role stands in for a person who can't be told."""
    role, reason, absent = notice.to_role, None, list[Colleague]()
    if notice.to_staff:
        person = staff.get(notice.to_staff)
        if person is None or not person.active:
            reason = "not here any more"
        elif not is_theirs(notice, person, trade.units):
            reason = "not theirs any more"
        else:
            day = today(person.unit, trade, at)
            away = person.away_until(day)
            if away is None:
                return Audience(person.unit, [person], person.roles)
            if not notice.urgent and (until := back_at(person, trade, at)):
                return Later(until, "absent")
            role, reason, absent = role or next(iter(person.roles), None), "absent", [person]
    if role is None:
        return Nobody(reason or "nobody")
    for unit in upwards(notice.unit, trade.units):
        having = [it for it in staff.values() if it.active and it.unit == unit and role in it.roles]
        there = sorted((it for it in having if it.is_there(today(unit, trade, at))), key=lambda it: it.id)
        if there or is_read(unit, role, chats, trade):
            return Audience(unit, there, [role], reason)
        absent += having
    back = [until for it in absent if (until := back_at(it, trade, at))]
    return Later(min(back), "absent") if back else Nobody("nobody")


def is_theirs(notice: StaffNotice, person: Colleague, units: Units) -> bool:
    """Their unit is still the one, and they still have the role that it needs."""
    return works_for(person, notice.unit, units) and (notice.to_role is None or may_do(notice.to_role, person.roles))


def is_read(unit: str, role: str, chats: Mapping[str, int], trade: Trade) -> bool:
    """A chat is read, also where the directory knows nobody of it, or nobody who is there today."""
    return "chat" in trade.policy(unit).staff.channels and chat_of(unit, [role], chats) is not None


def back_at(person: Colleague, trade: Trade, at: datetime) -> datetime | None:
    """When somebody who is away is back; None: nobody knows."""
    away = person.away_until(today(person.unit, trade, at))
    return trade.calendar(person.unit).midnight(away + A_DAY) if away and away < date.max else None


def today(unit: str, trade: Trade, at: datetime) -> date:
    return at.astimezone(trade.unit(unit).clock).date()


def upwards(unit: str, units: Units) -> Iterator[str]:
    """The unit, those above it, and the default unit at last."""
    seen: set[str] = set()
    above: str | None = units.name_of(unit)
    while above and above not in seen:
        seen.add(above)
        yield above
        above = units[above].parent
    if units.default not in seen:
        yield units.default


def ways(it: Audience, channels: Sequence[str], chats: Mapping[str, int]) -> list[tuple[str, str]]:
    """By which ways they are told, the same said to nobody twice: channel and to whom."""
    found: list[tuple[str, str]] = []
    for channel in channels:
        if channel == "mail":
            found += [("mail", person.id) for person in it.people if person.email]
        elif chat := chat_of(it.unit, it.roles, chats):
            found.append(("chat", chat))
    return found


def chat_of(unit: str, roles: Sequence[str], chats: Mapping[str, int]) -> str | None:
    """The chat of a role in the unit, else of the unit, else of the role anywhere."""
    names = [*(f"{unit}.{role}" for role in roles), unit, *(f"{ANYWHERE}.{role}" for role in roles)]
    return next((name for name in names if name in chats), None)
