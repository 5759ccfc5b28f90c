"""Both stories and what closes the loop, in a whole system on real Kafka and PostgreSQL, by the doors that everybody has."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from shared.topics import TOPICS
from tests.chaos.checker import everything
from tests.journeys.clients import Clients, a_complaint_is_closed, a_shipment_is_told
from tests.journeys.desk import Desk, now, until
from tests.terminal import a_system


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with a_system() as terminal:
        yield Desk(terminal)


@pytest.fixture
def reference() -> str:
    return f"erp/{uuid4().hex[:12]}"


def test_a_dissatisfied_customer_opens_it_again_and_a_satisfied_one_closes_it(desk: Desk, reference: str) -> None:
    """CMPL-01, CMPL-13, CMPL-14"""
    taken = desk.complain(reference, expected_remedy="A new coil", order_id="PO-7")
    id, about = taken["id"], f"complaint:{taken['id']}"
    assert (taken["state"], taken["round"], taken["customer_known"], taken["order_id"]) == ("received", 1, False, "PO-7")
    desk.resolve(id)
    first = desk.call(about)
    assert desk.post("followup", f"/v1/calls/{first['id']}/attempts", {"outcome": "busy"}, status=200)["state"] == "attempted"
    desk.answer(first, "dissatisfied", score=1, aspects=["result"], remarks="It is bent again.")
    again = desk.until_it_is(id, "investigating", 2)
    assert "It is bent again." in str(again["notes"])
    desk.resolve(id)
    desk.answer(desk.call(about, 2), "satisfied", score=5)
    desk.until_it_is(id, "closed", 2)
    assert [(it["round"], it["state"]) for it in sorted(desk.items("followup", "/v1/calls", about=about), key=lambda it: it["round"])] == [
        (1, "done"),
        (2, "done"),
    ]
    assert desk.story(taken["correlation"]) == [
        "complaint.received", "complaint.acknowledged", "complaint.judged", "complaint.resolved", "call.planned", "call.attempted", "call.completed",
        "satisfaction.reported", "complaint.reopened", "complaint.resolved", "call.planned", "call.completed", "satisfaction.reported", "complaint.accepted",
        "complaint.closed",
    ]  # fmt: skip


def test_opening_it_again_calls_the_call_off(desk: Desk, reference: str) -> None:
    id = desk.complain(reference)["id"]
    desk.resolve(id)
    call = desk.call(f"complaint:{id}")
    desk.step(id, "reopening", {"reason": "They wrote that the second coil is bent too."})
    assert desk.call(f"complaint:{id}", 1, "called_off")["id"] == call["id"]
    refused = desk.ask("POST", "followup", f"/v1/calls/{call['id']}/outcome", {"satisfaction": "satisfied"})
    assert refused.status_code == 409 and refused.json()["type"].endswith("/not-now")
    desk.resolve(id)
    assert desk.call(f"complaint:{id}", 2)["id"] != call["id"]


def test_so_so_closes_it_and_a_supervisor_has_a_task(desk: Desk, reference: str) -> None:
    """D-30"""
    id = desk.complain(reference)["id"]
    desk.resolve(id)
    desk.answer(desk.call(f"complaint:{id}"), "fair", score=3, aspects=["speed"])
    desk.until_it_is(id, "closed")
    (task,) = [it for it in desk.items("complaints", "/v1/tasks", state="open") if it["about"] == f"complaint:{id}"]
    assert task["role"] == "supervisor"
    desk.post("complaints", f"/v1/tasks/{task['id']}/completion", role="supervisor", status=200)
    assert not [it for it in desk.items("complaints", "/v1/tasks", state="open") if it["about"] == f"complaint:{id}"]


def test_what_is_not_upheld_is_explained_and_the_customer_is_asked_all_the_same(desk: Desk, reference: str) -> None:
    """CMPL-06"""
    id = desk.complain(reference)["id"]
    desk.step(id, "judgement", {"upheld": False, "reason": "The delivery note was signed without remark."})
    refused = desk.ask(
        "POST", "complaints", f"/v1/complaints/{id}/resolution", {"result": "-"}, If_Match=f'"{desk.complaint(id)["version"]}"'
    )
    assert refused.status_code == 409 and "explanation" in refused.json()["allowed"]
    desk.step(id, "explanation", {"told": "We showed them the signed note."})
    desk.step(id, "resolution", {"result": "Nothing is owed."})
    desk.answer(desk.call(f"complaint:{id}"), "satisfied")
    desk.until_it_is(id, "closed")


def test_nobody_is_asked_about_what_was_withdrawn(desk: Desk, reference: str) -> None:
    id = desk.complain(reference)["id"]
    desk.step(id, "withdrawal", {"reason": "They found the other half."})
    assert desk.complaint(id)["state"] == "withdrawn"
    other = desk.complain(reference)["id"]
    desk.resolve(other)
    desk.call(f"complaint:{other}")  # by now the withdrawal was heard too: one customer, one partition
    assert not [it for it in desk.items("followup", "/v1/calls", about=f"complaint:{id}") if it["state"] != "called_off"]


def test_a_customer_who_turns_out_to_be_another_is_followed(desk: Desk) -> None:
    run = uuid4().hex[:8]
    taken = desk.complain(f"shop/{run}")
    desk.resolve(taken["id"])
    call = desk.call(f"complaint:{taken['id']}")
    assert not taken["customer_known"] and call["customer_id"] == taken["customer_id"]
    desk.publish("/erp", "customer.declared.v1", {
        "customer": {"system": "erp", "id": run}, "references": [{"system": "shop", "id": run}], "kind": "company", "display_name": "Example Coils",
    })  # fmt: skip
    declared = until(
        lambda: desk.items("customers", "/v1/customers", source="/erp") and _by_reference(desk, "shop", run, not_id=taken["customer_id"])
    )
    until(lambda: desk.complaint(taken["id"])["customer_id"] == declared["id"])
    assert desk.complaint(taken["id"])["customer_known"]
    until(lambda: desk.get("followup", f"/v1/calls/{call['id']}")["customer_id"] == declared["id"])
    desk.answer(call, "satisfied")
    desk.until_it_is(taken["id"], "closed")
    by_old_id = desk.post(
        "complaints", "/v1/complaints", {"customer_id": taken["customer_id"], "channel": "mail", "category": "quality", "content": "Again."}
    )
    assert (by_old_id["customer_id"], by_old_id["customer_known"]) == (declared["id"], True)


def _by_reference(desk: Desk, system: str, id: str, *, not_id: str) -> object:
    answer = desk.ask("GET", "customers", f"/v1/customers/by-reference/{system}/{id}", role="admin")
    return answer.json() if answer.is_success and answer.json()["id"] != not_id else None


def test_a_guest_is_asked_once_they_are_home(desk: Desk) -> None:
    """RECP-01, FLUP-25"""
    guest = {"name": "Guest of Example Steel", "phone": "+8613800009999"}
    body = {
        "company": "Example Steel",
        "guests": 4,
        "guest": guest,
        "arrives_at": now(hours=1),
        "purpose": "To see the mill",
        "applicant": "s-17",
    }
    visit = desk.post("reception", "/v1/visits", body, role="reception")
    assert visit["state"] == "applied"
    declared = until(lambda: _by_reference(desk, "reception", visit["id"], not_id=""))
    assert declared["id"] == visit["customer_id"] and declared["display_name"] == guest["name"]
    path = f"/v1/visits/{visit['id']}"
    here = desk.post("reception", f"{path}/arrival", role="reception", status=200, If_Match=f'"{visit["version"]}"')
    home = now(hours=5)
    desk.post("reception", f"{path}/departure", {"expected_home_at": home}, role="reception", status=200, If_Match=f'"{here["version"]}"')
    call = desk.call(f"visit:{visit['id']}")
    assert (
        datetime.fromisoformat(call["earliest_at"]) >= datetime.fromisoformat(home) + timedelta(hours=2)
        and call["customer_id"] == visit["customer_id"]
    )
    desk.answer(call, "dissatisfied", remarks="Nobody met us at the station.")
    until(lambda: desk.get("reception", path)["state"] == "called_back")
    (complaint,) = until(lambda: desk.items("complaints", "/v1/complaints", customer_id=visit["customer_id"]))
    assert complaint["state"] == "received"


def test_guests_who_do_not_come_are_not_asked(desk: Desk) -> None:
    body = {
        "company": "Example Steel",
        "guests": 1,
        "guest": {"name": "G"},
        "arrives_at": now(hours=1),
        "purpose": "-",
        "applicant": "s-17",
    }
    visit = desk.post("reception", "/v1/visits", body, role="reception")
    desk.post("reception", f"/v1/visits/{visit['id']}/cancellation", role="reception", status=200, If_Match=f'"{visit["version"]}"')
    until(lambda: "visit.cancelled" in desk.story(visit["correlation"]))
    assert not desk.items("followup", "/v1/calls", about=f"visit:{visit['id']}")


def test_a_missed_call_is_one_inquiry_which_becomes_a_complaint_of_its_time(desk: Desk) -> None:
    """INQY-10, INQY-11"""
    call_id = uuid4().hex
    missed = {
        "call_id": call_id,
        "started_at": now(minutes=-3),
        "ended_at": now(minutes=-2),
        "reason": "no_agent",
        "caller_number": "+8613700001234",
    }
    for id in ("a", "a", "b"):
        desk.publish("/telephony", "call.missed.v1", missed, id=f"{call_id}-{id}")
    (inquiry,) = until(lambda: desk.callbacks(missed))
    assert (inquiry["kind"], inquiry["state"]) == ("callback", "received")
    handed = desk.post("reception", f"/v1/inquiries/{inquiry['id']}/handover", {"to": "complaints", "category": "delivery"}, status=200)
    assert handed["state"] == "handed_over"
    (complaint,) = until(lambda: desk.items("complaints", "/v1/complaints", customer_id=inquiry["customer_id"]))
    assert complaint["received_at"] == inquiry["received_at"]
    assert desk.story(inquiry["correlation"]) == ["inquiry.received", "inquiry.handed_over", "complaint.received"]
    assert len(desk.callbacks(missed)) == 1


def test_a_question_is_answered_and_a_complaint_among_them_keeps_its_words(desk: Desk, reference: str) -> None:
    system, _, id = reference.partition("/")
    question = {"customer": {"system": system, "id": id}, "channel": "mail", "kind": "consultation", "question": "How long is a coil?"}
    asked = desk.post("reception", "/v1/inquiries", question)
    assert (
        desk.post("reception", f"/v1/inquiries/{asked['id']}/answer", {"answer": "As long as you like."}, status=200)["state"] == "answered"
    )
    other = desk.post("reception", "/v1/inquiries", question | {"kind": "complaint", "question": "Why was nobody there?"})
    desk.post("reception", f"/v1/inquiries/{other['id']}/handover", {"to": "complaints", "category": "service"}, status=200)
    (complaint,) = until(lambda: desk.items("complaints", "/v1/complaints", customer_id=other["customer_id"]))
    until(lambda: "Why was nobody there?" in str(desk.complaint(complaint["id"])["notes"]))


def test_a_call_that_rang_too_long_is_noted(desk: Desk) -> None:
    """INQY-01, D-20"""
    answered = {"direction": "inbound", "started_at": now(seconds=-60), "answered_at": now(seconds=-55), "agent_id": "s-3"}
    late, in_time = uuid4().hex, uuid4().hex
    desk.publish("/telephony", "call.answered.v1", answered | {"call_id": in_time, "ring_count": 3})
    desk.publish("/telephony", "call.answered.v1", answered | {"call_id": late, "ring_count": 4})
    noted = until(lambda: [it for it in desk.items("reception", "/v1/late-answers") if it["call_id"] == late])
    assert noted[0]["agent_id"] == "s-3"
    assert not [it for it in desk.items("reception", "/v1/late-answers") if it["call_id"] == in_time]


def test_a_bad_answer_in_a_survey_is_a_complaint(desk: Desk, reference: str) -> None:
    """FLUP-30, D-30"""
    system, _, id = reference.partition("/")
    survey = {
        "customer": {"system": system, "id": id},
        "survey_id": uuid4().hex,
        "answered_at": now(minutes=-1),
        "score": 2,
        "about": f"order:{id}",
    }
    for _ in range(2):
        desk.publish("/surveys", "survey.answered.v1", survey)
    (answer,) = until(lambda: desk.items("followup", "/v1/surveys", about=f"order:{id}"))
    assert (answer["satisfaction"], answer["score"]) == ("dissatisfied", 2)
    (complaint,) = until(lambda: desk.items("complaints", "/v1/complaints", customer_id=answer["customer_id"]))
    assert complaint["state"] == "received"


def test_clients_made_of_the_documents_tell_both_stories(
    desk: Desk, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    with contextlib.closing(Clients(tmp_path, desk)) as clients:
        a_complaint_is_closed(clients, *reference.split("/"))
        a_shipment_is_told(clients, *reference.split("/"))


def test_words_names_and_numbers_stay_where_they_belong(desk: Desk) -> None:
    """Run last: what the journeys said is on the topics for it, and on no other; in no log, no metric, no register of events."""
    seen = {f"log {log.name}": log.read_text(encoding="utf-8", errors="replace") for log in (desk.terminal.run / "logs").glob("*.log")}
    for name, address in desk.addresses["ops"].items():
        seen[f"metrics of {name}"] = (
            httpx.get(f"{address}/metrics", trust_env=False).text + httpx.get(f"{address}/healthz", trust_env=False).text
        )
    for name in ("customers", "complaints", "followup", "reception"):
        seen[f"events of {name}"] = str(desk.items(name, "/v1/events"))
        assert desk.items(name, "/v1/parked") == []
    for topic in TOPICS.values():
        if not topic.personal:
            records = asyncio.run(everything(desk.addresses["kafka"], topic.name))
            seen[topic.name] = "".join(f"{it.key!r} {(it.value or b'').decode()} {it.headers}" for it in records)
    assert len(seen["events of complaints"]) > 1000 and "call.completed" in seen["careloop.followup"], "there was something to search"
    said = (
        "bent",
        "Nobody met us",
        "Why was nobody there",
        "Guest of Example Steel",
        "signed note",
        "13800009999",
        "13700001234",
        "As long as you like",
    )
    assert [(where, words) for where, text in seen.items() for words in said if words in text] == []
