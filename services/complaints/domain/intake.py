"""A complaint is taken in: by the desk, from an inquiry that was handed over, or because a customer who was asked is not content."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.policy import Trade
from shared.contracts import Event
from shared.contracts.complaints import ComplaintReceived
from shared.ids import digest
from shared.outcome import Outcome
from shared.units import Unit

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread
SIGNS, BITS = 8, 5


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known of a complaint when it comes.  CMPL-04"""

    id: UUID
    channel: str
    category: str
    received_at: datetime
    unit: str
    source: str
    order_id: str | None = None
    product: str | None = None
    department: str | None = None
    inquiry_id: UUID | None = None
    follows: str | None = None
    note_id: UUID | None = None  # what the customer said
    correlation: str | None = None
    trace: str | None = None


def take_in(told: Intake, whom: KnownCustomer, *, trade: Trade) -> Outcome:
    complaint = received(told, whom, trade.unit(told.unit))
    return [complaint, whom, announced(complaint, told.note_id)]


def received(told: Intake, whom: KnownCustomer, unit: Unit) -> Complaint:
    """It keeps the time at which it was first heard.  CMPL-01"""
    return Complaint(
        id=told.id, number=number_of(told.id, told.received_at, unit), named_id=whom.id, customer_id=whom.customer_id, customer_known=whom.declared,
        unit=told.unit, order_id=told.order_id, category=told.category, product=told.product,
        department=told.department, channel=told.channel, source=told.source, inquiry_id=told.inquiry_id, follows=told.follows,
        received_at=told.received_at, correlation=told.correlation, trace=told.trace,
    )  # fmt: skip


def announced(complaint: Complaint, note_id: UUID | None) -> Event:
    return ComplaintReceived(
        **complaint.names(), received_at=complaint.received_at, channel=complaint.channel, category=complaint.category,
        product=complaint.product, department=complaint.department, customer_known=complaint.customer_known, order_id=complaint.order_id, note_id=note_id,
        inquiry_id=complaint.inquiry_id, follows=complaint.follows,
    )  # fmt: skip


def number_of(id: UUID, received_at: datetime, unit: Unit) -> str:
    """The day in the unit's zone, and signs made of the id: nobody has to be asked for the next number."""
    left = int.from_bytes(digest("number", id))
    signs = "".join(CROCKFORD[left >> BITS * place & 31] for place in range(SIGNS))
    return f"C{received_at.astimezone(unit.clock):%y%m%d}-{signs}"
