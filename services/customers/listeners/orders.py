"""What the customer file does when orders move: it mirrors them, and takes down whoever is not known yet."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from services.customers.domain.claim import Claim
from services.customers.domain.erased import ErasedReference, hashed
from services.customers.domain.facts import iso
from services.customers.domain.filing import mention
from services.customers.domain.order import CHANGED, CONFIRMED, PLACED, Order, order_id_of
from shared.contracts import Event, Money, Shape, When
from shared.contracts.orders import (
    Change,
    OrderCancelled,
    OrderChanged,
    OrderClosed,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderProductionProgressed,
    OrderShipped,
    PaymentOverdue,
    PaymentReceived,
    ReturnReceived,
    ReturnRequested,
    ShipmentDelayed,
    ShipmentExcepted,
)
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, one
from shared.units import Units

on = Listener("careloop.inbound.orders")

CustomersName = Annotated[Claim | None, one(Claim, reference=lambda event: event.key, lock=False)]
Erased = Annotated[ErasedReference | None, one(ErasedReference, hash=lambda event: hashed(event.key), lock=False)]
Mirrored = Annotated[
    Order | None, one(Order, id=lambda event: order_id_of(event.customer.system, event.order_id) if event.order_id else None)
]

CARRIED = (
    "carrier", "tracking_number", "tracking_url", "expected_arrival_from", "expected_arrival_until", "lines", "final", "packages", "gross_weight",
)  # fmt: skip
CHANGING: dict[str, TypeAdapter[Any]] = {"promised_delivery_until": TypeAdapter(When), "total": TypeAdapter(Money)}


AddFact = TypeVar("AddFact", bound=Callable[[Any, Order], None])


def adds_to_the_order(*contracts: type[Event]) -> Callable[[AddFact], AddFact]:
    """The reaction to these: the function below adds what it says to the order's mirror, if it is about an order; the customer is known in any case."""

    def register(add: AddFact) -> AddFact:
        def react(
            event: Any, claim: CustomersName, erased: Erased, order: Mirrored, *, at: datetime, units: Units, origin: Origin
        ) -> Outcome:  # fmt: skip
            known = [] if claim or erased else mention(event.key, source=origin.source or "", unit=units.name_of(origin.unit), at=at)
            if event.order_id is None:
                return list(known)
            order = order or Order.heard_of(event.key, event.order_id, source=origin.source or "", at=at)
            add(event, order)
            unit = origin.unit if origin.unit in units.units else None
            order.belongs(event.key, origin.source or "", unit, moment(event), placing=isinstance(event, OrderPlaced))
            order.come_to_rest(erased.customer_id if erased else None)
            return [order, *known]

        react.__name__, react.__qualname__, react.__doc__ = add.__name__, add.__qualname__, add.__doc__
        for contract in contracts:
            on(contract)(react)
        return add

    return register


@adds_to_the_order(OrderPlaced)
def take_it_down(event: OrderPlaced, order: Order) -> None:
    """What is missing has to be clarified with the customer.  ORDR-01, ORDR-02"""
    order.happened("placed", fact(event, "salesperson_id", "project_id"))
    terms = ("lines", "total", "promised_delivery_until", "ship_to", "payment_terms")
    order.agreed(moment(event), (PLACED, 0), told(event, *terms))


@adds_to_the_order(OrderConfirmed)
def confirm(event: OrderConfirmed, order: Order) -> None:
    """The company took it, on the terms that it names.  ORDR-03"""
    order.happened("confirmed", fact(event))
    order.agreed(moment(event), (CONFIRMED, event.version or 0), told(event, "lines", "total", "promised_delivery_until"))


@adds_to_the_order(OrderChanged)
def note_the_change(event: OrderChanged, order: Order) -> None:
    """Every change is kept; a new date and a new total are also the terms from now on.  ORDR-08"""
    order.noted("changes", fact(event, "version", "requested_by", "changes", "price_impact"))
    order.agreed(moment(event), (CHANGED, event.version), {change.field: term(change) for change in event.changes if change.field})


@adds_to_the_order(OrderProductionProgressed)
def note_the_milestone(event: OrderProductionProgressed, order: Order) -> None:
    """Where production stands.  ORDR-04"""
    order.noted("production", fact(event, "milestone", "percent", "expected_completion", "line_ids"))


@adds_to_the_order(OrderShipped)
def note_the_shipment(event: OrderShipped, order: Order) -> None:
    """Goods left; partial shipments are several."""
    order.parcel(event.shipment_id, "shipped", fact(event, *CARRIED))


@adds_to_the_order(ShipmentDelayed, ShipmentExcepted)
def note_the_trouble(event: ShipmentDelayed | ShipmentExcepted, order: Order) -> None:
    """Something happened on the way."""
    kind = "delayed" if isinstance(event, ShipmentDelayed) else "excepted"
    said = fact(event, "reason", "expected_arrival_until", "previous_expected_arrival_until")
    order.parcel(event.shipment_id, "troubles", said | {"kind": kind})


@adds_to_the_order(OrderDelivered)
def note_the_delivery(event: OrderDelivered, order: Order) -> None:
    """A shipment arrived; or, where none is named, the order. What arrived in part is still expected."""
    said = fact(event, "shipment_id", "proof", "exceptions")
    if not event.complete:
        order.noted("partial_deliveries", said)
    elif event.shipment_id is not None:
        order.parcel(event.shipment_id, "delivered", said)
    else:
        order.happened("delivered", said)


@adds_to_the_order(OrderCancelled)
def cancel(event: OrderCancelled, order: Order) -> None:
    """It will not be fulfilled, whatever else is still told of it."""
    order.happened("cancelled", fact(event, "reason", "cancelled_by", "refund"))


@adds_to_the_order(OrderClosed)
def note_the_close(event: OrderClosed, order: Order) -> None:
    """The ERP's own close does not close our file.  ORDR-11"""
    order.happened("closed", fact(event, "reason"))


@adds_to_the_order(ReturnRequested, ReturnReceived)
def note_the_return(event: ReturnRequested | ReturnReceived, order: Order) -> None:
    """Goods come back."""
    step = "requested" if isinstance(event, ReturnRequested) else "received"
    order.account("returns", event.return_id, step, fact(event, "lines", "reason"))


@adds_to_the_order(PaymentReceived)
def note_the_payment(event: PaymentReceived, order: Order) -> None:
    """Money came."""
    order.account("payments", event.payment_id, "received", fact(event, "amount", "method", "outstanding"))


@adds_to_the_order(PaymentOverdue)
def note_that_money_is_due(event: PaymentOverdue, order: Order) -> None:
    """Money did not come by its day."""
    order.account("overdue", event.invoice_id, str(event.dunning_level), fact(event, "due_date", "amount_due", "dunning_level"))


def moment(event: Event) -> str:
    return iso(event.moment) or (iso(event.due_date) if isinstance(event, PaymentOverdue) else None) or ""


def fact(event: Event, *fields: str) -> dict[str, Any]:
    return {"at": moment(event), **told(event, *fields)}


def told(event: Event, *fields: str) -> dict[str, Any]:
    """What the event says of it, as JSON; days stay days and moments are in UTC."""
    return {name: plain(value) for name in fields if (value := getattr(event, name)) is not None}


def plain(value: Any) -> Any:
    if isinstance(value, Shape):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    return iso(value) if isinstance(value, date) else value


def term(change: Change) -> Any:
    """What is agreed after it; None where it is about something else, or has another form than terms have."""
    if change.field not in CHANGING:
        return None
    try:
        value = CHANGING[change.field].validate_json(orjson.dumps(change.after))
    except ValidationError:
        return None
    return value.model_dump(mode="json") if isinstance(value, Money) else iso(value)
