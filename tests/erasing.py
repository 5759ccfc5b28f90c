"""What a service hears when a customer is to be erased, the jobs that do it, and a look at all that it keeps afterwards."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.contracts.customers import ErasureRequested
from shared.ids import made_of, uuid7
from shared.replay import Record
from shared.service import Job, Means
from tests.makers import LONG_AGO, record
from tests.rooms import World


def asked_to_forget(customer: UUID, *merged: UUID, n: int = 1) -> Record:
    told = ErasureRequested(
        customer_id=customer, unit="headquarters", erasure_id=made_of("an erasure", n), merged=list(merged), requested_at=LONG_AGO
    )
    return record(told.name, told.model_dump(mode="json"), source="/careloop/customers", id=str(uuid7()), topic=told.topic, key=told.key)


async def forgotten(jobs: Sequence[Job], means: Means, *, again: bool = False) -> None:
    """Until nothing is left to do; `again`: also the look at what came later."""
    for _ in range(300):
        if not await jobs[0].run(means):
            break
    else:
        raise AssertionError("the job finds no end")
    if again:
        await jobs[1].run(means)


async def answers(world: World) -> list[dict[str, Any]]:
    return [body for type, body in await world.announced() if type == "erasure.completed.v1" and body]


async def everything_in(world: World, *, but: Sequence[str] = ("outbox", "audit")) -> str:
    """All that stands in any table. The outbox is on its way to topics that forget."""
    tables = await world.rows("pg_tables", "tablename", "schemaname = 'public' AND NOT tablename = ANY($1::text[])", list(but))
    found = [f"{name}: {it}" for name in (row["tablename"] for row in tables) for it in await world.rows(name)]
    return "\n".join(found)


def left_of(words: Sequence[str], text: str) -> list[str]:
    """Also as bytes are shown."""
    return [word for word in words if word in text or repr(word.encode())[2:-1] in text]
