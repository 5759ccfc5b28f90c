"""A service's own copy of who works here: declarations and withdrawals in any order, absences, and what is not kept of those who left."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from importlib import import_module
from itertools import permutations
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError
from sqlalchemy.orm import registry

from shared import staff
from shared.contracts.declarations import StaffDeclared
from shared.contracts.problems import problems_of
from shared.contracts.registry import INBOUND_TYPES
from shared.entities import Entity
from shared.known import Place
from tests.makers import Record, record, withdrawal
from tests.rooms import UNITS, World, world

STAFF = "staff.declared.v1"
TOPIC = "careloop.inbound.staff"
DAY = date(2026, 1, 5)


class Working(Entity, registry=registry()):
    """Entities of a made-up service."""


class Colleague(staff.Colleague, Working, table=True):
    __table_args__ = staff.indexes()


def says(staff_id: str = "s-1", **facts: Any) -> dict[str, Any]:
    return {"staff_id": staff_id, "display_name": "李华", "unit": "headquarters", "posts": [], "active": True} | facts


def told(**facts: Any) -> StaffDeclared:
    return StaffDeclared.model_validate(says(**facts))


def away(*spans: tuple[str | None, str | None]) -> Colleague:
    return Colleague(id="s-1", unit="headquarters", active=True, absences=[{"from": first, "until": last} for first, last in spans])


@pytest.mark.parametrize(("spans", "until"), [
    ([], None),
    ([("2026-01-05", "2026-01-05")], date(2026, 1, 5)),
    ([("2026-01-01", "2026-01-04"), ("2026-01-06", None)], None),
    ([("2026-01-01", "2026-01-09")], date(2026, 1, 9)),
    ([("2026-01-07", "2026-01-20"), ("2026-01-01", "2026-01-06")], date(2026, 1, 20)),  # one follows on the other
    ([("2026-01-04", "2026-01-06"), ("2026-01-05", "2026-01-08"), ("2026-01-05", "2026-01-08")], date(2026, 1, 8)),
    ([("2026-01-04", "2026-01-06"), ("2026-01-08", "2026-01-09")], date(2026, 1, 6)),
    ([("2026-01-05", None)], date.max),
    ([(None, "2026-01-06")], date(2026, 1, 6)),
])  # fmt: skip
def test_absences_count_both_their_days(spans: list[tuple[str | None, str | None]], until: date | None) -> None:
    colleague = away(*spans)
    assert (colleague.away_until(DAY), colleague.is_there(DAY)) == (until, until is None)


def test_whoever_left_is_never_there() -> None:
    colleague = away()
    colleague.active = False
    assert not colleague.is_there(DAY) and colleague.away_until(DAY) is None


DAYS = some.integers(0, 12).map(lambda days: DAY + timedelta(days))


@given(some.lists(some.tuples(DAYS, DAYS).map(sorted), max_size=5), DAYS)
def test_they_are_back_on_the_first_day_that_no_absence_has(spans: list[list[date]], day: date) -> None:
    colleague = away(*((first.isoformat(), last.isoformat()) for first, last in spans))
    days = {first + timedelta(n) for first, last in spans for n in range((last - first).days + 1)}
    back = next(day + timedelta(n) for n in range(20) if day + timedelta(n) not in days)
    assert colleague.away_until(day) == (back - timedelta(1) if back > day else None)


Said = tuple[StaffDeclared | None, Place]
FACTS = some.fixed_dictionaries({
    "unit": some.sampled_from(["headquarters", "overseas"]),
    "roles": some.lists(some.sampled_from(["specialist", "supervisor"]), max_size=2),
    "posts": some.lists(some.just("quality_manager"), max_size=1),
    "capacity_weight": some.sampled_from([None, 0.5]),
    "active": some.booleans(),
})  # fmt: skip
WORDS = some.lists(some.none() | FACTS, min_size=1, max_size=5).map(
    lambda words: [(facts and told(**facts), (0, offset)) for offset, facts in enumerate(words)]
)


def state_after(said: list[Said]) -> dict[str, Any]:
    row: Colleague | None = None
    for event, place in said:
        if event:
            [it] = staff.hear(Colleague, row, event, place, units=UNITS)
        else:
            [it] = staff.let_go(Colleague, row, "s-1", place, units=UNITS)
        assert isinstance(it, Colleague)
        row = it
    assert row
    return {name: value for name, value in row.__dict__.items() if name in Colleague.model_fields and name != "news"}


@given(WORDS.flatmap(lambda said: some.tuples(some.just(said), some.permutations([*said, *said[:2]]))))
def test_any_order_of_arrival_ends_alike(orders: tuple[list[Said], list[Said]]) -> None:
    in_order, arrived = orders
    end = state_after(arrived)
    assert end == state_after(in_order)
    last = in_order[-1][0]
    assert end["active"] == bool(last and last.active)


def test_what_things_hang_on_is_news_and_the_rest_is_not() -> None:
    row = Colleague(id="s-1", unit="headquarters")
    row.hear(told(roles=["specialist"]), (0, 1))
    assert not row.news  # nothing can hang on somebody who was not known
    for place, (facts, is_news) in enumerate([
        ({"roles": ["specialist"], "posts": ["quality_manager"], "capacity_weight": 2.0}, False),
        ({"roles": []}, True),
        ({"roles": [], "unit": "overseas"}, True),
        ({"roles": [], "unit": "overseas", "absences": [{"from": "2026-02-01"}]}, True),
        ({"roles": [], "unit": "overseas", "absences": [{"from": "2026-02-01"}]}, False),
        ({"roles": [], "unit": "overseas", "active": False}, True),
    ], 2):  # fmt: skip
        row.news = False
        row.hear(StaffDeclared.model_validate_json(orjson.dumps(says(**facts))), (0, place))
        assert row.news == is_news, facts
    row.hear(told(), (0, 20))
    row.news = False
    row.leave((0, 21))
    assert row.news


def test_an_absence_that_ends_before_it_begins_is_told_where_it_stands() -> None:
    absences = [{"from": "2026-02-01", "until": "2026-02-01"}, {"until": "2026-01-01"}, {"from": "2026-02-02", "until": "2026-02-01"}]
    with pytest.raises(ValidationError) as caught:
        INBOUND_TYPES[STAFF].model_validate_json(orjson.dumps(says(absences=absences)))
    assert [(it.pointer, it.message) for it in problems_of(caught.value)] == [("/absences/2", "It ends before it begins.")]


# -- through the room of each service


SERVICES = "complaints", "customers", "followup", "reception"


@pytest.fixture(scope="module", params=SERVICES)
async def _room(request, databases) -> AsyncIterator[World]:
    async with world(databases, import_module(f"services.{request.param}.app").service) as room:
        yield room


@pytest.fixture
async def room(_room: World) -> AsyncIterator[World]:
    await _room.empty()
    yield _room


def declaration(staff_id: str = "s-1", *, id: str | None = None, offset: int | None = None, **facts: Any) -> Record:
    return record(STAFF, says(staff_id, **facts), source="/hr", id=id, offset=offset)


def gone(staff_id: str = "s-1", *, offset: int | None = None) -> Record:
    return withdrawal(staff_id, topic=TOPIC, offset=offset)


FULL: dict[str, Any] = {
    "posts": ["quality_manager"], "roles": ["specialist", "supervisor"], "skills": [{"code": "steel", "level": 4}], "capacity_weight": 0.5,
    "absences": [{"from": "2026-02-01", "until": "2026-02-07"}, {"from": "2026-03-01", "until": None}, {}], "email": "lihua@example.com",
    "phone": "+862155550101",
}  # fmt: skip


async def test_a_declaration_is_a_colleague(room: World) -> None:
    await room.handle(declaration(**FULL))
    [row] = await room.rows("colleague")
    assert (row["id"], row["unit"], row["posts"], row["roles"]) == (
        "s-1",
        "headquarters",
        ["quality_manager"],
        ["specialist", "supervisor"],
    )
    assert (row["skills"], row["weight"], row["active"]) == ([{"code": "steel", "level": 4}], 0.5, True)
    assert row["absences"] == [{"from": "2026-02-01", "until": "2026-02-07"}, {"from": "2026-03-01", "until": None}]
    assert await room.announced() == [] and not await room.rows("parked")


async def test_names_and_contact_points_are_only_where_they_are_needed(room: World) -> None:
    await room.handle(declaration(**FULL))
    [row] = await room.rows("colleague")
    has = {name for name in ("display_name", "email", "phone") if row.get(name)}
    assert has == {"customers": {"display_name", "email", "phone"}, "followup": {"email", "phone"}}.get(room.service, set())


@pytest.mark.parametrize("how", ["inactive", "withdrawn"])
async def test_of_those_who_left_no_contact_point_stays(room: World, how: str) -> None:
    await room.handle(declaration(**FULL))
    await room.handle(gone() if how == "withdrawn" else declaration(**FULL | {"active": False}))
    [row] = await room.rows("colleague")
    assert (row["active"], row["news"], row["skills"], row["absences"]) == (False, True, [], [])
    assert (row.get("email"), row.get("phone")) == (None, None)
    assert (row["unit"], row["posts"], row.get("display_name", "李华")) == ("headquarters", ["quality_manager"], "李华")


@pytest.mark.parametrize("at_once", [True, False])
async def test_records_in_any_order_end_alike(room: World, at_once: bool) -> None:
    made = [
        lambda: declaration(id="e-1", offset=1, unit="overseas"),
        lambda: declaration(id="e-2", offset=2, roles=["specialist"], email="a@example.com"),
        lambda: gone(offset=3),
    ]
    ends = set()
    for order in permutations(made):
        await room.empty()
        for batch in [order] if at_once else [[it] for it in order]:
            await room.handle(*(it() for it in batch))
        assert not await room.rows("parked")
        [row] = await room.rows("colleague")
        ends.add(repr({name: value for name, value in row.items() if name not in ("news", "version")}))
    assert len(ends) == 1 and "'active': False" in ends.pop()


def test_whoever_leaves_may_do_so_from_a_unit_or_role_that_there_is_not_any_more() -> None:
    """Otherwise they would keep what they have, for ever."""
    row = Colleague(id="s-1", unit="moon", roles=["janitor"], active=True, facts_offset=0, partition=0, record_offset=1)
    left = told(unit="moon", roles=["janitor"], active=False)
    staff.hear(Colleague, row, left, (0, 2), units=UNITS)
    assert not row.active and row.news


@pytest.mark.parametrize(("facts", "pointer"), [({"unit": "moon"}, "/unit"), ({"roles": ["specialist", "janitor"]}, "/roles/1")])
async def test_a_unit_or_role_that_there_is_not_is_parked_by_all_and_told_by_the_owner(
    room: World, facts: dict[str, Any], pointer: str
) -> None:
    await room.handle(declaration(id="e-1", **facts), declaration("s-2"))
    [parked] = await room.rows("parked")
    assert (parked["code"], parked["pointer"], parked["ours"]) == ("invalid", pointer, False)
    assert [it["id"] for it in await room.rows("colleague")] == ["s-2"]
    rejections = [body for name, body in await room.announced() if name == "event.rejected.v1"]
    assert len(rejections) == (1 if room.service == "customers" else 0)
    assert all(body and "moon" not in str(body) and "janitor" not in str(body) for body in rejections)
    await room.handle(declaration(id="e-1"))
    assert [it["state"] for it in await room.rows("parked")] == ["resent"]
    assert [it["id"] for it in await room.rows("colleague", "id", "true ORDER BY id")] == ["s-1", "s-2"]


async def test_what_is_wrong_with_the_record_itself_is_the_owners_business(room: World) -> None:
    await room.handle(declaration(absences=[{"from": "2026-02-02", "until": "2026-02-01"}]), gone("x" * 65))
    parked = {(it["code"], it["pointer"]) for it in await room.rows("parked")}
    assert parked == ({("invalid", "/absences/0"), ("unreadable", None)} if room.service == "customers" else set())
