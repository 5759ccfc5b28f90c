"""Opens a task for every order about which the customer has to be asked, and closes it when they need not be asked any more.  ORDR-02

Beside the stream of orders: a reaction only says how an order stands, and most stand well.
"""

from datetime import timedelta

from services.customers.domain.claim import Claim
from services.customers.domain.clarifying import ask
from services.customers.domain.order import Order
from services.customers.domain.policy import Trade
from services.customers.domain.task import Task
from shared.clock import now
from shared.jobs import in_one_batch
from shared.reactions import among
from shared.service import Job, Means

AT_ONCE = 200
MARKED = """
SELECT o.id, o.reference, coalesce(o.unit, c.unit, $2) AS unit
FROM orders AS o LEFT JOIN claim USING (reference) LEFT JOIN customer AS c ON c.id = claim.customer_id
WHERE (o.state = 'clarifying' AND o.erased_id IS NULL) <> o.asked ORDER BY o.id LIMIT $1"""


def job(trade: Trade) -> Job:
    async def look(means: Means) -> bool:
        assert means.pool
        async with means.pool.acquire() as connection:
            found = await connection.fetch(MARKED, AT_ONCE, trade.units.default)
        if not found:
            return False
        ids, references, units = [it["id"] for it in found], {it["reference"] for it in found}, {it["id"]: it["unit"] for it in found}
        wanted = [
            (among(Claim, reference=lambda _: references), references),
            (among(Order, id=lambda _: ids), ids),
            (among(Task, id=lambda _: ids), ids),
        ]
        async with in_one_batch(means.pool, wanted) as batch:
            claims, tasks = {it.reference: it for it in batch.of(Claim)}, {it.id: it for it in batch.of(Task)}
            for order in batch.of(Order):
                if order.reference in references:  # otherwise it turned out to be another's meanwhile: the next time
                    claim = claims.get(order.reference)
                    batch.keep(ask(order, tasks.get(order.id), claim, units[order.id], trade=trade, at=now()))
        return len(found) == AT_ONCE

    return Job("clarifying", look, timedelta(seconds=1))
