"""What reception does when the telephone rang: whoever was not answered is called back, and whoever waited too long is noted."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from services.reception.domain.inquiry import Inquiry, Kind, inquiry_of_call
from services.reception.domain.known_customer import KnownCustomer, declare_caller, reference_of
from services.reception.domain.late_answer import LateAnswer, Ringing, late_answer_to
from services.reception.domain.policy import Trade
from services.reception.domain.timekeeping import in_line
from shared.contracts.telephony import CallAnswered, CallMissed, Direction
from shared.gate import Origin
from shared.ids import customer_of
from shared.known import whom
from shared.outcome import Outcome
from shared.reactions import Listener, one

on = Listener("careloop.inbound.calls")


def caller(event: CallMissed) -> UUID:
    """The customer, if telephony knows one; otherwise whoever we declare, or nobody that is known yet."""
    return customer_of(str(event.customer or reference_of(inquiry_of_call(event.call_id, event.started_at))))


InquiryOfCall = Annotated[Inquiry | None, one(Inquiry, id=lambda event: inquiry_of_call(event.call_id, event.started_at))]
Caller = Annotated[KnownCustomer | None, one(KnownCustomer, id=caller)]
LateAnswerToCall = Annotated[LateAnswer | None, one(LateAnswer, id=lambda event: late_answer_to(event.call_id, event.started_at))]


@on(CallMissed)
def call_them_back(event: CallMissed, inquiry: InquiryOfCall, known: Caller, *, at: datetime, trade: Trade, origin: Origin) -> Outcome:
    """One inquiry for one call, however often it is told.  INQY-10"""
    if inquiry:
        return []
    who = whom(KnownCustomer, known, caller(event))
    inquiry = Inquiry(
        id=inquiry_of_call(event.call_id, event.started_at), kind=Kind.CALLBACK, channel="phone", call_id=event.call_id, source=origin.source or "",
        named_id=who.id, customer_id=who.customer_id, unit=trade.units.name_of(origin.unit, who.unit), received_at=event.started_at,
        correlation=origin.cause.correlation, trace=origin.cause.trace,
    )  # fmt: skip
    number = event.caller_number
    told = declare_caller(who, inquiry.id, number, unit=inquiry.unit) if number and not event.customer else [who]
    return [*told, *inquiry.receive(), *in_line(inquiry, [], trade=trade, at=at)]


@on(CallAnswered)
def note_that_it_rang_too_long(event: CallAnswered, noted: LateAnswerToCall, *, trade: Trade, origin: Origin) -> Outcome:
    """More than three rings, or what takes as long.  INQY-01, D-20"""
    unit = trade.units.name_of(origin.unit)
    rang = Ringing(event.started_at, event.answered_at, event.ring_count, event.ring_seconds)
    if noted or event.direction is not Direction.INBOUND or not rang.is_late(trade.policy(unit).answering):
        return []
    return [LateAnswer(
        id=late_answer_to(event.call_id, event.started_at), call_id=event.call_id, agent_id=event.agent_id, started_at=event.started_at,
        answered_at=event.answered_at, rings=event.ring_count, seconds=rang.lasted, queue=event.queue, unit=unit, source=origin.source or "",
    )]  # fmt: skip
