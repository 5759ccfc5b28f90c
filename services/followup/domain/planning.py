"""A call is planned when something happened about which the profile of the unit asks, and called off when there is nothing to ask any more."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.followup.domain import timekeeping
from services.followup.domain.call import Call, Matter, State, Why
from services.followup.domain.clock import CallTerms, Watch
from services.followup.domain.contact import Contact, zone_of
from services.followup.domain.hours import Window, window_of
from services.followup.domain.notice import is_old
from services.followup.domain.policy import Trade
from shared.contracts.followup import CallPlanned
from shared.outcome import Outcome


def ask(call: Call | None, matter: Matter, moment: datetime, contacts: Sequence[Contact], at: datetime, *, trade: Trade) -> Outcome:
    """Somebody asks about what happened at this moment, if the profile of the unit says so: in its windows, by the customer's clocks."""
    calls = trade.policy(matter.unit).calls
    asking = matter.reason.asking(calls)
    if asking is None:
        return []
    if call is None and matter.who.erased:
        return call_off(None, None, matter, Why.ERASED, at, trade=trade)
    zone: ZoneInfo = zone_of(contacts, trade.unit(matter.unit).clock)
    calendar = trade.calendar(matter.unit)
    planned = plan(call, matter, window_of(moment, asking, calls, calendar, zone), at)
    terms = CallTerms.for_asking(asking, calls, calendar, zone)
    begun = [timekeeping.begun(it, moment, terms, trade.profile(it.unit), at) for it in planned if isinstance(it, Call)]
    return [*planned, *(clock for clock in begun if clock)]


def ask_about_news(call: Call | None, matter: Matter, moment: datetime, contact: Contact | None, at: datetime, *, trade: Trade) -> Outcome:
    """What others tell may come with a backlog: nobody is asked about old news."""
    if is_old(moment, trade.policy(matter.unit), at):
        return []
    return ask(call, matter, moment, [contact] if contact else [], at, trade=trade)


def plan(call: Call | None, matter: Matter, window: Window, at: datetime) -> Outcome:
    """The customer will be asked, unless we know already that there is nothing to ask.  FLUP-06, FLUP-25"""
    if call is None:
        call = Call.about_it(matter, State.PLANNED, at)
        call.ask_within(window)
        return [matter.who, call, CallPlanned(**call.names(), earliest_at=window.earliest_at, due_at=window.due_at)]
    if call.earliest_at is None:  # born called off
        call.began_with(matter)
        call.ask_within(window)
    return [matter.who]


def call_off(call: Call | None, clock: Watch | None, matter: Matter, why: Why, at: datetime, *, trade: Trade) -> Outcome:
    """There is nothing to ask, or nothing any more. Who answered, or can't be reached, stays so."""
    if call is not None:
        return [*call.call_off(why), *timekeeping.in_line(call, clock, trade=trade, at=at)]
    call = Call.about_it(matter, State.CALLED_OFF, at)
    call.why = why
    return [matter.who, call]
