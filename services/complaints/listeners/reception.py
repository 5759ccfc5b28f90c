"""What complaints does when reception hands something over."""

from datetime import datetime
from typing import Annotated

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Intake, take_in
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.policy import Trade
from services.complaints.domain.timekeeping import in_time
from shared import known
from shared.contracts.reception import InquiryHandedOver
from shared.gate import Origin
from shared.ids import made_of
from shared.outcome import Outcome
from shared.reactions import Listener, one

on = Listener("careloop.reception")

Made = Annotated[Complaint | None, one(Complaint, id=lambda event: made_of("complaint", event.inquiry_id))]
Whom = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: event.customer_id)]


@on(InquiryHandedOver)
def take_it_over(event: InquiryHandedOver, made: Made, whom: Whom, *, at: datetime, trade: Trade, origin: Origin) -> Outcome:
    """It is as old as it was there, and one complaint however often it is handed over.  CMPL-01, INQY-11"""
    if event.handed_to != "complaints" or made:
        return []
    told = Intake(
        id=made_of("complaint", event.inquiry_id), channel=event.channel, category=event.category, received_at=event.received_at, unit=event.unit,
        source=origin.source or "", order_id=event.order_id, inquiry_id=event.inquiry_id, note_id=event.note_id, correlation=origin.cause.correlation,
        trace=origin.cause.trace,
    )  # fmt: skip
    return in_time(take_in(told, known.whom(KnownCustomer, whom, event.customer_id), trade=trade), trade=trade, at=at)
