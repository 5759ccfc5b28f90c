"""Keeps the clock of a call in line with the call: who was asked has met it, who is not asked any more ends it, and a moment that the customer agreed
to takes the place of the limit.  FLUP-06, FLUP-19
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.followup.domain.call import Call, Reason, State
from services.followup.domain.clock import AGAIN, CALL, CallTerms, Watch
from services.followup.domain.policy import Trade
from shared.clocks.clock import Thing
from shared.clocks.terms import PROMISED, Facts, Reckoned
from shared.contracts import Event
from shared.profiles import Profile


def begun(call: Call, moment: datetime, terms: CallTerms, profile: Profile[Any], at: datetime) -> Watch | None:
    thing = Thing(f"call:{call.id}", call.named_id, call.customer_id, call.unit, call.correlation, call.trace)
    facts = Facts({"received": moment.astimezone(UTC)}, category=call.reason.value, zone=terms.zone.key)
    return Watch.start(thing, CALL, facts, terms, profile, at)


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
    elif PROMISED in facts.moments and call.earliest_at is not None:  # they were called, and not reached
        moment = {AGAIN: call.earliest_at}
    else:
        return []
    told = clock.reconsider(replace(facts, moments={"received": facts.moments["received"], **moment}), terms, at)
    if AGAIN in moment:
        call.due_at = clock.due_at
    return told


def reckon(trade: Trade, unit: str, milestone: str, facts: Facts) -> Reckoned | None:
    """What a call would come to under this profile; None: it asks nobody."""
    calls = trade.policy(unit).calls
    assert facts.category
    asking = Reason(facts.category).asking(calls)
    if asking is None:
        return None
    zone = ZoneInfo(facts.zone) if facts.zone else trade.unit(unit).clock
    return CallTerms.for_asking(asking, calls, trade.calendar(unit), zone).reckon(facts)[0]
