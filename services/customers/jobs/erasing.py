"""Takes away what the customer file keeps of those who are erased, and sees erasures through: begins what was approved, ends what all have answered."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import orjson
from asyncpg import Connection

from services.customers.actions import seeing_through
from services.customers.domain.erased import hashed
from services.customers.domain.wordless import without_words
from services.customers.store import erasing as store
from shared import erasing
from shared.clock import now
from shared.contracts.customers import ErasureCompleted
from shared.contracts.declarations import CustomerWithdrawn
from shared.erasing import ROWS, Round, Trace
from shared.imports import forgetting as imports
from shared.service import Job, Means


async def names(it: Round) -> int:
    """Claims become hashes, and the inbound topic forgets what was said under them. Before that their orders remember whose they were."""
    claims = await it.connection.fetch(store.CLAIMS, it.customers, ROWS)
    if not claims:
        return 0
    references, holders = [row["reference"] for row in claims], [row["customer_id"] for row in claims]
    stamped = int((await it.connection.execute(store.ORDERS, references, holders, ROWS)).split()[-1])
    if stamped == ROWS:
        return stamped  # and there may be more
    await it.connection.execute(store.HASHES, [hashed(it) for it in references], holders, it.customers, it.at)
    await it.connection.execute(store.UNCLAIM, references)
    it.announce([CustomerWithdrawn.from_key(reference) for reference in references])
    return len(claims)


async def tasks(it: Round) -> int:
    """Nobody has to ask them anything any more."""
    return await it.changed(store.TASKS, it.customers, ROWS, it.at)


async def orders(it: Round) -> int:
    """Orders stay, and are counted; the words in them go. What is told of one later loses its words as it comes."""
    found = await it.connection.fetch(store.WORDY, it.customers, ROWS)
    left = [orjson.dumps(without_words(row["facts"])).decode() for row in found]
    await it.connection.execute(store.WORDLESS, [row["id"] for row in found], left)
    return len(found)


async def no_ids(connection: Connection, customers: Sequence[UUID]) -> list[UUID]:
    """Names are known by their hashes here."""
    return []


async def by_its_hash(it: Round) -> Callable[[str], bool]:
    """All their names are hashes since it was begun."""
    hashes = frozenset(row["hash"] for row in await it.connection.fetch(store.NAMES, it.customers))
    return lambda reference: hashed(reference) in hashes


TRACES = [
    Trace("tasks", tasks),
    erasing.of_customers("consents", store.CONSENTS),
    erasing.of_customers("disclosures", store.DISCLOSURES),
    Trace("references", names),
    Trace("orders", orders),
    *imports.TRACES,
    erasing.of_customers("files", store.CUSTOMERS),
]


async def see_through(means: Means) -> bool:
    became = [
        *await seeing_through.begin(means.engine, now()),
        *await seeing_through.complete(means.engine, now()),
        *await seeing_through.remind(means.engine, now()),
    ]
    for outcome in became:
        means.metrics.erasure_requests_total.labels(outcome=outcome).inc()
    return any(it != "failed" for it in became)


JOBS = [
    *erasing.jobs("customers", ErasureCompleted, TRACES, names=no_ids, erased=store.ERASED, theirs=by_its_hash, needles=store.said),
    Job("erasures", see_through, timedelta(seconds=1)),
]
