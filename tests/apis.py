"""A service's real API over the database of its room, without a port: tokens are checked, transactions are committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shared.apart import at_hand
from shared.api import create_api
from shared.health import Health
from shared.metrics import Metrics
from shared.service import Means, Service
from shared.topics import SERVICES
from tests.rooms import UNITS, KnownSources, World
from tests.shared.an_api import a_door, jwks, token

at_hand(*(f"services.{name}.{module}" for name in sorted(SERVICES) for module in ("app", "api.sheets")))  # read once, not by each process


@dataclass
class Api:
    client: httpx.AsyncClient
    means: Means
    app: Any

    async def ask(self, method: str, path: str, body: Any = None, *, role: str = "admin", **headers: str) -> httpx.Response:
        told = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": f"Bearer {token(role)}"}
        return await self.client.request(method, path, json=body, headers=told)

    async def get(self, path: str, *, role: str = "admin", status: int = 200) -> Any:
        """The body of an answer with this status."""
        answer = await self.ask("GET", path, role=role)
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def api(service: Service, world: World, folder: Path) -> AsyncIterator[Api]:
    metrics, health = Metrics(service.name, "test"), Health(service.name, "api")
    keys = folder / "jwks.json"
    keys.write_text(jwks())
    means = Means(None, UNITS, KnownSources(), metrics, health, world.engine)
    app = create_api(service, means, a_door(str(keys), health, metrics))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield Api(client, means, app)
