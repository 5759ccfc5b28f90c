"""Keeps the clock of a call in line with the call: who was asked has met it, who is not asked any more ends it, and a moment that the customer agreed
to takes the place of the limit.  FLUP-06, FLUP-19
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.followup.domain.asking import UNANSWERED
from services.followup.domain.call import Call, Reason, State
from services.followup.domain.clock import AGAIN, CALL, CallTerms, Watch
from services.followup.domain.policy import Trade
from shared.clocks.clock import Thing
from shared.clocks.terms import PROMISED, Facts
from shared.contracts import Event
from shared.profiles import Profile


def begun(call: Call, moment: datetime, terms: CallTerms, profile: Profile[Any], at: datetime) -> Watch | None:
    facts = Facts({"received": moment.astimezone(UTC)}, category=call.reason.value, zone=terms.zone.key)
    return Watch.start(Thing.of(f"call:{call.id}", call), CALL, facts, terms, profile, at)


def in_line(call: Call, clock: Watch | None, *, trade: Trade, at: datetime) -> list[Event]:
    if clock is None:
        return []
    terms = clock.runs_by(trade.knowledge)
    if call.state is State.DONE:
        return clock.meet(terms, at)
    if not call.waits:
        return clock.cancel(terms, at)
    facts = Facts.load(clock.facts)
    if call.callback_at is not None:
        moment = {PROMISED: call.callback_at}
    elif again := not_reached(call, facts, at):
        moment = {AGAIN: again}
    else:
        return []
    told = clock.reconsider(replace(facts, moments={"received": facts.moments["received"], **moment}), terms, at)
    if AGAIN in moment:
        call.due_at = clock.due_at if clock.is_open else max(call.due_at or moment[AGAIN], moment[AGAIN])
    return told


def not_reached(call: Call, facts: Facts, at: datetime) -> datetime | None:
    """From when they may be called again who were not reached at the moment that was agreed, or later."""
    agreed = facts.moments.get(PROMISED)
    tried = AGAIN in facts.moments or (agreed is not None and at >= agreed)
    return call.earliest_at if tried and call.attempts and call.attempts[-1]["outcome"] in UNANSWERED else None


def in_force(trade: Trade, unit: str, milestone: str, facts: Facts) -> CallTerms | None:
    """What a call would run by under this profile; None: it asks nobody."""
    calls = trade.policy(unit).calls
    assert facts.category
    asking = Reason(facts.category).asking(calls)
    zone = ZoneInfo(facts.zone) if facts.zone else trade.unit(unit).clock
    return CallTerms.for_asking(asking, calls, trade.calendar(unit), zone) if asking else None
