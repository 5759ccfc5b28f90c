"""What becomes of a notice to staff when it is looked at: it leaves by all ways that there are, waits, or is not told, and says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.followup.domain.audience import Audience, Later, Nobody, audience, ways
from services.followup.domain.colleague import Colleague
from services.followup.domain.policy import Trade
from services.followup.domain.staff_hours import held_until
from services.followup.domain.staff_message import StaffMessage, written
from services.followup.domain.staff_notice import StaffNotice, State
from services.followup.domain.staff_wording import worded

Leaving = tuple[StaffNotice, str]  # and where those work who are told


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways out that there are: how many bytes each chat takes in a message, how many messages in a minute, and whether mail leaves."""

    largest: Mapping[str, int]
    per_minute: Mapping[str, int]
    mail: bool

    def open(self, channels: Sequence[str]) -> list[str]:
        return [channel for channel in channels if channel != "mail" or self.mail]


def look_at(notice: StaffNotice, staff: Mapping[str, Colleague], doors: Doors, *, trade: Trade, at: datetime) -> Leaving | None:
    """Where those work who are told now, if anybody is. First the hours: who is there is known when it is to leave."""
    found = audience(notice, staff, doors.largest, trade=trade, at=at)
    unit = found.unit if isinstance(found, Audience) else home(notice, staff, trade)
    policy = trade.policy(unit)
    if notice.state is State.PLANNED and at - notice.news_at > policy.age:  # what waits for us to open does not grow old
        notice.skip("too old", at)
    elif wait := held_until(notice.planned_at, policy.staff, trade.calendar(unit), urgent=notice.urgent, at=at):
        notice.hold(*wait)
    elif isinstance(found, Nobody):
        notice.skip(found.reason, at)
    elif isinstance(found, Later):
        notice.hold(found.until, found.reason)
    elif by := ways(found, doors.open(policy.staff.channels), doors.largest):
        notice.leaves(by, found.reason)
        return notice, unit
    else:
        notice.skip("no way to tell them", at)
    return None


def home(notice: StaffNotice, staff: Mapping[str, Colleague], trade: Trade) -> str:
    """Where they work who would be told, whether or not they are there."""
    person = staff.get(notice.to_staff) if notice.to_staff else None
    return trade.units.name_of(person.unit if person and person.active else notice.unit)


def letters(leaving: Sequence[Leaving], doors: Doors, *, trade: Trade, at: datetime) -> list[StaffMessage]:
    """All that is for one person, or for one chat, is one message."""
    bundles: dict[tuple[str, str], list[Leaving]] = {}
    for notice, unit in leaving:
        for it in notice.deliveries:
            bundles.setdefault((it["channel"], it["to"]), []).append((notice, unit))
    found = []
    for (channel, to), bundle in bundles.items():
        notices, unit = [notice for notice, _ in bundle], bundle[0][1]
        subject, body = worded(notices, unit, trade, doors.largest.get(to) if channel == "chat" else None)
        found.append(written(channel, to, unit, notices, subject, body, at))
    return found
