"""What tests of tasks have in common: somebody's requests, and who works here."""

from dataclasses import replace
from typing import Any

import httpx

from shared.service import Job, Means
from tests.apis import Api
from tests.makers import record
from tests.rooms import World
from tests.shared.an_api import token


async def ask(api: Api, method: str, path: str, body: Any = None, *, sub: str, role: str, **headers: str) -> httpx.Response:
    """By one member of staff."""
    told = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": f"Bearer {token(role, sub=sub)}"}
    return await api.client.request(method, path, json=body, headers=told)


async def declare(world: World, staff_id: str, *roles: str, unit: str = "headquarters", active: bool = True, **facts: Any) -> None:
    """As the directory says it."""
    body = {"staff_id": staff_id, "display_name": "李华", "unit": unit, "posts": [], "roles": roles, "active": active} | facts
    await world.handle(record("staff.declared.v1", body, source="/hr", at=world.clock[0]))


def worker(api: Api, world: World) -> Means:
    """What a job has at hand."""
    return replace(api.means, pool=world.pool)


async def run(jobs: Any, name: str, means: Means) -> None:
    """A job until there is nothing left for it."""
    job: Job = next(it for it in jobs if it.name == name)
    while await job.run(means):
        pass
