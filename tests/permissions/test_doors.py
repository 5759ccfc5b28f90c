"""Everybody tries every door: in the unit where the thing is, and from another unit, where it looks absent."""

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.permissions import ROLES as ALL_ROLES
from tests.apis import Api
from tests.apis import api as over
from tests.permissions import things
from tests.permissions.doors import ROLES, SERVICES, Door, doors, expected
from tests.rooms import UNITS, world
from tests.shared.an_api import token

TOLD = expected()
MAY_BE_EMPTY = {f"{service} GET /v1/{it}" for service in SERVICES for it in ("parked", "stopped", "profiles", "exports")} | {
    "customers GET /v1/events",  # none of its events is kept
    "complaints GET /v1/statistics", "followup GET /v1/statistics",  # where nothing is asked by
    *(f"{service} POST /v1/profiles/preview" for service in SERVICES),  # nothing would move
    "reception GET /v1/late-answers", "followup GET /v1/surveys", "followup GET /v1/notices/{notice_id}/deadlines",
}  # fmt: skip
NAMED = {
    "parked_id": "01990000-0000-7000-8000-000000000000",
    "export_id": "01990000-0000-7000-8000-000000000000",
    "name": "standard",
    "topic:path": "careloop.inbound.orders",
}


def test_the_words_of_the_regulations_name_every_role() -> None:
    assert set(ROLES.values()) == ALL_ROLES


@pytest.mark.parametrize("service", SERVICES)
def test_every_door_stands_in_the_table_and_the_table_has_no_other(service: str) -> None:
    built, told = set(doors(service)), {door for door in TOLD if door.service == service}
    assert sorted(map(str, built - told)) == [], "a door that nobody has said anything about"
    assert sorted(map(str, told - built)) == [], "there is no such door"


@pytest.fixture(params=SERVICES)
async def walked(request: pytest.FixtureRequest, databases: Any, tmp_path: Path) -> AsyncIterator[tuple[Api, dict[str, Any], list[Door]]]:
    """A service with one of each thing in it."""
    app = import_module(f"services.{request.param}.app")
    async with (
        world(databases, app.service, circumstances={"trade": app.trade_of(UNITS)}) as room,
        over(app.service, room, tmp_path) as api,
    ):
        known = await getattr(things, request.param)(api, room)
        in_order = sorted(doors(request.param), key=lambda door: (door.method != "GET", door.path.count("/"), door))
        yield api, NAMED | known, in_order


async def knock(api: Api, door: Door, known: dict[str, Any], role: str, unit: str) -> tuple[int, str, Any]:
    """Status, kind of problem, body."""
    path = door.path
    for name, value in known.items():
        path = path.replace(f"{{{name}}}", str(value))
    assert "{" not in path, f"{door}: the walk has no such thing; make one in things.py"
    headers = {"Authorization": f"Bearer {token(role, units=[unit], sub=f'{role}-{unit}')}", "If-Match": '"1"'}
    answer = await api.client.request(door.method, path, json=things.said(door, known), headers=headers)
    body = answer.json() if "json" in answer.headers.get("content-type", "") else None
    kind = body["type"].rpartition("/")[2] if isinstance(body, dict) and answer.status_code >= 400 else ""
    return answer.status_code, kind, body


async def test_who_goes_through(walked: tuple[Api, dict[str, Any], list[Door]]) -> None:
    api, known, in_order = walked
    wrong: list[str] = []
    for door in in_order:
        for role in sorted(ALL_ROLES):
            for unit in ("overseas", things.HOME):
                status, kind, body = await knock(api, door, known, role, unit)
                said = f"{door} as {role} of {unit}: {status} {kind}"
                if role not in TOLD[door]:
                    right = (status, kind) == (403, "not-your-role")
                elif unit != things.HOME and things.is_about_one(door):
                    right = status == 404
                else:
                    right = status < 500 and status not in (401, 404, 405) and kind != "not-your-role"
                    right = right or (status == 404 and any(it in door.path for it in ("parked_id", "topic", "export_id")))
                if not right:
                    wrong.append(said)
                if status == 200 and isinstance(body, dict) and "items" in body:
                    units = {it["unit" if "unit" in it else "orgunit"] for it in body["items"] if {"unit", "orgunit"} & it.keys()}
                    if not units <= {unit}:
                        wrong.append(f"{said}, with things of {units}")
                    if unit == things.HOME and role == "admin" and not body["items"] and str(door) not in MAY_BE_EMPTY:
                        wrong.append(f"{said}, and nothing to tell units apart by; make one in things.py")
    assert wrong == []
