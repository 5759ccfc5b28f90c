"""What a replay publishes: the events of the orders of a file, and declarations of their customers with made-up contacts."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from deploy.feed.happenings import Happening, happenings
from deploy.feed.orders import Order
from deploy.feed.publisher import Message
from shared.contracts import CustomerReference, Event
from shared.contracts.declarations import CustomerDeclared, CustomerKind
from shared.envelope import headers_of
from shared.ids import made_of, uuid7

SOURCE = "/shop"


@dataclass(frozen=True, slots=True)
class Plan:
    """How orders are told."""

    stamp_now: bool
    base_day: date
    new_ids: bool
    clock: Callable[[], datetime]

    def order_event(self, happening: Happening) -> Message:
        """The same row makes the same event ids, so that telling it twice is telling it once."""
        if self.stamp_now:
            at = self.clock()
            event = happening.told(at, (self.base_day - happening.order.day).days)
        else:
            at = happening.moment.astimezone(UTC)
            event = happening.told(at)
        return self.message(event, happening.order.order_id, at)

    def declaration(self, customer: CustomerReference) -> Message:
        return self.message(made_up(customer), str(customer), self.clock())

    def message(self, event: Event, about: str, at: datetime) -> Message:
        id = uuid7() if self.new_ids else made_of(SOURCE, about, event.name)
        headers = headers_of(source=SOURCE, id=str(id), type=event.name, time=at, subject=event.subject)
        return Message(event.topic, event.key.encode(), event.model_dump_json(exclude_none=True).encode(), headers)


@dataclass(frozen=True, slots=True)
class Step:
    """One event to be made when its turn comes."""

    type: str
    make: Callable[[], Message]


def steps(orders: Sequence[Order], plan: Plan, *, shuffle: int | None, contacts: bool) -> list[Step]:
    """As it happened, or in any order; half of the customers are declared before, half after."""
    told = [happening for order in orders for happening in happenings(order)]
    told.sort(key=lambda happening: happening.moment)
    if shuffle is not None:
        random.Random(shuffle).shuffle(told)
    customers = list(dict.fromkeys(order.customer for order in orders)) if contacts else []
    return [
        *(Step(CustomerDeclared.name, partial(plan.declaration, customer)) for customer in customers[::2]),
        *(Step(happening.type, partial(plan.order_event, happening)) for happening in told),
        *(Step(CustomerDeclared.name, partial(plan.declaration, customer)) for customer in customers[1::2]),
    ]


def made_up(customer: CustomerReference) -> CustomerDeclared:
    """Nobody real: a name and an address made of the id, at a domain that delivers nothing. E-mail knows no quiet hours."""
    handle = made_of(customer).hex[:12]
    return CustomerDeclared(
        customer=customer, kind=CustomerKind.PERSON, display_name=f"Customer {handle[:6]}", emails=[f"{handle}@example.com"],
        preferred_channel="email", language=("en", "zh-CN")[int(handle[0], 16) % 2],
    )  # fmt: skip
