"""What goes wrong with orders and messages becomes somebody's dated task, and is called off when it is over.  ORDR-07"""

from collections.abc import Sequence
from datetime import datetime

from services.followup.domain.fulfilment import Fulfilment
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.notice import Notice, State, is_old
from services.followup.domain.policy import Trade
from services.followup.domain.task import Kind, Task
from shared.ids import made_of
from shared.outcome import Outcome
from shared.profiles.chores import Chore
from shared.todo.telling import opened
from shared.worktime.counting import due

UNTOLD = frozenset((State.FAILED, State.AWAITING_CONTACT))


def due_at(chore: Chore, since: datetime, unit: str, trade: Trade) -> datetime:
    return due(since, chore.within, trade.calendar(unit)).at


def about(order: Fulfilment) -> str:
    return f"order:{order.order_id}"


def talk_to_the_carrier(
    order: Fulfilment, tasks: Sequence[Task], who: KnownCustomer, unit: str, source: str, *, trade: Trade, at: datetime
) -> Outcome:
    """One open task for a shipment, however much goes wrong with it; what goes wrong after it was done is another. Nobody runs after old news.
    `tasks`: about orders of this number."""
    chore = trade.policy(unit).carrier
    theirs = [it for it in tasks if it.kind == Kind.CARRIER and it.named_id == who.id]
    outcome: Outcome = []
    for task in theirs:
        if task.facts["shipment_id"] not in order.trouble:
            outcome += task.call_off(at)
    for shipment, moment in sorted(order.trouble.items()):
        if order.asked.get(shipment) == moment:
            continue
        id, since = made_of("task", order.id, shipment, moment), datetime.fromisoformat(moment)
        asked = any(it.id == id or (it.is_open and it.facts["shipment_id"] == shipment) for it in theirs)
        if asked or is_old(since, trade.policy(unit), at):
            continue
        outcome += opened(
            Task.open(
                id, Kind.CARRIER, role=chore.owner, about=about(order), unit=unit, source=source, at=at, due_at=due_at(chore, since, unit, trade),
                named_id=who.id, customer_id=who.customer_id, facts={"system": order.system, "shipment_id": shipment},
            ), at,
        )  # fmt: skip
    order.asked = order.trouble
    return [*outcome, who] if any(isinstance(it, Task) for it in outcome) else outcome


def tell_by_another_way(notice: Notice, task: Task | None, who: KnownCustomer, source: str, *, trade: Trade, at: datetime) -> Outcome:
    """Nobody is left untold because a gateway refused, or because nobody knows how to reach them."""
    chore = trade.policy(notice.unit).untold
    if notice.state is State.AWAITING_CONTACT and not notice.asked and at - notice.due_at < chore.after:
        return []  # somebody looked meanwhile
    notice.asked = notice.state in UNTOLD
    if task is None and is_old(notice.due_at, trade.policy(notice.unit), at):
        return []  # nobody runs after what has been so for long
    if not notice.asked:
        return task.call_off(at) if task else []
    if task:
        return task.open_again(at)
    told = {"kind": notice.kind.value, "order_id": notice.order_id, "why": notice.state.value}
    return [
        *opened(Task.open(
            made_of("task", notice.id), Kind.NOT_TOLD, role=chore.owner, about=f"notice:{notice.id}", unit=notice.unit, source=source, at=at,
            due_at=due_at(chore, at, notice.unit, trade), named_id=who.id, customer_id=who.customer_id, facts=told, correlation=notice.correlation,
        ), at),
        who,
    ]  # fmt: skip
