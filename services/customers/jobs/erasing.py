"""Takes away what the customer file keeps of those who are erased, and sees erasures through: begins what was approved, ends what all have answered."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Connection

from services.customers.actions import erasing as acting
from services.customers.domain.erased import hashed
from services.customers.store import erasing as store
from shared import erasing
from shared.clock import now
from shared.contracts.customers import ErasureCompleted
from shared.contracts.declarations import CustomerWithdrawn
from shared.erasing import ROWS, Round, Trace
from shared.service import Job, Means


async def names(it: Round) -> int:
    """Claims become hashes, and the inbound topic forgets what was said under them. Before that their orders remember whose they were."""
    claims = await it.connection.fetch(store.CLAIMS, it.ids, ROWS)
    if not claims:
        return 0
    references, holders = [row["reference"] for row in claims], [row["customer_id"] for row in claims]
    stamped = int((await it.connection.execute(store.ORDERS, references, holders, ROWS)).split()[-1])
    if stamped == ROWS:
        return stamped  # and there may be more
    await it.connection.execute(store.HASHES, [hashed(it) for it in references], holders, it.ids, it.at)
    await it.connection.execute(store.UNCLAIM, references)
    it.announce([CustomerWithdrawn.from_key(reference) for reference in references])
    return len(claims)


async def tasks(it: Round) -> int:
    """Nobody has to ask them anything any more."""
    return int((await it.connection.execute(store.TASKS, it.ids, ROWS, it.at)).split()[-1])


async def they_themselves(connection: Connection, customers: Sequence[UUID]) -> list[UUID]:
    """Here all their ids are known from the beginning."""
    return sorted(customers)


TRACES = [
    Trace("tasks", tasks),
    erasing.rows("consents", store.CONSENTS),
    erasing.rows("disclosures", store.DISCLOSURES),
    Trace("references", names),
    erasing.rows("files", store.CUSTOMERS),
]


async def see_through(means: Means) -> bool:
    begun = await acting.begin(means.engine, now())
    means.metrics.erasure_requests_total.labels(outcome="begun").inc(begun)
    ended = await acting.complete(means.engine, now())
    means.metrics.erasure_requests_total.labels(outcome="completed").inc(ended)
    return bool(begun or ended)


JOBS = [
    *erasing.jobs("customers", ErasureCompleted, TRACES, names=they_themselves, erased=store.ERASED, needles=store.words),
    Job("erasures", see_through, timedelta(seconds=1)),
]
