"""When people at work are told: while their unit works, what is not urgent a few times a day and together."""

from datetime import UTC, datetime, timedelta

from services.followup.domain.policy import Staff
from shared.worktime.calendar import Calendar, on_the_wall

DAY = timedelta(days=1)
FARTHEST = 366  # days that are looked through for a day on which the unit works


def held_until(planned_at: datetime, policy: Staff, calendar: Calendar, *, urgent: bool, at: datetime) -> tuple[datetime, str] | None:
    """Until when it waits, and for what; None: it leaves now."""
    if urgent and policy.urgent_any_time:
        return None
    if not urgent and (leaves := next_digest(planned_at, policy, calendar)) > at:
        return calendar.next_open(leaves), "digest"
    opens = closed_until(policy, calendar, urgent=urgent, at=at)
    return (opens, "out of hours") if opens else None


def closed_until(policy: Staff, calendar: Calendar, *, urgent: bool, at: datetime) -> datetime | None:
    """When those who are told work again; None: they do, or it is told at any time."""
    if urgent and policy.urgent_any_time:
        return None
    opens = calendar.next_open(at)
    return opens if opens > at else None


def next_digest(moment: datetime, policy: Staff, calendar: Calendar) -> datetime:
    """When what is planned at this moment leaves together with the rest: at one of the fixed times, or at the next full span of the day."""
    if policy.digest_at:
        return next_fixed(moment, policy, calendar)
    span = policy.digest.exact if policy.digest else timedelta()
    if not span:
        return moment
    midnight = calendar.midnight(calendar.date_of(moment))
    return midnight + -((midnight - moment) // span) * span


def next_fixed(moment: datetime, policy: Staff, calendar: Calendar) -> datetime:
    moment, day = moment.astimezone(UTC), calendar.date_of(moment)
    for number in range(FARTHEST):
        today = day + number * DAY
        if not calendar.works_on(today):
            continue
        for it in policy.digest_at:
            leaves = on_the_wall(today, timedelta(hours=it.hour, minutes=it.minute), calendar.zone)
            if leaves >= moment:
                return leaves
    return moment
