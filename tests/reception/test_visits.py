"""Visits over the real edge: every step in every state, and what happens when two want the same."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.reception.jobs import closing
from services.reception.store.gauges import gauges
from shared.clock import now
from shared.contracts.followup import Satisfaction, SatisfactionReported
from shared.ids import customer_of, uuid7
from shared.permissions import PERMISSIONS, ROLES
from shared.service import Means
from tests.apis import Api
from tests.makers import customer
from tests.reception.desk import GUEST, PHONE, PURPOSE, Thing, application, applied, as_staff_of, departed, post, soon, stepped, told
from tests.rooms import World

STEPS = "arrival", "departure", "cancellation"
ALLOWED = {  # written down once more, and not taken from the rule
    "applied": ["arrival", "cancellation"], "arrived": ["departure"], "departed": [], "called_back": [], "cancelled": [], "no_show": [],
}  # fmt: skip
BECOMES = {"arrival": "arrived", "departure": "departed", "cancellation": "cancelled"}


def content(visit: Thing, satisfaction: Satisfaction = Satisfaction.SATISFIED, **facts: Any) -> Any:
    """Follow-up asked them."""
    return told(SatisfactionReported(
        **{"about": f"visit:{visit['id']}", "call_id": uuid7()} | facts, customer_id=UUID(visit["customer_id"]), unit="headquarters",
        satisfaction=satisfaction, reported_at=now(),
    ))  # fmt: skip


async def a_visit(state: str, api: Api, reception: World, worker: Means) -> Thing:
    """Brought there as anybody would."""
    visit = await applied(api)
    if state in ("arrived", "departed", "called_back"):
        visit = await stepped(api, visit, "arrival")
    if state in ("departed", "called_back"):
        visit = await stepped(api, visit, "departure")
    if state == "called_back":
        await reception.handle(content(visit))
    if state == "cancelled":
        visit = await stepped(api, visit, "cancellation")
    if state == "no_show":
        await reception.pool.execute("UPDATE visit SET day_ends_at = now() - interval '1 second'")
        await closing.close_what_is_left(worker)
    visit = await api.get(f"/v1/visits/{visit['id']}")
    assert visit["state"] == state
    return visit


@pytest.mark.parametrize("state", ALLOWED)
@pytest.mark.parametrize("step", STEPS)
async def test_every_step_in_every_state(api: Api, reception: World, worker: Means, state: str, step: str) -> None:
    """RECP-01, A14"""
    visit = await a_visit(state, api, reception, worker)
    before = await reception.announced()
    answer = await api.ask("POST", f"/v1/visits/{visit['id']}/{step}", {}, role="reception", if_match=f'"{visit["version"]}"')
    if step in ALLOWED[state]:
        assert answer.status_code == 200 and answer.json()["state"] == BECOMES[step]
        assert answer.headers["ETag"] == f'"{visit["version"] + 1}"' == f'"{answer.json()["version"]}"'
        (name, _), *more = (await reception.announced())[len(before) :]
        assert name == f"visit.{BECOMES[step]}.v1" and not more
    else:
        assert answer.status_code == 409
        assert (answer.json()["type"], answer.json()["allowed"]) == ("https://careloop.dev/problems/not-now", ALLOWED[state])
        assert await api.get(f"/v1/visits/{visit['id']}") == visit and await reception.announced() == before


async def test_a_guest_is_announced_and_declared_in_one_transaction(api: Api, reception: World) -> None:
    """RECP-01"""
    answer = await api.ask("POST", "/v1/visits", application(), role="department", X_Correlation_Id="story-1")
    visit = answer.json()
    assert (answer.status_code, answer.headers["Location"], answer.headers["ETag"]) == (201, f"/v1/visits/{visit['id']}", '"1"')
    assert {name: visit[name] for name in ("state", "company", "guests", "guest", "purpose", "applicant", "unit", "correlation")} == {
        "state": "applied", "company": "Example Steel", "guests": 4, "guest": {"name": GUEST, "phone": "+86 138****9999"}, "purpose": PURPOSE,
        "applicant": "s-17", "unit": "headquarters", "correlation": "story-1",
    }  # fmt: skip
    assert visit["customer_id"] == str(customer_of(f"reception/{visit['id']}"))
    announced = dict(await reception.announced())
    assert announced.keys() == {"customer.declared.v1", "note.written.v1", "visit.applied.v1"}
    declared, note = announced["customer.declared.v1"] or {}, announced["note.written.v1"] or {}
    assert (declared["customer"], declared["kind"], declared["display_name"], declared["phones"], declared["orgunit"]) == (
        {"system": "reception", "id": visit["id"]}, "person", GUEST, [PHONE], "headquarters",
    )  # fmt: skip
    assert (note["about"], note["kind"], note["text"], note["shared_with"]) == (f"visit:{visit['id']}", "purpose", PURPOSE, [])
    rows = await reception.rows("outbox", "topic, unit, correlation")
    assert {it["topic"] for it in rows} == {"careloop.inbound.customers", "careloop.notes", "careloop.reception"}
    assert {(it["unit"], it["correlation"]) for it in rows} == {("headquarters", "story-1")}
    shown = await api.get(f"/v1/visits/{visit['id']}")
    assert {name: shown[name] for name in visit} == visit
    assert [(it["kind"], it["text"], it["written_by"]) for it in shown["notes"]] == [("purpose", PURPOSE, "s-1")]


async def test_a_guest_without_a_number_is_declared_all_the_same(api: Api, reception: World) -> None:
    visit = await applied(api, guest={"name": "G"})
    declared = dict(await reception.announced())["customer.declared.v1"] or {}
    assert (declared["display_name"], declared["phones"]) == ("G", None) and visit["guest"] == {"name": "G", "phone": None}


@pytest.mark.parametrize("named", [{"customer": customer("erp/C-1")}, {"customer_id": str(customer_of("erp/C-1"))}])
async def test_whoever_is_a_customer_is_not_declared(api: Api, reception: World, named: Thing) -> None:
    visit = await applied(api, **named)
    assert visit["customer_id"] == str(customer_of("erp/C-1"))
    assert "customer.declared.v1" not in dict(await reception.announced())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"guests": 0}, "/guests"), ({"guests": 2**31}, "/guests"), ({"guests": "4"}, "/guests"), ({"guests": True}, "/guests"),
        ({"guest": {"name": ""}}, "/guest/name"), ({"guest": {"phone": PHONE}}, "/guest/name"), ({"guest": {"name": "G", "phone": "138"}}, "/guest/phone"),
        ({"arrives_at": "tomorrow"}, "/arrives_at"), ({"arrives_at": 20260105}, "/arrives_at"), ({"arrives_at": "2026-01-05T10:00:00"}, "/arrives_at"),
        ({"purpose": ""}, "/purpose"), ({"purpose": "x" * 10_001}, "/purpose"), ({"company": ""}, "/company"), ({"applicant": None}, "/applicant"),
        ({"colour": "red"}, "/colour"), ({"customer": {"system": "ERP", "id": "1"}}, "/customer/system"),
        ({"customer": customer("erp/C-1"), "customer_id": str(customer_of("erp/C-1"))}, "/customer_id"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_is_kept(api: Api, reception: World, wrong: Thing, field: str) -> None:
    answer = await api.ask("POST", "/v1/visits", application(**wrong), role="reception")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not await reception.rows("visit") and not await reception.rows("known_customer") and not await reception.announced()


async def test_nobody_who_leaves_now_was_home_before(api: Api, reception: World) -> None:
    visit = await stepped(api, await applied(api), "arrival")
    path, tag = f"/v1/visits/{visit['id']}/departure", f'"{visit["version"]}"'
    early = await api.ask("POST", path, {"expected_home_at": soon(seconds=-5)}, role="reception", if_match=tag)
    assert (early.status_code, early.json()["field"]) == (422, "/expected_home_at")
    home = soon(hours=5)
    left = await post(api, path, {"expected_home_at": home}, if_match=tag)
    assert (left["state"], left["noticed"]) == ("departed", True)
    name, event = (await reception.announced())[-1]
    assert event and (name, event["noticed"], event["visit_id"]) == ("visit.departed.v1", True, visit["id"])
    assert event["expected_home_at"] == left["expected_home_at"] and left["expected_home_at"][:19] == home[:19]


async def test_steps_take_no_body_too(api: Api) -> None:
    visit = await applied(api)
    path = f"/v1/visits/{visit['id']}"
    here = await api.ask("POST", f"{path}/arrival", role="reception", if_match='"1"')
    gone = await api.ask("POST", f"{path}/departure", role="reception", if_match='"2"')
    assert (here.status_code, gone.status_code, gone.json()["expected_home_at"]) == (200, 200, None)
    strange = await api.ask("POST", f"{path}/arrival", {"colour": "red"}, role="reception", if_match='"3"')
    assert (strange.status_code, strange.json()["field"]) == (422, "/colour")


async def test_a_change_says_which_version_it_means(api: Api) -> None:
    visit = await applied(api)
    path = f"/v1/visits/{visit['id']}/arrival"
    assert (await api.ask("POST", path, {}, role="reception")).status_code == 428
    stale = await api.ask("POST", path, {}, role="reception", if_match='"7"')
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    assert (await api.ask("POST", path, {}, role="reception", if_match="1")).status_code == 400
    assert (await api.ask("POST", path, {}, role="reception", if_match='"1"')).status_code == 200


async def test_of_two_at_once_one_wins(api: Api, reception: World) -> None:
    visit = await applied(api)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(
            api.ask("POST", f"/v1/visits/{visit['id']}/{step}", {}, role="reception", if_match=tag)
            for step in ("arrival", "cancellation") for tag in ('"1"', "*")
        ))  # fmt: skip
    codes = sorted(it.status_code for it in answers)
    assert codes.count(200) == 1 and set(codes) <= {200, 409, 412}
    steps = [name for name, _ in await reception.announced() if name in ("visit.arrived.v1", "visit.cancelled.v1")]
    assert len(steps) == 1


async def test_the_same_request_twice_acts_once(api: Api, reception: World) -> None:
    key, body = uuid4().hex, application()
    async with asyncio.timeout(30):
        first, second = await asyncio.gather(
            *(api.ask("POST", "/v1/visits", body, role="reception", Idempotency_Key=key) for _ in range(2))
        )
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    path = f"/v1/visits/{first.json()['id']}/arrival"
    again = [await api.ask("POST", path, {}, role="reception", if_match='"1"', Idempotency_Key=key) for _ in range(2)]
    assert [it.status_code for it in again] == [200, 200] and again[1].headers["Idempotent-Replayed"] == "true"
    assert len(await reception.rows("visit")) == 1
    assert sorted(name for name, _ in await reception.announced()) == [
        "customer.declared.v1", "note.written.v1", "visit.applied.v1", "visit.arrived.v1",
    ]  # fmt: skip


async def test_a_step_that_can_not_be_told_does_not_happen(api: Api, reception: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies after the row was written and before its event was."""
    visit = await applied(api)
    before = await reception.announced()
    with monkeypatch.context() as dying:
        dying.setattr("shared.outbox.row", lambda *_: 1 / 0)
        answer = await api.ask("POST", f"/v1/visits/{visit['id']}/arrival", {}, role="reception", if_match='"1"')
    assert answer.status_code == 500
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "applied" and await reception.announced() == before
    assert (await stepped(api, visit, "arrival"))["state"] == "arrived"


async def test_all_that_is_told_of_a_visit_can_be_followed(api: Api) -> None:
    answer = await api.ask("POST", "/v1/visits", application(), role="reception", X_Correlation_Id="story-2")
    for version, step in enumerate(("arrival", "departure"), 1):
        path = f"/v1/visits/{answer.json()['id']}/{step}"
        await api.ask("POST", path, {}, role="reception", if_match=f'"{version}"', X_Correlation_Id="another")
    story = await api.get("/v1/events?correlationid=story-2")
    assert [it["type"] for it in story["items"]] == ["visit.applied.v1", "visit.arrived.v1", "visit.departed.v1"]
    assert {it["subject"] for it in story["items"]} == {answer.json()["id"]}


@pytest.mark.parametrize("satisfaction", Satisfaction)
async def test_whoever_was_asked_was_called_back(api: Api, reception: World, satisfaction: Satisfaction) -> None:
    """FLUP-25"""
    visit = await departed(api)
    before = await reception.announced()
    await reception.handle(content(visit, satisfaction), content(visit, satisfaction))
    await reception.handle(content(visit, satisfaction))
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "called_back" and await reception.announced() == before


NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.mark.parametrize("about", [None, "visit:7", "visit", "order:O-1", f"complaint:{NOBODY}", f"visit:{NOBODY}"])
async def test_what_was_said_about_something_else_is_passed_over(api: Api, reception: World, about: str | None) -> None:
    visit = await departed(api)
    await reception.handle(content(visit, about=about))
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "departed" and not await reception.rows("parked")


async def test_only_who_left_was_called_back(api: Api, reception: World) -> None:
    visit = await applied(api)
    await reception.handle(content(visit))
    assert (await api.get(f"/v1/visits/{visit['id']}"))["state"] == "applied"


async def test_the_register_is_narrowed_by_its_columns(api: Api) -> None:
    first = await applied(api, company="Example Steel")
    second = await stepped(api, await applied(api, company="Other", applicant="s-18", customer=customer("erp/C-1")), "cancellation")
    for query, found in {
        "": [second, first], "state=applied": [first], "state=cancelled&state=arrived": [second], f"customer_id={second['customer_id']}": [second],
        "applicant=s-17": [first], "company=Other": [second], "unit=headquarters": [second, first], "unit=overseas": [],
        "source=/careloop/reception": [second, first], "source=/erp": [],
    }.items():  # fmt: skip
        register = await api.get(f"/v1/visits?count=true&{query}")
        assert (register["items"], register["total"]) == (found, len(found)), query
    page = await api.get("/v1/visits?limit=1")
    assert [it["id"] for it in page["items"]] == [second["id"]]
    assert [it["id"] for it in (await api.get(f"/v1/visits?limit=1&cursor={page['next']}"))["items"]] == [first["id"]]
    await api.get("/v1/visits?colour=red", status=422)
    await api.get("/v1/visits?state=nonsense", status=422)
    await api.get(f"/v1/visits/{uuid4()}", status=404)


@pytest.mark.parametrize(
    ("units", "unit"),
    [
        (["overseas"], "overseas"),
        (["overseas", "headquarters"], "headquarters"),
        (["*"], "headquarters"),
        (["mars", "overseas"], "overseas"),
    ],
)
async def test_a_visit_is_its_unit_s(api: Api, units: list[str], unit: str) -> None:
    answer = await as_staff_of(api, *units, path="/v1/visits", body=application())
    assert (answer.status_code, answer.json()["unit"]) == (201, unit)


@pytest.mark.parametrize("units", [[], ["mars"]])
async def test_nobody_applies_who_works_for_no_unit_of_ours(api: Api, units: list[str]) -> None:
    answer = await as_staff_of(api, *units, path="/v1/visits", body=application())
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "no-unit")


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_who_may_do_what(api: Api, role: str) -> None:
    visit = await applied(api)
    path = f"/v1/visits/{visit['id']}"
    for permission, asked in {
        "visits.read": api.ask("GET", path, role=role),
        "visits.apply": api.ask("POST", "/v1/visits", application(), role=role),
        "visits.receive": api.ask("POST", f"{path}/arrival", {}, role=role, if_match='"1"'),
    }.items():
        answer = await asked
        assert answer.is_success == (role in PERMISSIONS[permission]) and (answer.is_success or answer.status_code == 403)


async def test_open_visits_are_counted(api: Api, reception: World, worker: Means) -> None:
    await applied(api)
    await departed(api)
    await reception.pool.execute("UPDATE visit SET day_ends_at = now() - interval '1 hour' WHERE state = 'applied'")
    await gauges(worker)
    read = worker.metrics.registry.get_sample_value
    assert read("careloop_visits_open", {"service": "reception"}) == 1
    assert read("careloop_timers_overdue", {"service": "reception", "kind": "visit"}) == 1
