"""A spreadsheet on its way through a service's API and its worker's jobs."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx

from shared import imports
from shared.service import Means, Service
from tests.apis import Api
from tests.rooms import World
from tests.shared.an_api import token

FILE = "application/octet-stream"
Rows = Sequence[Mapping[str, Any]]


def as_csv(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


class Importing:
    """`come(kind, content, …)` begins an import, sends its file and lets the worker do all there is to do."""

    def __init__(self, api: Api, world: World, service: Service, *, kinds: Sequence[Any] | None = None) -> None:
        self.api, self.world = api, world
        self.means: Means = replace(api.means, settings=SimpleNamespace(database=world.dsn, config=None), pool=world.pool)
        self.jobs = {job.name: job for job in imports.jobs(service.imports if kinds is None else kinds)}

    async def come(
        self, kind: str, content: bytes, *, role: str = "admin", status: int = 200, media: str = FILE, **said: Any
    ) -> dict[str, Any]:
        id = await self.begin(kind, role=role, **said)
        await self.send(id, content, role=role, status=status, media=media)
        await self.work()
        return await self.at(id)

    async def begin(self, kind: str, *, role: str = "admin", **said: Any) -> str:
        answer = await self.api.ask("POST", "/v1/imports", {"kind": kind, **said}, role=role)
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    async def send(self, id: str, content: bytes, *, role: str = "admin", status: int = 200, media: str = FILE) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(role)}", "Content-Type": media}
        answer = await self.api.client.put(f"/v1/imports/{id}/file", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        return answer

    async def step(
        self, id: str, step: str, body: Any = None, *, status: int = 200, role: str = "admin", work: bool = True
    ) -> dict[str, Any]:
        answer = await self.api.ask("POST", f"/v1/imports/{id}/{step}", body, role=role)
        assert answer.status_code == status, answer.text
        if work:
            await self.work()
        told: dict[str, Any] = answer.json() if status >= 400 else await self.at(id)
        return told

    async def at(self, id: str) -> dict[str, Any]:
        told: dict[str, Any] = await self.api.get(f"/v1/imports/{id}")
        return told

    async def rows(self, id: str, query: str = "") -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = (await self.api.get(f"/v1/imports/{id}/rows{query}"))["items"]
        return told

    async def work(self, *names: str) -> None:
        """Until nothing is due."""
        for name in names or ("imports_read", "imports"):
            while await self.jobs[name].run(self.means):
                pass
