"""Registers: whole, in order and without repeats, also while rows come and go; and a question that is not understood is not answered wrongly."""

import inspect
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import registry
from sqlmodel import Field

from shared.entities import Entity
from shared.http import Moment
from shared.ids import uuid7
from shared.paging import Page, Register
from shared.problems import Malformed
from tests.shared.an_api import THINGS, Running, Thing, ThingView

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


async def put(api: Running, *rows: tuple[str, int, str]) -> None:
    """Things: name, minute, colour."""
    async with api.means.engine.begin() as connection:
        await connection.execute(
            insert(Thing),
            [
                {"id": uuid7(), "name": name, "colour": colour, "made_at": BEGAN + timedelta(minutes=minute), "version": 1}
                for name, minute, colour in rows
            ],
        )


async def get(api: Running, **params):
    return await api.client.get("/v1/things", params=params, headers=api.auth())


async def walk(api: Running, between=None, **params) -> list[str]:
    seen, cursor = [], None
    while True:
        page = (await get(api, **params, **({"cursor": cursor} if cursor else {}))).json()
        seen += [it["name"] for it in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return seen
        if between:
            await between()


async def test_pages_are_whole_and_newest_first(api: Running):
    await put(api, *((f"n{n:02}", n // 3, "grey") for n in range(23)))  # three at each moment: the id decides
    first = (await get(api, limit=10)).json()
    assert set(first) == {"items", "next"} and len(first["items"]) == 10
    assert await walk(api, limit=10) == [f"n{n:02}" for n in reversed(range(23))]
    assert await walk(api, limit=23) == await walk(api, limit=1) == await walk(api)


async def test_what_comes_and_goes_meanwhile_repeats_and_hides_nothing_else(api: Running):
    await put(api, *((f"n{n:02}", n, "grey") for n in range(20)))
    made = iter(range(100))

    async def somebody_adds_one() -> None:
        n = next(made)
        await put(api, (f"later{n}", 1000 + n, "grey"), (f"earlier{n}", -n - 1, "grey"))

    seen = await walk(api, between=somebody_adds_one, limit=3)
    assert [it for it in seen if it.startswith("n")] == [f"n{n:02}" for n in reversed(range(20))]
    assert len(seen) == len(set(seen))


async def test_filters_and_total(api: Running):
    await put(api, ("a", 0, "red"), ("b", 1, "blue"), ("c", 2, "red"), ("d", 3, "green"))
    told = (await get(api, colour="red", count="true", limit=1)).json()
    assert told["total"] == 2 and len(told["items"]) == 1
    assert await walk(api, colour=["red", "blue"], limit=1) == ["c", "b", "a"]
    assert await walk(api, colour="red", name="a") == ["a"]
    assert (await get(api, made_at=(BEGAN + timedelta(minutes=1)).isoformat())).json()["items"][0]["name"] == "b"
    assert (await get(api, colour="mauve", count="true")).json() == {"items": [], "next": None, "total": 0}


async def test_what_is_not_understood_is_said(api: Running):
    unknown = await get(api, color="red")
    assert unknown.status_code == 422 and unknown.json()["field"] == "color"
    assert unknown.json()["fix"] == "Use one of colour, count, cursor, encoding, format, headings, id, limit, made_at, name."
    for wrong in (
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"count": "perhaps"},
        {"id": "1"},
        {"made_at": "yesterday"},
        {"made_at": "2026"},
    ):
        answer = await get(api, **wrong)
        assert answer.status_code == 422 and answer.json()["field"] == next(iter(wrong)), wrong
    assert (await get(api, limit=200)).status_code == 200
    for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        assert (await get(api, made_at=beyond)).status_code == 422


def test_filters_have_the_types_of_their_columns():
    types = {name: it.annotation.__origin__ for name, it in inspect.signature(THINGS).parameters.items() if name.startswith("filter_")}
    assert types == {"filter_name": list[str], "filter_colour": list[str], "filter_id": list[UUID], "filter_made_at": list[Moment]}


async def test_cursors_are_ours_and_for_one_question(api: Running):
    await put(api, ("a", 0, "red"), ("b", 1, "red"))
    cursor = (await get(api, limit=1, colour="red")).json()["next"]
    other = await get(api, limit=1, cursor=cursor)
    assert other.status_code == 400 and other.json()["field"] == "cursor"
    assert (await get(api, limit=5, colour="red", cursor=cursor)).json()["items"][0]["name"] == "a"
    for rubbish in (
        "x",
        "é",
        "bm90aGluZw",
        cursor[:-3],
        urlsafe_b64encode(b'["q","2026-01-01T00:00:00Z"]').decode(),
        urlsafe_b64encode(b'["q",1,2,3]').decode(),
    ):
        answer = await get(api, limit=1, colour="red", cursor=rubbish)
        assert answer.status_code == 400 and answer.json()["type"].endswith("/malformed"), rubbish


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=80))
def test_no_cursor_is_a_fault_of_ours(cursor: str):
    with pytest.raises(Malformed):
        THINGS._read(cursor, "no question has this")


class Drawer(Entity, registry=registry()):
    """The registry of a thing that is in no order."""


class Loose(Drawer, table=True):
    id: int = Field(primary_key=True)
    due_at: datetime | None = None


def test_a_register_is_not_ordered_by_what_may_be_null():
    with pytest.raises(TypeError, match="null"):
        Register(Loose, by=(Loose.due_at, Loose.id), filters=())


def test_a_register_is_told_whole_in_the_document() -> None:
    """Whoever generates a client sees the items, and that the total is there only for whoever asks."""
    told = Page[ThingView].model_json_schema(mode="serialization")
    assert told["properties"].keys() == {"items", "next", "total"} and told["properties"]["items"]["items"] == {"$ref": "#/$defs/ThingView"}
    assert "total" not in Page[ThingView](items=[]).model_dump() and Page[ThingView](items=[], total=0).model_dump()["total"] == 0
