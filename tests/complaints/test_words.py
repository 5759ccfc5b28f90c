"""What people say: kept as notes, shown where they belong, forgotten when they are erased; and not a word of it anywhere else."""

import json
import logging
from datetime import timedelta
from itertools import permutations

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from services.complaints.domain import steps
from services.complaints.domain.course import Place
from tests.apis import Api
from tests.complaints.making import BODY, NOON, STEPS, a_complaint, answered, erased, handed_over, kept, note, number, step, taken, told
from tests.makers import Record
from tests.rooms import World

SECRET = "Zhang Xiaoming, +8613812345678, wants his money back"


async def texts(api: Api, id: object) -> list[str]:
    return [it["text"] for it in (await api.get(f"/v1/complaints/{id}"))["notes"]]


async def test_words_are_shown_with_the_complaint_that_came_of_them(api: Api, complaints: World) -> None:
    """The complaint's own, those of the inquiry that it was, and of what it follows; the oldest first."""
    visit = answered("dissatisfied", "visit:17", n=1, note_id=number(11))
    handed = handed_over(2, note_id=number(12))
    await complaints.handle(
        told(note(12, "Why was nobody there?", f"inquiry:{number(2)}", kind="question", written_at=NOON - timedelta(hours=1)), "reception"),
        told(note(11, "Nobody met us.", "visit:17", written_at=NOON - timedelta(hours=1)), "followup"), told(visit, "followup"), told(handed, "reception"),
        told(note(13, "Not for complaints.", "visit:17", shared_with=("reception",)), "followup"),
    )  # fmt: skip
    (from_visit,) = (await api.get("/v1/complaints?follows=visit:17"))["items"]
    (from_inquiry,) = (await api.get(f"/v1/complaints?inquiry_id={number(2)}"))["items"]
    await step(api, from_visit["id"], "judgement", {"reason": "We had the wrong train."})
    assert await texts(api, from_visit["id"]) == ["Nobody met us.", "We had the wrong train."]
    assert await texts(api, from_inquiry["id"]) == ["Why was nobody there?"]
    (shown, *_) = (await api.get(f"/v1/complaints/{from_visit['id']}"))["notes"]
    assert shown == {
        "id": str(number(11)),
        "kind": "remarks",
        "text": "Nobody met us.",
        "written_at": "2026-01-05T03:00:00Z",
        "written_by": "s-3",
    }


async def test_remarks_in_a_call_about_a_complaint_are_shown_with_it(api: Api, complaints: World) -> None:
    it = await taken(api)
    await complaints.handle(told(note(1, "It is bent again.", f"complaint:{it['id']}"), "followup"))
    assert "It is bent again." in await texts(api, it["id"])


async def test_of_a_copy_the_later_record_holds_in_any_order(complaints: World) -> None:
    said = [told(note(1, text, "visit:17"), "followup", offset=offset) for offset, text in ((5, "first"), (6, "second"), (9, "third"))]
    for order in permutations(said):
        await complaints.empty()
        for it in order:
            await complaints.handle(it)
        assert [row["text"] for row in await complaints.rows("note")] == ["third"]


async def test_our_own_words_come_back_and_change_nothing(api: Api, complaints: World) -> None:
    """They are on our own topic like those of all others."""
    it = await taken(api)
    (before, _) = await complaints.rows("note", "*", "true ORDER BY kind")
    ours = [
        Record("careloop.notes", 0, 1, 0, row["key"].encode(), row["payload"], ())
        for row in await complaints.rows("outbox", where="topic = 'careloop.notes'")
    ]
    shared = told(
        note(1, "changed", before["about"], kind="content", written_at=before["written_at"]).model_copy(update={"note_id": before["id"]}),
        "complaints",
    )
    assert len(ours) == 2
    await complaints.handle(shared)
    assert before in await complaints.rows("note") and "The coil came bent." in await texts(api, it["id"])
    newer = note(1, "corrected", before["about"], kind="content", written_at=before["written_at"] + timedelta(seconds=1))
    await complaints.handle(told(newer.model_copy(update={"note_id": before["id"]}), "complaints"))
    assert "corrected" in await texts(api, it["id"])


async def test_what_is_erased_is_gone_whoever_wrote_it(api: Api, complaints: World) -> None:
    it = await taken(api)
    await complaints.handle(told(note(1, "It is bent again.", f"complaint:{it['id']}"), "followup"))
    (remedy,) = await complaints.rows("note", "id", "kind = 'expected_remedy'")
    await complaints.handle(erased(1), erased(1), erased(99))
    own = erased(0)
    await complaints.handle(Record(own.topic, own.partition, own.offset, own.timestamp, str(remedy["id"]).encode(), None, own.headers))
    shown = await api.get(f"/v1/complaints/{it['id']}")
    assert [row["text"] for row in shown["notes"]] == ["The coil came bent."] and shown["expected_remedy"] is None
    assert not await complaints.rows("parked")


async def test_not_a_word_of_it_leaves_but_as_a_note(
    api: Api, complaints: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        it = await taken(api, content=SECRET, expected_remedy=SECRET)
        for name, words in {
            "acknowledgement": {"told": SECRET}, "judgement": {"reason": SECRET, "upheld": False}, "explanation": {"told": SECRET},
            "escalation": {"reason": SECRET}, "resolution": {"result": SECRET}, "acceptance": {"remarks": SECRET}, "reopening": {"reason": SECRET},
            "withdrawal": {"reason": SECRET},
        }.items():  # fmt: skip
            await step(api, it["id"], name, words)
        about = f"complaint:{it['id']}"
        await complaints.handle(
            told(note(1, SECRET, about), "followup"), told(answered("fair", about, n=2, call=False, note_id=number(1)), "followup")
        )
        with monkeypatch.context() as broken:  # a bug of ours, with everything in its hands
            broken.setattr(steps, "accept", lambda *words, **more: [][str((SECRET, words))])  # type: ignore[call-overload]
            other = await kept(complaints, a_complaint(Place.RESOLVED))
            await complaints.handle(told(answered("satisfied", other.about, n=3, round=1), "followup"))
            answer = await api.ask("POST", f"/v1/complaints/{other.id}/acceptance", {"remarks": SECRET}, role="specialist", If_Match='"1"')
            assert (answer.status_code, len(await complaints.rows("parked"))) == (500, 1) and SECRET not in answer.text
        for wrong in ({"content": SECRET * 500}, {"channel": SECRET}, {SECRET: 1}):
            answer = await api.ask("POST", "/v1/complaints", BODY | wrong, role="specialist")
            assert answer.status_code == 422 and (SECRET in wrong or SECRET not in answer.text)
        for path in ("/v1/events?limit=200", "/v1/tasks", "/v1/parked"):
            assert SECRET not in (await api.ask("GET", path)).text
    assert "wants his money" not in json.dumps(logs, default=str) + caplog.text
    for metrics in (complaints.room.metrics, api.means.metrics):
        assert SECRET not in generate_latest(metrics.registry).decode()
    rows = await complaints.rows("outbox", "topic, key, subject, convert_from(payload, 'UTF8') AS payload")
    assert {row["topic"] for row in rows if "wants his money" in str(row)} == {"careloop.notes"}
    assert sum(row["topic"] == "careloop.notes" for row in rows) == 10 and STEPS.keys() - {"closing"}
