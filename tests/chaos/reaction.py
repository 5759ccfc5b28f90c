"""One reaction more, as a newcomer would write it: a payment is acknowledged. Told for each event, so that losing or doubling one would show."""

from typing import Annotated

from services.followup.domain.contact import Contact
from shared.contracts.followup import NoticeEvent
from shared.contracts.orders import PaymentReceived
from shared.gate import Origin
from shared.ids import made_of
from shared.outcome import Outcome
from shared.reactions import Listener, one
from shared.units import Units


class PaymentAcknowledged(NoticeEvent):
    name = "payment.acknowledged.v1"
    payment_id: str


ContactOfCustomer = Annotated[Contact | None, one(Contact, reference=lambda event: event.key)]


def react(on: Listener) -> None:
    @on(PaymentReceived)
    def acknowledge(event: PaymentReceived, contact: ContactOfCustomer, *, units: Units, origin: Origin) -> Outcome:
        """Tells what came in."""
        contact, unit = contact or Contact.unknown(event.key), units.name_of(origin.unit)
        about = {"customer_id": contact.customer_id, "order_id": event.order_id or "", "shipment_id": None, "unit": unit}
        return [contact, PaymentAcknowledged(**about, notice_id=made_of(event.payment_id), kind="payment", payment_id=event.payment_id)]
