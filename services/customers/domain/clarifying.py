"""Whoever placed an order that lacks something is asked for it: that is somebody's task until the order is confirmed, or is none any more.  ORDR-02"""

from datetime import datetime

from services.customers.domain.claim import Claim
from services.customers.domain.order import Order, OrderState
from services.customers.domain.policy import Trade
from services.customers.domain.task import Kind, Task
from shared.ids import customer_of
from shared.outcome import Outcome
from shared.todo.telling import opened
from shared.worktime.counting import due


def ask(order: Order, task: Task | None, claim: Claim | None, unit: str, *, trade: Trade, at: datetime) -> Outcome:
    """`claim` says who the customer is (None: they are erased), `unit` whose matter it is. What is missing today, the order says."""
    order.asked = order.unclear
    if task is not None:
        if order.asked:
            return task.open_again(at)
        if order.state in (OrderState.CANCELLED, OrderState.CLARIFYING):  # there is nothing, or nobody, to ask any more
            return task.call_off(at)
        return task.finish(at)
    if claim is None or not order.asked:
        return []
    chore = trade.policy(unit).clarifying
    return opened(
        Task.open(
            order.id, Kind.CLARIFY, role=chore.owner, about=f"order:{order.order_id}", unit=unit, source=order.source, at=at,
            due_at=due(order.placed_at or at, chore.within, trade.calendar(unit)).at, named_id=customer_of(order.reference),
            customer_id=claim.customer_id, facts={"system": order.system},
        ), at,
    )  # fmt: skip
