"""What follow-up does when complaints move: once the result is told somebody asks, and nobody does while it is handled again or after it is over."""

from datetime import datetime
from typing import Annotated

from services.followup.domain import timekeeping
from services.followup.domain.call import Call, Matter, Reason, Why, call_id
from services.followup.domain.clock import Watch, id_of
from services.followup.domain.contact import Contact
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.planning import ask, call_off
from services.followup.domain.policy import Trade
from services.followup.listeners.requests import remember_whom_to_tell
from shared.contracts.complaints import (
    ComplaintAccepted,
    ComplaintClosed,
    ComplaintEvent,
    ComplaintReopened,
    ComplaintResolved,
    ComplaintWithdrawn,
    NoticeRequested,
)
from shared.gate import Origin
from shared.known import whom
from shared.outcome import Outcome
from shared.reactions import Listener, among, every, one

on = Listener("careloop.complaints")
on(NoticeRequested)(remember_whom_to_tell)


def about(event: ComplaintEvent) -> str:
    return f"complaint:{event.complaint_id}"


CallOfRound = Annotated[Call | None, one(Call, id=lambda event: call_id(about(event), event.round))]
CallOfRoundBefore = Annotated[Call | None, one(Call, id=lambda event: call_id(about(event), event.round - 1))]
ClockOfRound = Annotated[Watch | None, one(Watch, id=lambda event: id_of(call_id(about(event), event.round)))]
ClockOfRoundBefore = Annotated[Watch | None, one(Watch, id=lambda event: id_of(call_id(about(event), event.round - 1)))]
ClocksOfCalls = Annotated[list[Watch], among(Watch, id=lambda event, calls: [id_of(it.id) for it in calls])]
CallsOfComplaint = Annotated[list[Call], every(Call, about=about)]
ContactsOfCustomer = Annotated[list[Contact], every(Contact, customer_id=lambda event: event.customer_id, lock=False)]
Known = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: event.customer_id)]


def matter(event: ComplaintEvent, known: KnownCustomer | None, origin: Origin, *, round: int) -> Matter:
    who, cause = whom(KnownCustomer, known, event.customer_id), origin.cause
    return Matter(about(event), round, Reason.COMPLAINT_RESOLVED, who, event.unit, origin.source or "", cause.correlation, cause.trace)


@on(ComplaintResolved)
def ask_whether_they_are_content(
    event: ComplaintResolved, call: CallOfRound, contacts: ContactsOfCustomer, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """The result was told; within the days of the profile somebody asks what the customer thinks of it.  FLUP-06"""
    return ask(call, matter(event, known, origin, round=event.round), event.resolved_at, contacts, at, trade=trade)


@on(ComplaintReopened)
def ask_when_it_is_resolved_again(
    event: ComplaintReopened, call: CallOfRoundBefore, clock: ClockOfRoundBefore, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:  # fmt: skip
    """Nobody asks whether the customer is content while the matter is open again."""
    return call_off(call, clock, matter(event, known, origin, round=event.round - 1), Why.REOPENED, at, trade=trade)


@on(ComplaintAccepted)
def ask_nobody_who_agreed(
    event: ComplaintAccepted, call: CallOfRound, clock: ClockOfRound, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:  # fmt: skip
    """They said already that they agree."""
    return call_off(call, clock, matter(event, known, origin, round=event.round), Why.ACCEPTED, at, trade=trade)


@on(ComplaintClosed)
def ask_nothing_about_what_is_closed(
    event: ComplaintClosed, call: CallOfRound, clock: ClockOfRound, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:  # fmt: skip
    """The loop is closed."""
    return call_off(call, clock, matter(event, known, origin, round=event.round), Why.CLOSED, at, trade=trade)


@on(ComplaintWithdrawn)
def ask_nothing_about_what_is_withdrawn(
    event: ComplaintWithdrawn, calls: CallsOfComplaint, clocks: ClocksOfCalls, *, at: datetime, trade: Trade
) -> Outcome:  # fmt: skip
    """The customer does not pursue it. It is withdrawn while it is handled, so its round has no call that could come late."""
    off = [told for call in calls for told in call.call_off(Why.WITHDRAWN)]
    running = {clock.id: clock for clock in clocks}
    return [*off, *(told for it in calls for told in timekeeping.in_line(it, running.get(id_of(it.id)), trade=trade, at=at))]
