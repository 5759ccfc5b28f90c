"""What follow-up does when guests leave: once they are home somebody asks how they were received."""

from datetime import datetime
from typing import Annotated

from services.followup.domain.call import ONCE, Call, Matter, Reason, call_id
from services.followup.domain.contact import Contact
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.planning import ask
from services.followup.domain.policy import Trade
from services.followup.listeners.requests import remember_whom_to_tell
from shared.contracts.reception import NoticeRequested, VisitDeparted, VisitEvent
from shared.gate import Origin
from shared.known import whom
from shared.outcome import Outcome
from shared.reactions import Listener, every, one

on = Listener("careloop.reception")
on(NoticeRequested)(remember_whom_to_tell)


def about(event: VisitEvent) -> str:
    return f"visit:{event.visit_id}"


CallOfVisit = Annotated[Call | None, one(Call, id=lambda event: call_id(about(event), ONCE))]
ContactsOfCustomer = Annotated[list[Contact], every(Contact, customer_id=lambda event: event.customer_id, lock=False)]
Known = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: event.customer_id)]


@on(VisitDeparted)
def ask_how_it_was(
    event: VisitDeparted, call: CallOfVisit, contacts: ContactsOfCustomer, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """Some time after they are home; a guest who is no customer is called too.  FLUP-25"""
    who, cause = whom(KnownCustomer, known, event.customer_id), origin.cause
    visit = Matter(about(event), ONCE, Reason.VISIT_DEPARTED, who, event.unit, origin.source or "", cause.correlation, cause.trace)
    return ask(call, visit, event.expected_home_at or event.departed_at, contacts, at, trade=trade)
