"""What happened to an order, as events.

A shipment that came on a later day than promised, or never, is a `shipment.delayed` at the end of the promised day; with no new date, because a
file of orders never says what the customer was told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deploy.feed.orders import Order
from shared.contracts.orders import (
    Carrier,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderEvent,
    OrderPlaced,
    OrderShipped,
    ShipmentDelayed,
    TroubleReason,
)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an order."""

    moment: datetime
    type: str
    order: Order

    def told(self, at: datetime, days: int = 0) -> OrderEvent:
        """As an event with its moment at `at` and its dates moved by so many days."""
        promised = self.order.promised + timedelta(days) if self.order.promised else None
        return TELLING[self.type](self.order, at, promised)


def happenings(order: Order) -> list[Happening]:
    """In the order in which they happened, as far as the times of the file are to be believed."""
    moments = [
        (order.placed_at, OrderPlaced.name),
        (order.confirmed_at, OrderConfirmed.name),
        (order.shipped_at, OrderShipped.name),
        (order.overdue_at, ShipmentDelayed.name),
        (order.delivered_at, OrderDelivered.name),
        (order.cancelled_at if order.cancelled else None, OrderCancelled.name),
    ]
    return sorted((Happening(moment, type, order) for moment, type in moments if moment), key=lambda happening: happening.moment)


def check(order: Order) -> None:
    """Everything that will be told of it can be told."""
    for happening in happenings(order):
        happening.told(happening.moment)


def placed(order: Order, at: datetime, promised: date | None) -> OrderPlaced:
    return OrderPlaced(
        customer=order.customer,
        order_id=order.order_id,
        placed_at=at,
        total=order.total,
        promised_delivery_until=promised,
        ship_to=order.place,
    )


def confirmed(order: Order, at: datetime, promised: date | None) -> OrderConfirmed:
    return OrderConfirmed(
        customer=order.customer, order_id=order.order_id, confirmed_at=at, total=order.total, promised_delivery_until=promised
    )


def shipped(order: Order, at: datetime, promised: date | None) -> OrderShipped:
    return OrderShipped(
        customer=order.customer,
        order_id=order.order_id,
        shipment_id=order.shipment_id,
        shipped_at=at,
        carrier=Carrier(code=order.carrier),
        tracking_number=order.tracking_number,
        expected_arrival_until=promised,
        final=True,
    )


def delayed(order: Order, at: datetime, promised: date | None) -> ShipmentDelayed:
    return ShipmentDelayed(
        customer=order.customer,
        order_id=order.order_id,
        shipment_id=order.shipment_id,
        detected_at=at,
        reason=TroubleReason.OTHER,
        expected_arrival_until=None,
        previous_expected_arrival_until=promised,
    )


def delivered(order: Order, at: datetime, promised: date | None) -> OrderDelivered:
    return OrderDelivered(customer=order.customer, order_id=order.order_id, shipment_id=order.shipment_id, delivered_at=at)


def cancelled(order: Order, at: datetime, promised: date | None) -> OrderCancelled:
    return OrderCancelled(customer=order.customer, order_id=order.order_id, cancelled_at=at, reason=order.cancelled)


TELLING: dict[str, Callable[[Order, datetime, date | None], OrderEvent]] = {
    OrderPlaced.name: placed,
    OrderConfirmed.name: confirmed,
    OrderShipped.name: shipped,
    ShipmentDelayed.name: delayed,
    OrderDelivered.name: delivered,
    OrderCancelled.name: cancelled,
}
