"""Opens tasks for what goes wrong with shipments and messages, each once, by whichever worker is first.  ORDR-07"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.followup.domain import chores
from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.notice import Notice
from services.followup.domain.policy import Trade
from services.followup.domain.task import Task
from shared.clock import now
from shared.ids import customer_of, made_of
from shared.jobs import in_one_batch
from shared.known import whom
from shared.reactions import among
from shared.service import Job, Means
from shared.topics import source_of

AT_ONCE = 100
TROUBLED = "SELECT id, reference, order_id FROM fulfilment WHERE trouble <> asked ORDER BY id LIMIT $1"
FAILED = "SELECT id, reference FROM notice WHERE state = 'failed' AND NOT asked ORDER BY id LIMIT $1"
TOLD = "SELECT id, reference FROM notice WHERE asked AND state NOT IN ('failed', 'awaiting_contact') ORDER BY id LIMIT $1"
WAITING = """
SELECT id, reference FROM notice WHERE state = 'awaiting_contact' AND NOT asked AND unit = ANY($2) AND due_at <= $3 ORDER BY id LIMIT $1"""
SOURCE = source_of("followup")


def jobs(trade: Trade) -> Sequence[Job]:
    return [
        Job("carriers", lambda means: ask_carriers(trade, means), timedelta(seconds=1)),
        Job("untold", lambda means: tell_the_untold(trade, means), timedelta(seconds=1)),
    ]


async def ask_carriers(trade: Trade, means: Means) -> bool:
    """Somebody talks to the carrier of what is in trouble, and of what is not any more nobody does."""
    found = await fetched(means, TROUBLED)
    if not found:
        return False
    ids, references = [row["id"] for row in found], list({row["reference"] for row in found})
    named, things = [customer_of(it) for it in references], list({f"order:{row['order_id']}" for row in found})
    wanted = [
        (among(Contact, reference=lambda _: references, lock=False), references),
        (among(Fulfilment, id=lambda _: ids), ids),
        (among(KnownCustomer, id=lambda _: named), named),
        (among(Task, about=lambda _: things), things),
    ]
    async with in_one_batch(means.pool, wanted) as batch:
        contacts, known = {it.reference: it for it in batch.of(Contact)}, {it.id: it for it in batch.of(KnownCustomer)}
        tasks: dict[str, list[Task]] = {}
        for task in batch.of(Task):
            tasks.setdefault(task.about, []).append(task)
        for order in batch.of(Fulfilment):
            contact, who = contacts.get(order.reference), customer_of(order.reference)
            unit = trade.units.name_of(order.unit, contact.unit if contact else None)
            theirs = tasks.get(chores.about(order), [])
            known[who] = whom(KnownCustomer, known.get(who), who)
            batch.keep(chores.talk_to_the_carrier(order, theirs, known[who], unit, SOURCE, trade=trade, at=now()))
    return len(found) == AT_ONCE


async def tell_the_untold(trade: Trade, means: Means) -> bool:
    """Messages that failed, that wait for a contact for too long, and those that were told after all."""
    found = [*await fetched(means, FAILED), *await fetched(means, TOLD)]
    waits: dict[timedelta, list[str]] = {}
    for unit in trade.units.units:
        waits.setdefault(trade.policy(unit).untold.after, []).append(unit)
    for after, units in waits.items():
        found += await fetched(means, WAITING, units, now() - after)
    if not found:
        return False
    ids, named = [row["id"] for row in found], list({customer_of(row["reference"]) for row in found})
    made = [made_of("task", id) for id in ids]
    wanted = [
        (among(KnownCustomer, id=lambda _: named), named),
        (among(Notice, id=lambda _: ids), ids),
        (among(Task, id=lambda _: made), made),
    ]
    async with in_one_batch(means.pool, wanted) as batch:
        known, tasks = {it.id: it for it in batch.of(KnownCustomer)}, {it.id: it for it in batch.of(Task)}
        for notice in batch.of(Notice):
            who = customer_of(notice.reference)
            known[who] = whom(KnownCustomer, known.get(who), who)
            task = tasks.get(made_of("task", notice.id))
            batch.keep(chores.tell_by_another_way(notice, task, known[who], SOURCE, trade=trade, at=now()))
    return len(found) >= AT_ONCE


async def fetched(means: Means, query: str, *values: Any) -> list[Any]:
    assert means.pool
    async with means.pool.acquire() as connection:
        return list(await connection.fetch(query, AT_ONCE, *values))
