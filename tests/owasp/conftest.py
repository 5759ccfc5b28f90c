"""Each service as it is served, with one of each thing in the unit `headquarters`, and a caller who means harm."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.permissions import PERMISSIONS
from tests.apis import Api
from tests.apis import api as over
from tests.customers.conftest import _customers, api, customers
from tests.permissions import things
from tests.permissions.doors import SERVICES, Door
from tests.rooms import UNITS, World, world
from tests.shared.an_api import token

__all__ = ["ELSEWHERE", "HOME", "Served", "_customers", "api", "at_home", "customers", "from_elsewhere"]
HOME, ELSEWHERE = things.HOME, "overseas"


@dataclass
class Served:
    """One service."""

    name: str
    api: Api
    room: World
    known: dict[str, Any]
    permissions: dict[Door, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        told: dict[str, Any] = self.api.app.openapi()
        return told

    def doors(self, *methods: str) -> Iterator[Door]:
        return (it for it in sorted(self.permissions) if not methods or it.method in methods)

    def registers(self) -> Iterator[Door]:
        """Lists that are read page by page."""
        for door in self.doors("GET"):
            asked = self.document["paths"][door.path.replace(":path", "")]["get"].get("parameters", ())
            if any(it["name"] == "cursor" for it in asked):
                yield door

    def role(self, door: Door) -> str:
        """One that may go through."""
        return min(PERMISSIONS[self.permissions[door]])

    def path(self, door: Door, **others: Any) -> str:
        """With the ids of what is there; what is not, with one that nothing has."""
        path = door.path
        for name, value in (self.known | others).items():
            path = path.replace(f"{{{name}}}", str(value))
        while "{" in path:
            before, _, rest = path.partition("{")
            path = f"{before}{uuid4()}{rest.partition('}')[2]}"
        return path

    async def knock(self, door: Door, bearer: str | None, *, path: str = "", body: Any = None, **headers: str) -> httpx.Response:
        told = {"If-Match": '"1"'} | {name.replace("_", "-"): it for name, it in headers.items()}
        if bearer is not None:
            told["Authorization"] = f"Bearer {bearer}"
        said = things.said(door, self.known) if body is None else body
        return await self.api.client.request(door.method, path or self.path(door), json=said, headers=told)


@pytest.fixture(params=SERVICES)
async def served(request: pytest.FixtureRequest, databases: Any, tmp_path: Path) -> AsyncIterator[Served]:
    app = import_module(f"services.{request.param}.app")
    async with (
        world(databases, app.service, circumstances={"trade": app.trade_of(UNITS)}) as room,
        over(app.service, room, tmp_path) as api,
    ):
        known = await getattr(things, request.param)(api, room)
        permissions = {
            Door(request.param, method, route.path): route.permission
            for router in app.service.routers()
            for route in router.routes
            for method in route.methods
        }
        yield Served(request.param, api, room, known, permissions)


def at_home(role: str, **claims: Any) -> str:
    return token(role, units=[HOME], **claims)


def from_elsewhere(role: str) -> str:
    return token(role, units=[ELSEWHERE], sub="s-666")
