"""Inquiries over the real edge: every step in every state, and the words that go along."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.reception.store.gauges import gauges
from shared.ids import customer_of
from shared.permissions import PERMISSIONS, ROLES
from shared.service import Means
from tests.apis import Api
from tests.makers import customer
from tests.reception.desk import ANSWER, QUESTION, Thing, as_staff_of, asked, missed, post, question, soon, telephoned
from tests.rooms import World

OPEN = ["promise", "answer", "handover"]
ALLOWED = {"received": OPEN, "promised": OPEN, "answered": [], "handed_over": []}
BECOMES = {"promise": "promised", "answer": "answered", "handover": "handed_over"}
SAID: dict[str, Thing] = {"answer": {"answer": ANSWER}, "handover": {"to": "complaints", "category": "delivery"}}


def said(step: str) -> Thing:
    return SAID.get(step) or {"until": soon(days=1)}


async def take(api: Api, inquiry: Thing, step: str, **more: Any) -> Thing:
    return await post(api, f"/v1/inquiries/{inquiry['id']}/{step}", said(step) | more)


@pytest.mark.parametrize("state", ALLOWED)
@pytest.mark.parametrize("step", OPEN)
async def test_every_step_in_every_state(api: Api, reception: World, state: str, step: str) -> None:
    """INQY-05, INQY-11"""
    inquiry = await asked(api)
    for before, becomes in BECOMES.items():
        if becomes == state:
            inquiry = await take(api, inquiry, before)
    shown, announced = await api.get(f"/v1/inquiries/{inquiry['id']}"), await reception.announced()
    assert shown["state"] == state
    answer = await api.ask("POST", f"/v1/inquiries/{inquiry['id']}/{step}", said(step), role="specialist")
    if step in ALLOWED[state]:
        assert (answer.status_code, answer.json()["state"]) == (200, BECOMES[step])
        assert answer.headers["ETag"] == f'"{inquiry["version"] + 1}"'
        steps = [name for name, _ in (await reception.announced())[len(announced) :] if name != "note.written.v1"]
        assert steps == [f"inquiry.{BECOMES[step]}.v1"]
    else:
        assert answer.status_code == 409
        assert (answer.json()["type"], answer.json()["allowed"]) == ("https://careloop.dev/problems/not-now", ALLOWED[state])
        assert await api.get(f"/v1/inquiries/{inquiry['id']}") == shown and await reception.announced() == announced


@pytest.mark.parametrize("kind", ["consultation", "complaint", "suggestion", "industry_warning"])
async def test_a_question_is_received_and_its_words_are_a_note(api: Api, reception: World, kind: str) -> None:
    """INQY-04, INQY-10"""
    answer = await api.ask("POST", "/v1/inquiries", question(kind=kind, order_id="O-1"), role="specialist", X_Correlation_Id="story-1")
    inquiry = answer.json()
    assert (answer.status_code, answer.headers["Location"], answer.headers["ETag"]) == (201, f"/v1/inquiries/{inquiry['id']}", '"1"')
    expected = {
        "state": "received", "kind": kind, "channel": "mail", "source": "/careloop/reception", "question": QUESTION, "answer": None, "call_id": None,
        "order_id": "O-1", "customer_id": str(customer_of("erp/C-1")), "unit": "headquarters", "correlation": "story-1",
    }  # fmt: skip
    assert {name: inquiry[name] for name in expected} == expected
    (first, note), (second, event) = await reception.announced()
    assert note and event and (first, second) == ("note.written.v1", "inquiry.received.v1")
    assert (note["about"], note["kind"], note["text"], note["shared_with"]) == (f"inquiry:{inquiry['id']}", "question", QUESTION, [])
    assert (event["note_id"], event["kind"], event["received_at"]) == (note["note_id"], kind, inquiry["received_at"])
    assert {it["correlation"] for it in await reception.rows("outbox", "correlation")} == {"story-1"}


async def test_an_answer_is_a_note_beside_the_question(api: Api) -> None:
    inquiry = await take(api, await asked(api), "answer")
    assert (inquiry["question"], inquiry["answer"], inquiry["answered_by"]) == (QUESTION, ANSWER, "s-1")
    shown = await api.get(f"/v1/inquiries/{inquiry['id']}")
    assert [(it["kind"], it["text"]) for it in shown["notes"]] == [("question", QUESTION), ("answer", ANSWER)]
    assert (await api.get("/v1/inquiries"))["items"] == [inquiry]


async def test_a_handover_takes_the_words_and_the_clock_along(api: Api, reception: World) -> None:
    """INQY-11"""
    inquiry = await asked(api, kind="complaint")
    before = await reception.announced()
    handed = await take(api, await take(api, inquiry, "promise"), "handover", order_id="O-7")
    assert {name: handed[name] for name in ("handed_to", "category", "order_id", "handed_over_by", "received_at")} == {
        "handed_to": "complaints", "category": "delivery", "order_id": "O-7", "handed_over_by": "s-1", "received_at": inquiry["received_at"],
    }  # fmt: skip
    told = dict((await reception.announced())[len(before) :])
    event, note = told["inquiry.handed_over.v1"] or {}, told["note.written.v1"] or {}
    assert (event["handed_to"], event["kind"], event["channel"], event["category"], event["order_id"]) == (
        "complaints", "complaint", "mail", "delivery", "O-7",
    )  # fmt: skip
    assert event["received_at"] == inquiry["received_at"] and event["note_id"] == note["note_id"] == (before[0][1] or {})["note_id"]
    assert (note["text"], note["shared_with"]) == (QUESTION, ["complaints"])


async def test_the_order_that_was_asked_about_goes_along(api: Api, reception: World) -> None:
    handed = await take(api, await asked(api, order_id="O-1"), "handover")
    event = dict(await reception.announced())["inquiry.handed_over.v1"] or {}
    assert handed["order_id"] == event["order_id"] == "O-1"


async def test_what_nobody_said_can_be_handed_over_too(api: Api, reception: World) -> None:
    await reception.handle(telephoned("call.missed.v1", missed()))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    await take(api, inquiry, "handover")
    name, event = (await reception.announced())[-1]
    assert event and (name, event["note_id"], event["kind"]) == ("inquiry.handed_over.v1", None, "callback")
    assert event["received_at"] == inquiry["received_at"]
    assert "note.written.v1" not in dict(await reception.announced())


async def test_all_that_is_told_of_a_missed_call_can_be_followed(api: Api, reception: World) -> None:
    await reception.handle(telephoned("call.missed.v1", missed(), id="call-event-1"))
    (inquiry,) = (await api.get("/v1/inquiries?kind=callback"))["items"]
    assert inquiry["correlation"] == "call-event-1"
    for step in ("promise", "answer"):
        await take(api, inquiry, step)
    story = await api.get("/v1/events?correlationid=call-event-1")
    assert [it["type"] for it in story["items"]] == ["inquiry.received.v1", "inquiry.promised.v1", "inquiry.answered.v1"]
    assert {it["correlation"] for it in await reception.rows("outbox", "correlation")} == {"call-event-1"}  # the answer's note too


async def test_a_promise_is_about_a_time_to_come_and_may_be_renewed(api: Api) -> None:
    """INQY-05"""
    inquiry = await asked(api)
    late = await api.ask("POST", f"/v1/inquiries/{inquiry['id']}/promise", {"until": soon(seconds=-1)}, role="specialist")
    assert (late.status_code, late.json()["field"]) == (422, "/until")
    first = await take(api, inquiry, "promise", until=soon(hours=1))
    second = await take(api, inquiry, "promise", until=soon(hours=2))
    assert first["promised_until"] < second["promised_until"] and second["state"] == "promised"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer": None}, "/customer"), ({"customer_id": str(customer_of("erp/C-1"))}, "/customer_id"), ({"customer": {"system": "erp"}}, "/customer/id"),
        ({"customer": None, "customer_id": "me"}, "/customer_id"), ({"kind": "callback"}, "/kind"), ({"kind": "joke"}, "/kind"),
        ({"channel": "By Mail"}, "/channel"), ({"question": ""}, "/question"), ({"question": "x" * 10_001}, "/question"), ({"order_id": ""}, "/order_id"),
        ({"colour": "red"}, "/colour"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_is_kept(api: Api, reception: World, wrong: Thing, field: str) -> None:
    answer = await api.ask("POST", "/v1/inquiries", question(**wrong), role="specialist")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not await reception.rows("inquiry") and not await reception.rows("known_customer") and not await reception.announced()


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("promise", {}, "/until"), ("promise", {"until": "soon"}, "/until"), ("answer", {"answer": ""}, "/answer"),
        ("handover", {"to": "followup", "category": "delivery"}, "/to"), ("handover", {"to": "complaints"}, "/category"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_step_is_said(api: Api, step: str, body: Thing, field: str) -> None:
    inquiry = await asked(api)
    answer = await api.ask("POST", f"/v1/inquiries/{inquiry['id']}/{step}", body, role="specialist")
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_which_version_is_meant_may_be_said(api: Api) -> None:
    inquiry = await asked(api)
    path = f"/v1/inquiries/{inquiry['id']}/answer"
    stale = await api.ask("POST", path, said("answer"), role="specialist", if_match='"7"')
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    assert (await api.ask("POST", path, said("answer"), role="specialist", if_match='"1"')).status_code == 200


async def test_of_two_at_once_one_wins(api: Api, reception: World) -> None:
    inquiry = await asked(api)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(
            api.ask("POST", f"/v1/inquiries/{inquiry['id']}/{step}", said(step), role="specialist") for step in ("answer", "handover") * 2
        ))  # fmt: skip
    assert sorted(it.status_code for it in answers) == [200, 409, 409, 409]
    ends = [name for name, _ in await reception.announced() if name in ("inquiry.answered.v1", "inquiry.handed_over.v1")]
    assert len(ends) == 1
    assert len(await reception.rows("note")) == 1 + (ends == ["inquiry.answered.v1"])  # of a refused answer no word stays


async def test_the_same_request_twice_acts_once(api: Api, reception: World) -> None:
    key, body = uuid4().hex, question()
    async with asyncio.timeout(30):
        first, second = await asyncio.gather(
            *(api.ask("POST", "/v1/inquiries", body, role="specialist", Idempotency_Key=key) for _ in range(2))
        )
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    path = f"/v1/inquiries/{first.json()['id']}/handover"
    again = [await api.ask("POST", path, said("handover"), role="specialist", Idempotency_Key=key) for _ in range(2)]
    assert [it.status_code for it in again] == [200, 200] and again[0].json() == again[1].json()
    assert sorted(name for name, _ in await reception.announced()) == [
        "inquiry.handed_over.v1", "inquiry.received.v1", "note.written.v1", "note.written.v1",
    ]  # fmt: skip


async def test_a_step_that_can_not_be_told_does_not_happen(api: Api, reception: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies after the rows were written and before their events were."""
    inquiry = await asked(api)
    before = await reception.announced()
    with monkeypatch.context() as dying:
        dying.setattr("shared.outbox.row", lambda *_: 1 / 0)
        answer = await api.ask("POST", f"/v1/inquiries/{inquiry['id']}/answer", said("answer"), role="specialist")
    assert answer.status_code == 500 and await reception.announced() == before
    assert len(await reception.rows("note")) == 1 and (await take(api, inquiry, "answer"))["state"] == "answered"


async def test_the_register_is_narrowed_by_its_columns(api: Api, reception: World) -> None:
    await reception.handle(telephoned("call.missed.v1", missed("T-1"), unit="overseas"))
    (call,) = (await api.get("/v1/inquiries"))["items"]
    mail = await take(api, await asked(api), "answer")
    for query, found in {
        "": [mail, call], "state=received": [call], "state=answered": [mail], "kind=callback": [call], "channel=mail": [mail],
        f"customer_id={mail['customer_id']}": [mail], "unit=overseas": [call], "source=/telephony": [call], "source=/careloop/reception": [mail],
        "state=promised": [],
    }.items():  # fmt: skip
        register = await api.get(f"/v1/inquiries?count=true&{query}")
        assert (register["items"], register["total"]) == (found, len(found)), query
    await api.get("/v1/inquiries?kind=nonsense", status=422)
    await api.get(f"/v1/inquiries/{uuid4()}", status=404)
    strange = await api.ask("POST", f"/v1/inquiries/{uuid4()}/answer", said("answer"), role="specialist")
    assert strange.status_code == 404


async def test_an_inquiry_is_its_unit_s(api: Api) -> None:
    answer = await as_staff_of(api, "overseas", path="/v1/inquiries", body=question())
    assert (answer.status_code, answer.json()["unit"]) == (201, "overseas")


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_who_may_do_what(api: Api, role: str) -> None:
    inquiry = await asked(api, customer=customer("erp/C-2"))
    path = f"/v1/inquiries/{inquiry['id']}"
    for permission, request in [
        ("inquiries.read", api.ask("GET", path, role=role)), ("inquiries.read", api.ask("GET", "/v1/late-answers", role=role)),
        ("inquiries.handle", api.ask("POST", "/v1/inquiries", question(), role=role)),
        ("inquiries.handle", api.ask("POST", f"{path}/promise", said("promise"), role=role)),
        ("inquiries.handle", api.ask("POST", f"{path}/handover", said("handover"), role=role)),
    ]:  # fmt: skip
        answer = await request
        assert answer.is_success == (role in PERMISSIONS[permission]) and (answer.is_success or answer.status_code == 403)


async def test_what_waits_is_counted_by_its_kind(api: Api, reception: World, worker: Means) -> None:
    await reception.handle(telephoned("call.missed.v1", missed()))
    await take(api, await asked(api), "answer")
    await take(api, await asked(api, kind="complaint"), "promise")
    await gauges(worker)
    kinds = {"callback": 1, "consultation": 0, "complaint": 1, "suggestion": 0, "industry_warning": 0}
    read = worker.metrics.registry.get_sample_value
    assert {kind: read("careloop_inquiries_open", {"service": "reception", "kind": kind}) for kind in kinds} == kinds
