"""An expected arrival that passed is noticed here, by a clock of our own.  ORDR-07"""

from datetime import timedelta

from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment
from services.followup.domain.notice import Notice, tell
from services.followup.domain.policy import Trade
from shared.clock import now
from shared.jobs import in_one_batch
from shared.reactions import among
from shared.service import Job, Means

AT_ONCE = 200
DUE = "SELECT id, reference FROM fulfilment WHERE arrival_due_at <= $1 ORDER BY arrival_due_at LIMIT $2"


def job(trade: Trade) -> Job:
    async def look(means: Means) -> bool:
        assert means.pool
        at = now()
        async with means.pool.acquire() as connection:
            due = await connection.fetch(DUE, at, AT_ONCE)
        if not due:
            return False
        ids, references = [row["id"] for row in due], [row["reference"] for row in due]
        wanted = [
            (among(Contact, reference=lambda _: references), references),
            (among(Fulfilment, id=lambda _: ids), ids),
            (among(Notice, fulfilment_id=lambda _: ids), ids),
        ]
        async with in_one_batch(means.pool, wanted) as batch:
            contacts = {contact.reference: contact for contact in batch.of(Contact)}
            notices: dict[object, list[Notice]] = {}
            for notice in batch.of(Notice):
                notices.setdefault(notice.fulfilment_id, []).append(notice)
            for order in batch.of(Fulfilment):
                if order.arrival_due_at is None or order.arrival_due_at > at:
                    continue  # somebody else looked meanwhile
                contact = contacts[order.reference]
                means.metrics.timer_delay_seconds.labels(kind="arrival").observe((at - order.arrival_due_at).total_seconds())
                unit = trade.unit(trade.units.name_of(order.unit, contact.unit))
                order.overdue(unit, at)
                order.watch(unit, at)
                batch.keep(tell(order, notices.get(order.id, []), contact, trade=trade, at=at))
        return len(due) == AT_ONCE

    return Job("arrivals", look, timedelta(seconds=1))
