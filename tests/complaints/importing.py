"""A file of complaints through the API and the import's own work."""

from typing import Any

from services.complaints.app import service
from tests.apis import Api
from tests.importing import Importing
from tests.rooms import World


async def bring(world: World, api: Api, file: str | bytes, *, status: int = 200, **told: Any) -> dict[str, Any]:
    """To where it rests."""
    content = file.encode() if isinstance(file, str) else file
    return await Importing(api, world, service).come("complaints", content, status=status, media="text/csv", **{"system": "crm"} | told)


async def undo(world: World, api: Api, done: dict[str, Any], **told: Any) -> dict[str, Any]:
    return await Importing(api, world, service).step(done["id"], "reversal", told)


async def reasons(api: Api, done: dict[str, Any]) -> dict[int, list[tuple[str | None, str, str | None]]]:
    """Of the rows that failed: in which column, what is wrong, what to write instead."""
    rows = (await api.get(f"/v1/imports/{done['id']}/rows?state=failed&limit=200"))["items"]
    return {row["number"]: [(it["column"], it["message"], it["fix"]) for it in row["reasons"]] for row in rows}


def of_a_worker(world: World, api: Api) -> Any:
    return Importing(api, world, service).means
