"""What ERP, shop and logistics tell about orders, shipments, returns and payments."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from shared.contracts import AboutCustomer, Anything, Day, Id, Money, Quantity, Shape, Text, Ts, When
from shared.contracts.values import Count, Percent, Url, Version


class Line(Shape):
    """One thing that was ordered."""

    line_id: Id
    sku: Id
    description: Text | None = None
    specification: Text | None = None
    material: Text | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None


class LineQuantity(Shape):
    """How much of a line is meant."""

    line_id: Id | None = None
    quantity: Quantity | None = None


class Place(Shape):
    """Where to, as far as it is nothing personal."""

    region: Text | None = None
    city: Text | None = None


class Change(Shape):
    """One field of an order, before and after."""

    field: Text | None = None
    before: Anything = None
    after: Anything = None


class Carrier(Shape):
    """Who carries it."""

    code: Id
    name: Text | None = None


class Flaw(StrEnum):
    SHORT = "short"
    DAMAGED = "damaged"
    WRONG = "wrong"


class Exceptional(LineQuantity):
    """A line that did not arrive as it should."""

    kind: Flaw | None = None


class Side(StrEnum):
    CUSTOMER = "customer"
    COMPANY = "company"


class ProductionMilestone(StrEnum):
    SCHEDULED = "scheduled"
    STARTED = "started"
    IN_PROGRESS = "in_progress"
    INSPECTED = "inspected"
    COMPLETED = "completed"


class TroubleReason(StrEnum):
    WEATHER = "weather"
    TRAFFIC = "traffic"
    CAPACITY = "capacity"
    CUSTOMS = "customs"
    DAMAGED = "damaged"
    LOST = "lost"
    REFUSED = "refused"
    ADDRESS = "address"
    OTHER = "other"


class Proof(StrEnum):
    SIGNATURE = "signature"
    PHOTO = "photo"
    NONE = "none"


class ClosingReason(StrEnum):
    FULFILLED = "fulfilled"
    WRITTEN_OFF = "written_off"


class CancellationReason(StrEnum):
    CUSTOMER = "customer"
    INVENTORY = "inventory"
    DECLINED = "declined"
    FRAUD = "fraud"
    OTHER = "other"


class FromOrders(AboutCustomer):
    """Whatever travels on the topic of orders."""

    topic = "careloop.inbound.orders"


class OrderEvent(FromOrders):
    """Something about one order. Events of one order end in the same state in any order of arrival."""

    subject_in = "order_id"
    order_id: Id

    @property
    def order(self) -> str:
        """Systems count their orders each for itself."""
        return f"{self.customer.system}/{self.order_id}"

    @property
    def moment(self) -> datetime:
        moment: datetime = getattr(self, str(self.moment_in))
        return moment


class ShipmentEvent(OrderEvent):
    """Something about one shipment of an order; a shipment is told as shipped once."""

    shipment_id: Id

    @property
    def shipment(self) -> str:
        """Systems count their shipments each for itself."""
        return f"{self.customer.system}/{self.shipment_id}"


class OrderPlaced(OrderEvent):
    """The customer ordered. Without price or place it is not refused: it goes to clarifying."""

    name = "order.placed.v1"
    moment_in = "placed_at"
    placed_at: Ts
    lines: list[Line] | None = None
    total: Money | None = None
    promised_delivery_until: When | None = None
    ship_to: Place | None = None
    payment_terms: Text | None = None
    salesperson_id: Id | None = None
    project_id: Id | None = None


class OrderConfirmed(OrderEvent):
    """The company took the order."""

    name = "order.confirmed.v1"
    moment_in = "confirmed_at"
    confirmed_at: Ts
    version: Version | None = None
    lines: list[Line] | None = None
    total: Money | None = None
    promised_delivery_until: When | None = None


class OrderChanged(OrderEvent):
    """What was agreed is now something else."""

    name = "order.changed.v1"
    moment_in = "changed_at"
    changed_at: Ts
    version: Version
    requested_by: Side
    changes: list[Change]
    price_impact: Money | None = None


class OrderProductionProgressed(OrderEvent):
    """Production reached a milestone."""

    name = "order.production_progressed.v1"
    moment_in = "progressed_at"
    milestone: ProductionMilestone
    progressed_at: Ts
    percent: Percent | None = None
    expected_completion: Day | None = None
    line_ids: list[Id] | None = None


class OrderShipped(ShipmentEvent):
    """Goods left for the customer. Partial shipments are several events."""

    name = "order.shipped.v1"
    moment_in = "shipped_at"
    shipped_at: Ts
    carrier: Carrier
    tracking_number: Text | None = None
    tracking_url: Url | None = None
    expected_arrival_from: When | None = None
    expected_arrival_until: When | None = None
    lines: list[LineQuantity] | None = None
    final: bool | None = None
    packages: Count | None = None
    gross_weight: Quantity | None = None


class ShipmentTrouble(ShipmentEvent):
    """Something happened on the way."""

    moment_in = "detected_at"
    detected_at: Ts
    reason: TroubleReason
    expected_arrival_until: When | None = None  # null: unknown
    previous_expected_arrival_until: When | None = None


class ShipmentDelayed(ShipmentTrouble):
    """It will arrive later than expected, or nobody knows when."""

    name = "shipment.delayed.v1"


class ShipmentExcepted(ShipmentTrouble):
    """Anything wrong with a shipment that is not a delay."""

    name = "shipment.excepted.v1"


class OrderDelivered(OrderEvent):
    """Goods reached the customer: a shipment where it is named, otherwise the order."""

    name = "order.delivered.v1"
    moment_in = "delivered_at"
    shipment_id: Id | None = None
    delivered_at: Ts
    complete: bool = True
    proof: Proof | None = None
    exceptions: list[Exceptional] | None = None


class OrderClosed(OrderEvent):
    """Nothing more will happen to the order."""

    name = "order.closed.v1"
    moment_in = "closed_at"
    closed_at: Ts
    reason: ClosingReason | None = None


class OrderCancelled(OrderEvent):
    """The order will not be fulfilled."""

    name = "order.cancelled.v1"
    moment_in = "cancelled_at"
    cancelled_at: Ts
    reason: CancellationReason | None = None
    cancelled_by: Text | None = None
    refund: Money | None = None


class ReturnRequested(OrderEvent):
    """The customer wants to give goods back."""

    name = "return.requested.v1"
    moment_in = "requested_at"
    return_id: Id
    requested_at: Ts
    lines: list[LineQuantity] | None = None
    reason: Text | None = None


class ReturnReceived(OrderEvent):
    """Returned goods are back."""

    name = "return.received.v1"
    moment_in = "received_at"
    return_id: Id
    received_at: Ts
    lines: list[LineQuantity] | None = None
    reason: Text | None = None


class PaymentReceived(FromOrders):
    """Money came, for an order, an invoice or a repair."""

    name = "payment.received.v1"
    moment_in = "received_at"
    payment_id: Id
    received_at: Ts
    amount: Money
    order_id: Id | None = None
    invoice_id: Id | None = None
    repair_order_id: Id | None = None
    method: Text | None = None
    outstanding: Money | None = None

    @property
    def subject(self) -> str | None:
        return self.order_id or self.invoice_id or self.repair_order_id

    @model_validator(mode="after")
    def says_what_was_paid(self) -> Self:
        if self.subject is None:
            raise ValueError("One of order_id, invoice_id and repair_order_id is required.")
        return self


class PaymentOverdue(FromOrders):
    """Money did not come by its day."""

    name = "payment.overdue.v1"
    subject_in = "invoice_id"
    invoice_id: Id
    due_date: Day
    amount_due: Money
    dunning_level: Count
    order_id: Id | None = None


EVENTS = (
    OrderPlaced, OrderConfirmed, OrderChanged, OrderProductionProgressed, OrderShipped, ShipmentDelayed, ShipmentExcepted, OrderDelivered, OrderClosed,
    OrderCancelled, ReturnRequested, ReturnReceived, PaymentReceived, PaymentOverdue,
)  # fmt: skip
