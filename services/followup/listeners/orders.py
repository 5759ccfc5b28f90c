"""What follow-up does when orders move: every event adds a fact, and the notices follow from all facts, in whatever order they came. When they
are closed, somebody asks."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from services.followup.domain.call import ONCE, Call, Matter, Reason, call_id
from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment, fulfilment_id, iso
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.notice import Notice, tell
from services.followup.domain.planning import ask_about_news
from services.followup.domain.policy import Trade
from shared.contracts.orders import (
    ClosingReason,
    OrderClosed,
    OrderDelivered,
    OrderEvent,
    OrderProductionProgressed,
    OrderShipped,
    ShipmentDelayed,
    ShipmentExcepted,
)
from shared.gate import Origin
from shared.ids import customer_of
from shared.known import whom
from shared.outcome import Outcome
from shared.reactions import Listener, every, one

on = Listener("careloop.inbound.orders")


def identity(event: OrderEvent) -> UUID:
    return fulfilment_id(event.customer.system, event.customer.id, event.order_id)


def about(event: OrderEvent) -> str:
    return f"order:{event.order_id}"


ContactOfCustomer = Annotated[Contact | None, one(Contact, reference=lambda event: event.key)]
Order = Annotated[Fulfilment | None, one(Fulfilment, id=identity)]
NoticesOfOrder = Annotated[list[Notice], every(Notice, fulfilment_id=identity)]

CallAboutOrder = Annotated[Call | None, one(Call, id=lambda event: call_id(about(event), ONCE, event.key))]
ContactAsItIs = Annotated[Contact | None, one(Contact, reference=lambda event: event.key, lock=False)]
Known = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: customer_of(event.key))]

AddFact = TypeVar("AddFact", bound=Callable[[Any, Fulfilment, dict[str, Any]], None])


def adds_to_the_order(*contracts: type[OrderEvent]) -> Callable[[AddFact], AddFact]:
    """The reaction to these: the function below adds its fact (when, who says so) to the order, then the order's notices are brought in line."""

    def register(add: AddFact) -> AddFact:
        def react(
            event: OrderEvent,
            contact: ContactOfCustomer,
            order: Order,
            notices: NoticesOfOrder,
            *,
            at: datetime,
            trade: Trade,
            origin: Origin,
        ) -> Outcome:
            contact = contact or Contact.unknown(event.key)
            order = order or Fulfilment(id=identity(event), system=event.customer.system, order_id=event.order_id, reference=event.key)
            moment = iso(event.moment) or ""
            add(event, order, {"at": moment, "source": origin.source})
            order.belongs_to(origin.unit, moment)
            order.watch(trade.unit(trade.units.name_of(order.unit, contact.unit)), at)
            cause = origin.cause
            return [contact, order, *tell(order, notices, contact, trade=trade, at=at, correlation=cause.correlation, trace=cause.trace)]

        react.__name__, react.__qualname__, react.__doc__ = add.__name__, add.__qualname__, add.__doc__
        for contract in contracts:
            on(contract)(react)
        return add

    return register


@adds_to_the_order(OrderShipped)
def tell_that_it_shipped(event: OrderShipped, order: Fulfilment, fact: dict[str, Any]) -> None:
    """The customer learns the waybill number, the carrier and the expected arrival.  ORDR-06"""
    told = {"tracking_number": event.tracking_number, "tracking_url": event.tracking_url}
    known = {name: value for name, value in told.items() if value is not None}
    carrier = {name: value for name, value in vars(event.carrier).items() if value is not None}
    order.shipped(event.shipment_id, fact | known | {"carrier": carrier, "until": iso(event.expected_arrival_until)})


@adds_to_the_order(ShipmentDelayed)
def tell_that_it_is_late(event: ShipmentDelayed, order: Fulfilment, fact: dict[str, Any]) -> None:
    """One message tells the new date: what still waits with the old one is superseded.  ORDR-07"""
    order.troubled(event.shipment_id, fact | {"kind": "delayed", "reason": event.reason.value, "until": iso(event.expected_arrival_until)})


@adds_to_the_order(ShipmentExcepted)
def tell_what_is_wrong(event: ShipmentExcepted, order: Fulfilment, fact: dict[str, Any]) -> None:
    """Anything wrong that is not a delay is told first thing.  ORDR-07"""
    order.troubled(event.shipment_id, fact | {"kind": "excepted", "reason": event.reason.value, "until": iso(event.expected_arrival_until)})


@adds_to_the_order(OrderDelivered)
def call_off_what_is_over(event: OrderDelivered, order: Fulfilment, fact: dict[str, Any]) -> None:
    """Nobody is told that goods are on their way which they hold in their hands."""
    if event.shipment_id is not None or event.complete:
        order.delivered(event.shipment_id, fact)


@adds_to_the_order(OrderProductionProgressed)
def tell_how_production_goes(event: OrderProductionProgressed, order: Fulfilment, fact: dict[str, Any]) -> None:
    """Milestones that the profile names, and an expected completion that moved.  ORDR-05"""
    order.progressed(fact | {"milestone": event.milestone.value, "completion": iso(event.expected_completion)})


@on(OrderClosed)
def ask_how_content_they_are(
    event: OrderClosed, call: CallAboutOrder, contact: ContactAsItIs, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """With what they got and how they were served. An order that was written off is nothing to ask about.  ORDR-13, FLUP-13"""
    if event.reason is ClosingReason.WRITTEN_OFF:
        return []
    who, cause = whom(KnownCustomer, known, customer_of(event.key)), origin.cause
    unit = trade.units.name_of(origin.unit, who.unit)
    closed = Matter(about(event), ONCE, Reason.ORDER_CLOSED, who, unit, origin.source or "", cause.correlation, cause.trace, event.key)
    return ask_about_news(call, closed, event.closed_at, contact, at, trade=trade)
