"""API1, API3 and API5 of OWASP's ten: other people's objects, fields that are not one's own, functions that are not one's role's."""

import re
from typing import Any
from uuid import uuid4

from shared.permissions import PERMISSIONS, ROLES
from tests.owasp.conftest import Served, at_home, from_elsewhere
from tests.permissions import things
from tests.shared.an_api import token

SAME = "type", "title", "detail", "fix", "field"
PHONE, MAIL = re.compile(r"\+86[ -]?1\d{10}|(?<!\d)1[3-9]\d{9}(?!\d)"), re.compile(r"[A-Za-z0-9.]{2,}@[a-z]+\.")


async def test_api1_an_id_of_another_unit_is_as_absent_as_one_that_nobody_has(served: Served) -> None:
    """Tried: real ids of `headquarters`, with good tokens of `overseas`, at every door that takes one. The answer must not even tell that
    the id exists: it is compared, word for word, with the answer to an id that nobody has."""
    tried = 0
    for door in served.doors("GET", "POST"):
        if not things.is_about_one(door) or "{" not in door.path:
            continue
        bearer = from_elsewhere(served.role(door))
        theirs = await served.knock(door, bearer)
        nobody_s = {name: uuid4().hex if name in ("system", "id:path") else uuid4() for name in served.known}
        if "system" in nobody_s:
            nobody_s["system"] = "erp"
        absent = await served.knock(door, bearer, path=served.path(door, **nobody_s))
        assert theirs.status_code == 404, f"{door}: {theirs.text}"
        assert [theirs.json().get(it) for it in SAME] == [absent.json().get(it) for it in SAME], door
        tried += 1
    assert tried


async def test_api1_a_register_shows_nothing_of_another_unit_whatever_it_is_asked(served: Served) -> None:
    """Tried: every register from `overseas`, plainly, with `unit=headquarters`, with the ids of what is there, and counted."""
    tried = 0
    for door in served.registers():
        bearer = from_elsewhere(served.role(door))
        at_all = await served.knock(door, at_home(served.role(door)))
        if at_all.status_code != 200 or not all("unit" in it for it in at_all.json()["items"]):
            continue  # profiles and the like are the whole company's
        for question in ("count=true", "count=true&unit=headquarters", "count=true&unit=headquarters&unit=overseas"):
            answer = await served.knock(door, bearer, path=f"{served.path(door)}?{question}")
            assert answer.status_code in (200, 404, 422), f"{door}: {answer.text}"
            if answer.status_code == 200:
                assert (answer.json()["items"], answer.json()["total"]) == ([], 0), f"{door}?{question}"
                tried += 1
    assert tried


async def test_api1_a_cursor_does_not_carry_its_unit_along(served: Served) -> None:
    """Tried: a cursor of `headquarters`, used from `overseas`: where it goes on there must be nothing of the other unit."""
    for door in served.registers():
        role = served.role(door)
        first = await served.knock(door, at_home(role), path=f"{served.path(door)}?limit=1")
        if first.status_code == 200 and (cursor := first.json()["next"]):
            rest = await served.knock(door, from_elsewhere(role), path=f"{served.path(door)}?cursor={cursor}")
            assert not any(it.get("unit") == things.HOME for it in rest.json().get("items", ())), door


async def test_api3_no_body_takes_a_field_that_is_not_the_callers_to_set(served: Served) -> None:
    """Tried: `version`, `recorded_by`, `is_admin` and the like smuggled into every body that there is (mass assignment)."""
    tried = 0
    for door in served.doors("POST", "PUT"):
        told = served.document["paths"][door.path.replace(":path", "")][door.method.lower()]
        if "application/json" not in told.get("requestBody", {}).get("content", {}):
            continue  # a file has no fields
        good = things.said(door, served.known) or {}
        for field, value in {"version": 99, "recorded_by": "s-9", "is_admin": True, "created_at": "2020-01-01T00:00:00Z"}.items():
            answer = await served.knock(door, at_home(served.role(door)), body=good | {field: value})
            assert answer.status_code == 422, f"{door} {field}: {answer.status_code} {answer.text}"
            pointers = {it["pointer"] for it in answer.json().get("errors", ())} | {answer.json().get("field")}
            assert f"/{field}" in pointers, f"{door} {field}: {answer.text}"
        tried += 1
    assert tried


def test_api3_every_shape_that_is_sent_to_us_is_closed(served: Served) -> None:
    """Tried on the document: a body's schema, or one inside it, that would let unknown fields pass."""
    schemas = served.document["components"]["schemas"]
    bodies = [it["requestBody"] for path in served.document["paths"].values() for it in path.values() if "requestBody" in it]
    waiting, seen = re.findall(r"#/components/schemas/([^'\"]+)", str(bodies)), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        assert schemas[name].get("type") != "object" or schemas[name].get("additionalProperties") is False, name
        waiting += re.findall(r"#/components/schemas/([^'\"]+)", str(schemas[name]))
    assert seen


async def test_api3_no_answer_shows_a_contact_point_to_who_only_reads(served: Served) -> None:
    """Tried: every page that can be read, as every role that may read it, searched for numbers and mail addresses that are not masked."""
    for door in served.doors("GET"):
        if door.path.startswith("/v1/import-"):
            continue  # examples of ours, of nobody
        for role in PERMISSIONS[served.permissions[door]]:
            answer = await served.knock(door, at_home(role))
            if answer.status_code == 200:
                assert not PHONE.search(answer.text) and not MAIL.search(answer.text), f"{door} as {role}: {answer.text}"


ROLELESS: dict[str, Any] = {
    "none": [],
    "one that there is not": ["superuser"],
    "in another case": ["Admin"],
    "all of them at once": ["*"],
    "one string": "admin",
    "nested": [["admin"]],
    "by name": {"admin": True},
}


async def test_api5_who_has_no_role_of_ours_does_nothing(served: Served) -> None:
    """Tried: good tokens whose roles say nothing, or say it in a way that a careless reader takes for `admin`, at every door; with headers
    that some frameworks take a role or a method from. (Every door for every role: tests/permissions.)"""
    for kind, roles in ROLELESS.items():
        bearer = token(units=["*"], roles=roles)
        for door in served.doors():
            answer = await served.knock(door, bearer, X_Role="admin", X_User="admin", X_Original_URL="/docs", X_HTTP_Method_Override="GET")
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "not-your-role"), f"{kind}: {door}"


async def test_api5_no_method_opens_a_door_that_is_not_there(served: Served) -> None:
    """Tried: every other method on every path, as every role at once, and overriding the method of a read."""
    bearer = token(*ROLES, units=["*"])
    built = {(door.method, door.path) for door in served.doors()}
    for path in {door.path for door in served.doors()}:
        door = next(it for it in served.doors() if it.path == path)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
            if (method, path) not in built:
                answer = await served.api.client.request(method, served.path(door), headers={"Authorization": f"Bearer {bearer}"})
                another_door = method == "GET" and answer.status_code in (404, 422)  # `preview` read as the name of a profile
                assert answer.status_code == 405 or another_door, f"{method} {path}: {answer.status_code}"
