"""Two reactions more, as a newcomer would write them. Told for each event, so that losing or doubling one, or putting two out of order, would show."""

from time import monotonic_ns
from typing import Annotated

from pydantic import computed_field

from services.followup.domain.contact import Contact
from shared.contracts import Event
from shared.contracts.followup import NoticeEvent
from shared.contracts.orders import PaymentOverdue, PaymentReceived
from shared.gate import Origin
from shared.ids import made_of
from shared.outcome import Outcome
from shared.reactions import Listener, one
from shared.units import Units

ACCOUNTS = 4


class PaymentAcknowledged(NoticeEvent):
    """Of one customer in the order in which they paid."""

    name = "payment.acknowledged.v1"
    payment_id: str


class AccountReminded(Event):
    """Many customers share an account, so that all workers write of it at once."""

    name = "account.reminded.v1"
    topic = "careloop.followup"
    account: str
    invoice_id: str

    @property
    def key(self) -> str:
        return self.account

    @computed_field  # type: ignore[prop-decorator]
    @property
    def told_at(self) -> int:
        """Drawn when its row is written: behind the lock of its key, if there is one. All processes share this clock."""
        return monotonic_ns()


ContactOfCustomer = Annotated[Contact | None, one(Contact, reference=lambda event: event.key)]


def react(on: Listener) -> None:
    @on(PaymentReceived)
    def acknowledge(event: PaymentReceived, contact: ContactOfCustomer, *, units: Units, origin: Origin) -> Outcome:
        """Tells what came in."""
        contact, unit = contact or Contact.unknown(event.key), units.name_of(origin.unit)
        about = {"customer_id": contact.customer_id, "order_id": event.order_id or "", "shipment_id": None, "unit": unit}
        return [contact, PaymentAcknowledged(**about, notice_id=made_of(event.payment_id), kind="payment", payment_id=event.payment_id)]

    @on(PaymentOverdue)
    def remind(event: PaymentOverdue) -> Outcome:
        """Tells what is missing: `run.customer.number`."""
        run, customer, _ = event.invoice_id.split(".")
        return [AccountReminded(account=f"{run}-{int(customer) % ACCOUNTS}", invoice_id=event.invoice_id)]
