"""The staff directory over HTTP: who works where, and how they can be found."""

from typing import Any

import pytest

from shared.permissions import PERMISSIONS
from tests.apis import Api
from tests.makers import Record, record, withdrawal
from tests.rooms import World
from tests.shared.an_api import token

STAFF = "/v1/staff"
PHONE, MAIL = "+862155550101", "lihua@example.com"


def declaration(staff_id: str = "s-1", **facts: Any) -> Record:
    body = {"staff_id": staff_id, "display_name": "李华", "unit": "headquarters", "posts": [], "active": True} | facts
    return record("staff.declared.v1", body, source="/hr")


def gone(staff_id: str) -> Record:
    return withdrawal(staff_id, topic="careloop.inbound.staff")


async def ids(api: Api, query: str = "", **claims: Any) -> list[str]:
    headers = {"Authorization": f"Bearer {token('viewer', **claims)}"}
    answer = await api.client.get(f"{STAFF}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [it["staff_id"] for it in answer.json()["items"]]


async def test_one_is_shown_with_all_but_their_contact_points(api: Api, customers: World) -> None:
    await customers.handle(
        declaration(
            posts=["quality_manager"], roles=["specialist"], skills=[{"code": "steel", "level": 4}], capacity_weight=0.5,
            absences=[{"from": "2026-02-01", "until": "2026-02-07"}, {"from": "2026-03-01"}], email=MAIL, phone=PHONE,
        )
    )  # fmt: skip
    answer = await api.ask("GET", f"{STAFF}/s-1")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json() == {
        "staff_id": "s-1", "display_name": "李华", "unit": "headquarters", "posts": ["quality_manager"], "roles": ["specialist"], "active": True,
        "email": "l***@example.com", "phone": "+86 21****0101", "version": 1,
        "skills": [{"code": "steel", "level": 4}], "weight": 0.5,
        "absences": [{"from": "2026-02-01", "until": "2026-02-07"}, {"from": "2026-03-01", "until": None}],
    }  # fmt: skip
    [listed] = (await api.get(STAFF))["items"]
    assert set(listed) == {"staff_id", "display_name", "unit", "posts", "roles", "active", "email", "phone", "version"}
    assert MAIL not in str(listed) and PHONE not in str(listed)


async def test_a_version_is_one_of_what_is_shown(api: Api, customers: World) -> None:
    await customers.handle(declaration(), declaration(), declaration(display_name="李花"), declaration(display_name="李花"))
    assert (await api.get(f"{STAFF}/s-1"))["version"] == 2


async def test_they_are_found_by_what_they_are(api: Api, customers: World) -> None:
    await customers.handle(
        declaration("s-1", roles=["specialist"], posts=["a"], skills=[{"code": "steel", "level": 4}]),
        declaration("s-2", roles=["specialist", "supervisor"], posts=["b", "c"], unit="overseas"),
        declaration("s-3", roles=["leader"], skills=[{"code": "steel", "level": 1}, {"code": "wood"}], active=False),
    )
    assert await ids(api) == ["s-1", "s-2", "s-3"]
    for query, found in {
        "?role=specialist": ["s-1", "s-2"], "?role=supervisor": ["s-2"], "?role=leader&role=supervisor": ["s-2", "s-3"], "?role=admin": [],
        "?post=c": ["s-2"], "?post=a&post=b": ["s-1", "s-2"], "?skill=steel": ["s-1"], "?unit=overseas": ["s-2"], "?active=true": ["s-1", "s-2"],
        "?active=false": ["s-3"], "?role=specialist&unit=headquarters": ["s-1"],
    }.items():  # fmt: skip
        assert await ids(api, query) == found, query
    page = await api.get(f"{STAFF}?limit=2&count=true")
    assert page["total"] == 3
    assert await ids(api, f"?limit=2&cursor={page['next']}") == ["s-3"]


async def test_of_those_who_left_the_name_stays_and_the_way_to_reach_them_goes(api: Api, customers: World) -> None:
    await customers.handle(declaration(email=MAIL, phone=PHONE, absences=[{"from": "2026-02-01"}]), gone("s-1"))
    told = await api.get(f"{STAFF}/s-1")
    assert (told["active"], told["display_name"], told["email"], told["phone"], told["absences"]) == (False, "李华", None, None, [])


async def test_somebody_of_whom_nothing_was_told_is_nobody(api: Api, customers: World) -> None:
    await customers.handle(gone("s-9"))
    assert await ids(api) == []
    for nobody in ("s-9", "s-10"):
        assert (await api.get(f"{STAFF}/{nobody}", status=404))["type"].endswith("/staff-not-found")


async def test_an_id_may_have_a_slash(api: Api, customers: World) -> None:
    await customers.handle(declaration("north/7"))
    assert (await api.get(f"{STAFF}/north/7"))["staff_id"] == "north/7"


async def test_each_sees_those_of_their_units(api: Api, customers: World) -> None:
    await customers.handle(declaration("s-1"), declaration("s-2", unit="overseas"))
    assert await ids(api, units=["overseas"]) == ["s-2"]
    answer = await api.client.get(f"{STAFF}/s-1", headers={"Authorization": f"Bearer {token('viewer', units=['overseas'])}"})
    assert answer.status_code == 404


@pytest.mark.parametrize("role", ["viewer", "integration", "privacy_officer", "specialist"])
async def test_whoever_may_read_it(api: Api, role: str) -> None:
    assert role in PERMISSIONS["staff.read"]
    assert (await api.ask("GET", STAFF, role=role)).status_code == 200
