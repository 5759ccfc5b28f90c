"""Complaints are taken in at the desk, through the real edge."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.complaints.store.gauges import gauges
from shared.ids import customer_of
from shared.permissions import PERMISSIONS, ROLES
from tests.apis import Api
from tests.complaints.making import BODY, C1, NOON, STEPS, contact, kept, step, taken, told
from tests.complaints.making import a_complaint as made
from tests.rooms import World
from tests.shared.an_api import token


async def test_it_is_taken_from_somebody_whom_nobody_knows(api: Api, complaints: World) -> None:
    """CMPL-01, CMPL-04"""
    answer = await api.ask("POST", "/v1/complaints", BODY, role="reception")
    it = answer.json()
    assert (answer.status_code, answer.headers["ETag"], answer.headers["Location"]) == (201, '"1"', f"/v1/complaints/{it['id']}")
    assert (it["state"], it["round"], it["severity"], it["upheld"], it["version"]) == ("received", 1, None, None, 1)
    assert (it["customer_id"], it["customer_known"], it["order_id"], it["expected_remedy"]) == (str(C1), False, "PO-7", "A new coil")
    assert (it["category"], it["channel"], it["unit"], it["source"]) == ("delivery", "phone", "headquarters", "/careloop/complaints")
    assert it["received_at"] == "2026-01-05T04:00:00Z" and it["number"].startswith("C260105-") and it["correlation"]
    shown = await api.get(f"/v1/complaints/{it['id']}")
    words = {(note["kind"], note["text"], note["written_by"]) for note in shown.pop("notes")}
    assert words == {("content", "The coil came bent.", "s-1"), ("expected_remedy", "A new coil", "s-1")}
    assert shown == it and (await api.get("/v1/complaints"))["items"] == [it]
    (event,) = [body for type, body in await complaints.announced() if type == "complaint.received.v1" and body]
    (note,) = await complaints.rows("note", "id", "kind = 'content'")
    assert (event["note_id"], event["customer_known"], event["follows"]) == (str(note["id"]), False, None)


async def test_an_old_name_is_followed_at_once(api: Api, complaints: World) -> None:
    await complaints.handle(told(contact("crm/K-1", "crm/K-1", "erp/C-1", unit="overseas"), "customers"))
    for who in ({}, {"customer": None, "customer_id": str(C1)}):
        it = await taken(api, **who)
        assert (it["customer_id"], it["customer_known"], it["unit"]) == (str(customer_of("crm/K-1")), True, "overseas")
    assert {row["named_id"] for row in await complaints.rows("complaint")} == {C1}
    keys = {row["key"] for row in await complaints.rows("outbox", "key", "topic = 'careloop.complaints'")}
    assert keys == {str(customer_of("crm/K-1"))}


@pytest.mark.parametrize(
    ("units", "unit"),
    [(["headquarters"], "headquarters"), (["*"], "overseas"), (["headquarters", "overseas"], "overseas")],
)
async def test_it_is_the_customers_unit_if_whoever_took_it_works_there_otherwise_theirs(
    api: Api, complaints: World, units: list[str], unit: str
) -> None:
    await complaints.handle(told(contact("erp/C-1", "erp/C-1", unit="overseas"), "customers"))
    headers = {"Authorization": f"Bearer {token('specialist', units=units)}"}
    answer = await api.client.post("/v1/complaints", json=BODY, headers=headers)
    assert answer.json()["unit"] == unit


async def test_it_may_have_been_heard_before_but_not_later_than_now(api: Api) -> None:
    it = await taken(api, received_at="2026-01-01T23:30:00+08:00")
    assert (it["received_at"], it["number"][:8]) == ("2026-01-01T15:30:00Z", "C260101-")
    late = await api.ask("POST", "/v1/complaints", BODY | {"received_at": (NOON + timedelta(seconds=1)).isoformat()})
    assert late.status_code == 403  # an admin takes none
    late = await api.ask("POST", "/v1/complaints", BODY | {"received_at": (NOON + timedelta(seconds=1)).isoformat()}, role="specialist")
    assert (late.status_code, late.json()["field"]) == (422, "/received_at")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer": None}, "/customer"),
        ({"customer_id": str(C1)}, "/customer_id"),
        ({"customer": {"system": "erp"}}, "/customer/id"),
        ({"customer": {"system": "ERP", "id": "1"}}, "/customer/system"),
        ({"customer": None, "customer_id": "C-1"}, "/customer_id"),
        ({"content": ""}, "/content"),
        ({"content": "x" * 10_001}, "/content"),
        ({"channel": "Über 8613812345678"}, "/channel"),
        ({"category": ""}, "/category"),
        ({"order_id": ""}, "/order_id"),
        ({"received_at": 1700000000}, "/received_at"),
        ({"received_at": "yesterday"}, "/received_at"),
        ({"severity": "major"}, "/severity"),
    ],
)
async def test_what_is_wrong_is_said_and_not_repeated(api: Api, complaints: World, wrong: dict[str, Any], field: str) -> None:
    answer = await api.ask("POST", "/v1/complaints", BODY | wrong, role="specialist")
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert "yesterday" not in answer.text and "13812345678" not in answer.text and not await complaints.rows("complaint")


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("acknowledgement", {"feedback_by": "soon"}, "/feedback_by"),
        ("judgement", {"upheld": "yes"}, "/upheld"),
        ("judgement", {"severity": "awful"}, "/severity"),
        ("judgement", {"reason": ""}, "/reason"),
        ("resolution", {"result": ""}, "/result"),
        ("resolution", {"compensation": {"amount": "-1", "currency": "CNY"}}, "/compensation/amount"),
        ("resolution", {"compensation": {"amount": 5, "currency": "CNY"}}, "/compensation/amount"),
        ("resolution", {"compensation": {"amount": "5", "currency": "yuan"}}, "/compensation/currency"),
        ("escalation", {"to": "the mayor"}, "/to"),
        ("closing", {"why": "-"}, "/why"),
    ],
)
async def test_what_is_wrong_with_a_step_is_said(api: Api, name: str, body: dict[str, Any], field: str) -> None:
    answer = await api.ask("POST", f"/v1/complaints/{uuid4()}/{name}", STEPS[name] | body, role="specialist", If_Match='"1"')
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


@pytest.mark.parametrize("name", STEPS)
async def test_nothing_can_be_done_with_what_is_not_there(api: Api, name: str) -> None:
    answer = await api.ask("POST", f"/v1/complaints/{uuid4()}/{name}", STEPS[name], role="specialist", If_Match='"1"')
    assert (answer.status_code, answer.json()["type"]) == (404, "https://careloop.dev/problems/complaint-not-found")
    await api.get(f"/v1/complaints/{uuid4()}", status=404)


@pytest.mark.parametrize("name", ["acknowledgement", "explanation", "acceptance", "closing", "withdrawal", "escalation"])
async def test_where_nothing_has_to_be_said_no_body_is_needed(api: Api, name: str) -> None:
    answer = await api.ask("POST", f"/v1/complaints/{uuid4()}/{name}", role="specialist", If_Match='"1"')
    assert answer.status_code == 404


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_who_may_do_what(api: Api, role: str) -> None:
    def may(permission: str, status: int) -> int:
        return status if role in PERMISSIONS[permission] else 403

    assert (await api.ask("POST", "/v1/complaints", BODY, role=role)).status_code == may("complaints.take", 201)
    assert (await api.ask("GET", "/v1/complaints", role=role)).status_code == may("complaints.read", 200)
    for name in STEPS:
        answer = await api.ask("POST", f"/v1/complaints/{uuid4()}/{name}", STEPS[name], role=role, If_Match='"1"')
        assert answer.status_code == may("complaints.handle", 404), name


async def test_the_register_is_narrowed_by_its_columns_and_read_page_by_page(api: Api, complaints: World) -> None:
    for n in range(5):
        await taken(api, category="quality" if n % 2 else "delivery", received_at=(NOON - timedelta(hours=n)).isoformat())
    mail = await taken(api, channel="mail", order_id="PO-9", customer={"system": "erp", "id": "C-2"})
    await step(api, mail["id"], "judgement", {"severity": "minor"})
    for query, number in {
        "category=quality": 2, "channel=mail": 1, "order_id=PO-9": 1, f"customer_id={C1}": 5, f"number={mail['number']}": 1, "state=judged": 1,
        "severity=minor": 1, "unit=overseas": 0, "source=/careloop/complaints": 6, f"inquiry_id={uuid4()}": 0, "follows=visit:1": 0,
    }.items():  # fmt: skip
        page = await api.get(f"/v1/complaints?{query}&count=true")
        assert page["total"] == len(page["items"]) == number, query
    first = await api.get("/v1/complaints?limit=4")
    rest = await api.get(f"/v1/complaints?limit=4&cursor={first['next']}")
    times = [it["received_at"] for it in first["items"] + rest["items"]]
    assert len(times) == 6 and times == sorted(times, reverse=True) and rest["next"] is None
    assert {it["expected_remedy"] for it in first["items"]} == {"A new coil"}
    await api.get("/v1/complaints?colour=red", status=422)


async def test_a_complaint_from_its_intake_to_its_end(api: Api, complaints: World) -> None:
    """CMPL-05, CMPL-06, CMPL-13, CMPL-31: everything that is announced carries along what it came of."""
    it = await taken(api)
    feedback = {"told": "We look into it.", "feedback_by": "2026-01-06T10:00:00+08:00"}
    assert (await step(api, it["id"], "acknowledgement", feedback))["feedback_by"] == "2026-01-06T02:00:00Z"
    assert (await step(api, it["id"], "judgement"))["severity"] == "ordinary"
    done = await step(api, it["id"], "resolution", {"compensation": {"amount": "0", "currency": "CNY"}})
    assert (done["authority"], done["compensation"]) == ("own", {"amount": "0.0000", "currency": "CNY"})
    assert (done["resolved_at"], done["reopenable_until"]) == ("2026-01-05T04:00:00Z", "2026-02-04T04:00:00Z")
    assert (await step(api, it["id"], "acceptance", {"remarks": "They said thank you."}))["closed_as"] is None
    assert (await step(api, it["id"], "closing"))["closed_as"] == "accepted"
    story = (await api.get(f"/v1/events?correlationid={it['correlation']}&limit=200"))["items"]
    assert [event["type"] for event in story] == [
        f"complaint.{name}.v1" for name in ("received", "acknowledged", "judged", "resolved", "accepted", "closed")
    ]
    assert {event["data"]["number"] for event in story} == {it["number"]} and {event["subject"] for event in story} == {it["id"]}
    kinds = [note["kind"] for note in (await api.get(f"/v1/complaints/{it['id']}"))["notes"]]
    assert sorted(kinds) == ["content", "expected_remedy", "reason", "remarks", "result", "told"]
    assert {row["correlation"] for row in await complaints.rows("outbox", "correlation")} == {it["correlation"]}


async def test_more_than_a_specialist_may_settle_is_refused_and_a_supervisor_settles_it(api: Api, complaints: World) -> None:
    """CMPL-31"""
    it = await taken(api)
    await step(api, it["id"], "judgement")
    dear = {"compensation": {"amount": "250.5", "currency": "CNY"}}
    refused = await step(api, it["id"], "resolution", dear, status=403)
    assert refused["type"].endswith("/beyond-own-authority") and "Ask a supervisor" in refused["fix"]
    assert refused["field"] == "/compensation"
    assert not await complaints.rows("note", where="kind = 'result'")
    done = await step(api, it["id"], "resolution", dear, role="supervisor")
    assert (done["authority"], done["compensation"]) == ("supervisor", {"amount": "250.5000", "currency": "CNY"})
    (event,) = [body for type, body in await complaints.announced() if type == "complaint.resolved.v1" and body]
    assert (event["authority"], event["compensation"], event["outcome"]) == ("supervisor", {"amount": "250.5", "currency": "CNY"}, "upheld")


async def test_what_is_not_at_an_end_is_counted(api: Api, complaints: World) -> None:
    await taken(api)
    await step(api, (await taken(api))["id"], "judgement")
    await step(api, (await taken(api))["id"], "withdrawal")
    await gauges(api.means)
    page = (await api.means.metrics.page()).decode()
    counted = [line.partition("{")[2] for line in page.splitlines() if line.startswith("careloop_complaints_open{")]
    assert sorted(counted) == [
        'service="complaints",severity_level="ordinary",status="judged"} 1.0', 'service="complaints",severity_level="unjudged",status="received"} 1.0',
    ]  # fmt: skip
    await kept(complaints, made())
    await complaints.pool.execute("DELETE FROM complaint WHERE state = 'judged'")
    await gauges(api.means)
    assert "ordinary" not in (await api.means.metrics.page()).decode()
