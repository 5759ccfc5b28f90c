"""A file of complaints through the API and the import's own work."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from services.complaints.app import service
from shared import imports
from tests.apis import Api
from tests.rooms import World
from tests.shared.an_api import token


async def bring(world: World, api: Api, file: str | bytes, *, status: int = 200, **told: Any) -> dict[str, Any]:
    """To where it rests."""
    made = await api.ask("POST", "/v1/imports", {"kind": "complaints", "system": "crm", **told})
    assert made.status_code == 201, made.text
    place = made.headers["Location"]
    content = file.encode() if isinstance(file, str) else file
    sent = await api.client.put(
        f"{place}/file", content=content, headers={"Authorization": f"Bearer {token('admin')}", "Content-Type": "text/csv"}
    )
    assert sent.status_code == status, sent.text
    await work(world, api)
    found: dict[str, Any] = await api.get(place)
    return found


async def undo(world: World, api: Api, done: dict[str, Any], **told: Any) -> dict[str, Any]:
    answer = await api.ask("POST", f"/v1/imports/{done['id']}/reversal", told)
    assert answer.status_code == 200, answer.text
    await work(world, api)
    found: dict[str, Any] = await api.get(f"/v1/imports/{done['id']}")
    return found


async def reasons(api: Api, done: dict[str, Any]) -> dict[int, list[tuple[str | None, str, str | None]]]:
    """Of the rows that failed: in which column, what is wrong, what to write instead."""
    rows = (await api.get(f"/v1/imports/{done['id']}/rows?state=failed&limit=200"))["items"]
    return {row["number"]: [(it["column"], it["message"], it["fix"]) for it in row["reasons"]] for row in rows}


async def work(world: World, api: Api) -> None:
    """All that a worker would do for imports, until there is nothing left."""
    *jobs, _ = imports.jobs(service.imports)  # the last forgets what is old, by the database's clock
    while any([await it.run(of_a_worker(world, api)) for it in jobs]):
        pass


def of_a_worker(world: World, api: Api) -> Any:
    return replace(api.means, settings=SimpleNamespace(database=world.dsn, config=None), pool=world.pool)
