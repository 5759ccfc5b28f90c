"""What every test of looking behind a mask says: which fields, for what, and which line it left."""

from typing import Any

import httpx

from tests.apis import Api
from tests.rooms import World


async def look(
    api: Api, path: str, *fields: str, purpose: str = "call_customer", role: str = "specialist", **headers: str
) -> httpx.Response:
    return await api.ask("POST", f"{path}/unmasking", {"purpose": purpose, "fields": list(fields)}, role=role, **headers)


async def lines(world: World, about: str) -> list[tuple[Any, ...]]:
    """By whom, what, for what, which fields, of which unit; the oldest first."""
    rows = await world.rows("audit", "*", "about = $1 ORDER BY seq", about)
    return [(row["by"], row["action"], row["purpose"], row["fields"], row["unit"]) for row in rows]


def reads(api: Api, field_class: str, purpose: str = "call_customer") -> float | None:
    labels = {"service": api.means.metrics.service, "field_class": field_class, "purpose": purpose}
    return api.means.metrics.registry.get_sample_value("careloop_pii_reads_total", labels)
