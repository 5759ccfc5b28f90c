"""The clocks of a complaint stand still while it waits for something that is not ours to do, for a reason and not without end.

As long as the profile lets anybody a specialist pauses alone; longer needs a supervisor, whose approval stands in the ledger.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy.orm.attributes import flag_modified

from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.policy import Pauses, Role, Trade
from shared.clocks.clock import State
from shared.errors import Conflict, Invalid, Refused
from shared.outcome import Outcome
from shared.worktime.counting import due


class NothingRuns(Conflict):
    """No clock of the complaint is running."""

    fix = "Go on with the complaint; there is nothing to pause."


class AlreadyPaused(Conflict):
    """It is paused already."""


class NotPaused(Conflict):
    """It is not paused."""


class NoSuchReason(Invalid):
    """The unit's trade profile does not know this reason for a pause."""

    fix = "Send one of the reasons that the profile names."


class PauseNotAhead(Invalid):
    """A pause ends at a moment that is still to come."""

    fix = "Send a time that is still to come."


class PauseTooLong(Invalid):
    """No pause may be so long."""

    fix = "Pause for less, and once more when that is over."


class NeedsApproval(Refused):
    """The pause is longer than you may take alone."""

    fix = "Ask a supervisor to take this step, or pause for less."


def pause(
    it: Complaint, clocks: Sequence[Watch], reason: str, until: datetime, *, trade: Trade, roles: Collection[str], by: str, at: datetime
) -> Outcome:
    """All its running clocks, until this moment at the latest."""
    rules, until = trade.policy(it.unit).pauses, until.astimezone(UTC)
    outcome: Outcome = [told for clock in clocks for told in clock.tick(clock.runs_by(trade.knowledge), at)]  # an earlier pause may be over
    running = [clock for clock in clocks if clock.is_open]
    if any(clock.state is State.PAUSED for clock in running):
        raise AlreadyPaused(allowed=("pauses/end",))
    if not running:
        raise NothingRuns
    alone_before = any(pause["approved_by"] is None for clock in running for pause in clock.pauses)
    approved_by = approval(rules, reason, until, it, alone_before, trade=trade, roles=roles, by=by, at=at)
    flag_modified(it, "state")  # what others have seen of it is no longer so
    it.untouched = False
    return outcome + [
        told for clock in running
        for told in clock.pause(clock.runs_by(trade.knowledge), reason, until, by=by, approved_by=approved_by, at=at)
    ]  # fmt: skip


def approval(
    rules: Pauses,
    reason: str,
    until: datetime,
    it: Complaint,
    alone_before: bool,
    *,
    trade: Trade,
    roles: Collection[str],
    by: str,
    at: datetime,
) -> str | None:
    """Whose approval makes it right; None: it needs none."""
    if reason not in rules.reasons:
        raise NoSuchReason(f"The reasons are {', '.join(rules.reasons)}.", field="/reason")
    if until <= at:
        raise PauseNotAhead(field="/until")
    calendar = trade.calendar(it.unit)
    if until > (longest := due(at, rules.longest, calendar).at):
        raise PauseTooLong(f"A pause lasts {rules.longest} at most, until {longest.isoformat(timespec='minutes')}.", field="/until")
    own = due(at, rules.own, calendar).at
    if until <= own and not alone_before:
        return None
    if set(Role).isdisjoint(roles):
        if alone_before:
            raise NeedsApproval("It was paused without a supervisor before; another pause needs one.")
        raise NeedsApproval(f"Alone you may pause for {rules.own}, until {own.isoformat(timespec='minutes')}.")
    return by


def resume(it: Complaint, clocks: Sequence[Watch], *, trade: Trade, by: str, at: datetime) -> Outcome:
    """They run on, later by the working time of the pause."""
    outcome: Outcome = []
    paused = [clock for clock in clocks if clock.state is State.PAUSED]
    for clock in paused:
        terms = clock.runs_by(trade.knowledge)
        outcome += clock.tick(terms, at)  # its limit may have been reached
        outcome += clock.resume(terms, by=by, at=at)
    if not paused:
        raise NotPaused(allowed=("pauses",))
    flag_modified(it, "state")
    it.untouched = False
    return outcome
