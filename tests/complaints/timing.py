"""Deadlines of complaints as the edge shows them, and workers who let time pass."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from services.complaints.domain.clock import Watch
from shared.clocks import firing
from shared.health import Health
from shared.service import Means
from tests.apis import Api
from tests.complaints.making import NOON, TRADE
from tests.rooms import UNITS, World

# NOON is a Monday, 12:00 in Shanghai, where nobody works until 13:00.
OPENS = NOON + timedelta(hours=1)
CLOSES = NOON + timedelta(hours=6)


def means(world: World) -> Means:
    return Means(None, UNITS, world.room.gate.sources, world.room.metrics, Health("complaints", "worker"), world.engine, world.pool)


async def fired(world: World, workers: int = 2) -> list[str]:
    """What was announced while so many workers let time pass at once."""
    before = len(await world.announced())

    async def work() -> None:
        while await firing.fire(Watch, TRADE, means(world)):
            pass

    await asyncio.gather(*(work() for _ in range(workers)))
    return [f"{name.split('.')[1]} {body['milestone']}" for name, body in (await world.announced())[before:] if body]


async def deadlines(api: Api, id: Any) -> dict[tuple[int, str], dict[str, Any]]:
    items = (await api.get(f"/v1/complaints/{id}/deadlines"))["items"]
    return {(it["round"], it["milestone"]): it for it in items}


def states(found: dict[tuple[int, str], dict[str, Any]]) -> dict[str, str]:
    return {f"{milestone} {round}": it["state"] for (round, milestone), it in sorted(found.items())}


def z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def pause(api: Api, id: Any, role: str = "specialist", status: int = 200, **body: Any) -> dict[str, Any]:
    told = {"reason": "awaiting_customer", "until": z(NOON + timedelta(days=2))} | body
    answer = await api.ask("POST", f"/v1/complaints/{id}/pauses", told, role=role, If_Match="*")
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said
