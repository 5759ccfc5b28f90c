"""Calls over HTTP, through the real edge: attempts, answers, and two who do it at once."""

import asyncio
from typing import Any

import pytest

from services.followup.domain.asking import Tried
from services.followup.domain.call import State, call_id
from shared.ids import uuid7
from shared.permissions import PERMISSIONS, ROLES
from shared.replay import Record
from tests.apis import Api
from tests.followup.conftest import NOON
from tests.followup.saying import COMPLAINT, CUSTOMER, STORY, VISIT, departed, happened, said
from tests.rooms import World

ABOUT = f"complaint:{COMPLAINT}"
CALL = f"/v1/calls/{call_id(ABOUT, 1)}"
WAITING = ("planned", "assigned", "due", "attempted", "callback_agreed")
AHEAD = "2026-01-07T18:00:00+08:00"


@pytest.fixture(autouse=True)
async def planned(followup: World, api: Api) -> None:
    await followup.handle(said(happened("resolved")))


async def post(api: Api, step: str, body: Any, *, call: str = CALL, **headers: str) -> Any:
    return await api.ask("POST", f"{call}/{step}", body, role="specialist", **headers)


async def names(followup: World) -> list[str]:
    return [name.removesuffix(".v1") for name, _ in await followup.announced()]


async def put(followup: World, state: str) -> None:
    """The call into a state, as its table allows."""
    facts = {
        "done": ", satisfaction = 'fair', completed_at = now()",
        "unreachable": ", why = 'attempts'",
        "called_off": ", why = 'reopened'",
    }
    await followup.pool.execute(f"UPDATE call SET state = '{state}'{facts.get(state, '')}")


async def test_a_planned_call_is_shown(api: Api) -> None:
    answer = await api.ask("GET", f"/v1/calls?about={ABOUT}", role="specialist")
    (call,) = answer.json()["items"]
    assert call == {
        "id": str(call_id(ABOUT, 1)), "about": ABOUT, "round": 1, "reason": "complaint_resolved", "customer_id": str(CUSTOMER), "unit": "headquarters",
        "source": "/careloop/complaints", "state": "planned", "why": None, "earliest_at": "2026-01-06T06:00:00Z", "due_at": "2026-01-09T13:00:00Z",
        "attempts": [], "callback_at": None, "assigned_to": None, "satisfaction": None, "score": None, "aspects": [], "completed_at": None,
        "completed_by": None, "give_up_at": None, "planned_at": "2026-01-06T04:00:00Z", "correlation": STORY, "version": 1,
    }  # fmt: skip
    one = await api.ask("GET", CALL)
    assert one.json() == call and one.headers["ETag"] == '"1"'
    await api.get(f"/v1/calls/{uuid7()}", status=404)


async def test_the_whole_way_of_a_call(api: Api, followup: World) -> None:
    """FLUP-06, FLUP-08, FLUP-19"""
    busy = await post(api, "attempts", {"outcome": "busy"})
    assert (busy.status_code, busy.headers["ETag"], busy.json()["state"]) == (200, '"2"', "attempted")
    assert busy.json()["earliest_at"] == "2026-01-06T08:00:00Z"
    agreed = (await post(api, "attempts", {"outcome": "callback_agreed", "callback_at": AHEAD})).json()
    assert (agreed["state"], agreed["earliest_at"], agreed["due_at"]) == ("callback_agreed", "2026-01-07T10:00:00Z", "2026-01-07T10:00:00Z")
    assert [(it["number"], it["outcome"], it["attempted_by"], it["callback_at"]) for it in agreed["attempts"]] == [
        (1, "busy", "s-1", None), (2, "callback_agreed", "s-1", "2026-01-07T10:00:00Z"),
    ]  # fmt: skip
    body = {"satisfaction": "dissatisfied", "score": 1, "aspects": ["result"], "remarks": "It is bent again."}
    done = await post(api, "outcome", body, If_Match='"3"')
    call = done.json()
    assert (done.status_code, call["state"], call["satisfaction"], call["score"], call["aspects"], call["completed_by"], call["version"]) == (
        200, "done", "dissatisfied", 1, ["result"], "s-1", 4,
    )  # fmt: skip
    assert call["completed_at"] == "2026-01-06T04:00:00Z" and await api.get(CALL) == call
    assert await names(followup) == [
        "call.planned", "call.attempted", "call.attempted", "call.completed", "satisfaction.reported", "note.written",
    ]  # fmt: skip
    assert {row["correlation"] for row in await followup.rows("outbox")} == {STORY}
    told = (await api.get(f"/v1/events?correlationid={STORY}"))["items"]
    assert [it["type"].removesuffix(".v1") for it in told] == [
        "call.planned", "call.attempted", "call.attempted", "call.completed", "satisfaction.reported",
    ]  # fmt: skip
    report = told[-1]["data"]
    assert (report["about"], report["round"], report["call_id"], report["score"]) == (ABOUT, 1, call["id"], 1)
    assert "bent" not in str(told)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("step", "body"), [("attempts", {"outcome": "reached"}), ("outcome", {"satisfaction": "fair"})])
async def test_every_state_allows_both_steps_or_none(api: Api, followup: World, state: str, step: str, body: dict[str, Any]) -> None:
    await put(followup, state)
    answer = await post(api, step, body)
    if state in WAITING:
        assert answer.status_code == 200 and answer.json()["state"] == {"attempts": "attempted", "outcome": "done"}[step]
    else:
        problem = answer.json()
        assert (answer.status_code, problem["type"].rpartition("/")[2], problem["allowed"]) == (409, "not-now", [])
        assert await names(followup) == ["call.planned"] and (await api.get(CALL))["state"] == state


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("attempts", {"outcome": "callback_agreed"}, "/callback_at"),
        ("attempts", {"outcome": "callback_agreed", "callback_at": NOON.isoformat()}, "/callback_at"),
        ("attempts", {"outcome": "callback_agreed", "callback_at": 1767600000}, "/callback_at"),
        ("attempts", {"outcome": "callback_agreed", "callback_at": "2026-01-07T10:00:00"}, "/callback_at"),
        ("attempts", {"outcome": "busy", "callback_at": AHEAD}, "/callback_at"),
        ("attempts", {"outcome": "asleep"}, "/outcome"),
        ("attempts", {"outcome": "busy", "attempted_at": AHEAD}, "/attempted_at"),
        ("attempts", {}, "/outcome"),
        ("outcome", {"satisfaction": "satisfied", "score": 2}, "/score"),
        ("outcome", {"satisfaction": "satisfied", "score": 6}, "/score"),
        ("outcome", {"satisfaction": "satisfied", "score": "5"}, "/score"),
        ("outcome", {"satisfaction": "happy"}, "/satisfaction"),
        ("outcome", {"satisfaction": "fair", "aspects": ["They spoke of the coil."]}, "/aspects/0"),
        ("outcome", {"satisfaction": "fair", "remarks": "x" * 10_001}, "/remarks"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_changes_nothing(
    api: Api, followup: World, step: str, body: dict[str, Any], field: str
) -> None:  # fmt: skip
    answer = await post(api, step, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await api.get(CALL))["version"] == 1 and await names(followup) == ["call.planned"]


@pytest.mark.parametrize("outcome", [it for it in Tried if it is not Tried.CALLBACK_AGREED])
async def test_a_null_callback_is_none(api: Api, outcome: str) -> None:
    answer = await post(api, "attempts", {"outcome": outcome, "callback_at": None})
    assert (answer.status_code, answer.json()["state"]) == (200, "unreachable" if outcome == "refused" else "attempted")


# -- two at once, and the same again


async def test_of_two_answers_at_once_one_holds(api: Api, followup: World) -> None:
    for headers, late in (({}, 409), ({"If_Match": '"1"'}, 412)):
        await followup.empty()
        await followup.handle(said(happened("resolved")))
        answers = await asyncio.gather(
            *(post(api, "outcome", {"satisfaction": it, "remarks": "Words"}, **headers) for it in ("satisfied", "dissatisfied"))
        )
        assert sorted(it.status_code for it in answers) == [200, late]
        held = next(it.json() for it in answers if it.status_code == 200)
        assert await api.get(CALL) == held and len(await followup.rows("note")) == 1
        reports = [body for name, body in await followup.announced() if name == "satisfaction.reported.v1" and body]
        assert [it["satisfaction"] for it in reports] == [held["satisfaction"]]


async def test_attempts_at_once_are_counted_one_after_the_other(api: Api, followup: World) -> None:
    answers = await asyncio.gather(*(post(api, "attempts", {"outcome": "busy"}) for _ in range(4)))
    assert {it.status_code for it in answers} == {200}
    assert [it["number"] for it in (await api.get(CALL))["attempts"]] == [1, 2, 3, 4]
    assert sorted(body["attempt"] for name, body in await followup.announced() if name == "call.attempted.v1" and body) == [1, 2, 3, 4]


@pytest.mark.parametrize(("step", "body"), [("attempts", {"outcome": "busy"}), ("outcome", {"satisfaction": "fair", "remarks": "Words"})])
async def test_the_same_request_twice_acts_once(api: Api, followup: World, step: str, body: dict[str, Any]) -> None:
    async def ask() -> Any:
        return await post(api, step, body, Idempotency_Key="k-1")

    first = await asyncio.gather(ask(), ask())
    answers = [*first, await ask()]
    assert {it.status_code for it in answers} == {200} and len({it.text for it in answers}) == 1
    assert answers[2].headers["ETag"] == '"2"' and answers[2].headers["Idempotent-Replayed"] == "true"
    assert (await api.get(CALL))["version"] == 2 and len(await followup.rows("note")) == (step == "outcome")


async def test_a_stale_version_is_refused_before_anything_else(api: Api, followup: World) -> None:
    await post(api, "outcome", {"satisfaction": "fair"})
    for step, body in (("attempts", {"outcome": "busy"}), ("outcome", {"satisfaction": "fair"})):
        stale = await post(api, step, body, If_Match='"1"')
        assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
        assert (await post(api, step, body, If_Match='"2"')).status_code == 409
        assert (await post(api, step, body, call=f"/v1/calls/{uuid7()}")).status_code == 404


async def test_an_api_that_dies_in_the_middle_did_nothing(api: Api, followup: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> Any:
        return await post(api, "outcome", {"satisfaction": "fair", "remarks": "Words"}, Idempotency_Key="k-1")

    with monkeypatch.context() as patch:

        async def die(*_: Any) -> None:
            raise ConnectionResetError

        patch.setattr("shared.database.outbox.write", die)
        assert (await ask()).status_code == 503
    assert (await api.get(CALL))["state"] == "planned" and not await followup.rows("note") and not await followup.rows("idempotency")
    assert (await ask()).status_code == 200
    assert len(await followup.rows("note")) == 1 and (await names(followup)).count("call.completed") == 1


async def test_an_answer_and_a_reopening_that_meet_end_in_one_of_two_ways(api: Api, followup: World) -> None:
    for turn in range(6):
        await followup.empty()
        await followup.handle(said(happened("resolved")))
        answering = asyncio.create_task(post(api, "outcome", {"satisfaction": "fair"}))
        for _ in range(turn * 5):  # now the one begins earlier, now the other
            await asyncio.sleep(0)
        await followup.handle(said(happened("reopened", 2)))
        answer, state = await answering, (await api.get(CALL))["state"]
        assert (answer.status_code, state) in ((200, "done"), (409, "called_off"))
        assert ("call.completed" in await names(followup)) is (state == "done")
        assert ("call.called_off" in await names(followup)) is (state == "called_off")
        assert not await followup.rows("parked")


# -- who, where, what


async def test_the_register_is_narrowed_by_its_columns(api: Api, followup: World) -> None:
    await followup.handle(said(happened("reopened", 2)), said(happened("resolved", 2)), said(departed(unit="overseas")))
    await post(api, "outcome", {"satisfaction": "fair"}, call=f"/v1/calls/{call_id(ABOUT, 2)}")
    for question, number in {
        f"about={ABOUT}": 2, f"about=visit:{VISIT}": 1, "round=2": 1, "state=planned": 1, "state=done&state=called_off": 2, "reason=visit_departed": 1,
        f"customer_id={CUSTOMER}": 3, f"customer_id={uuid7()}": 0, "unit=overseas": 1, "assigned_to=s-1": 0, "satisfaction=fair": 1,
        "source=/careloop/complaints": 2, "": 3,
    }.items():  # fmt: skip
        page = await api.get(f"/v1/calls?{question}&count=true", role="viewer")
        assert page["total"] == len(page["items"]) == number, question
    assert (await api.ask("GET", "/v1/calls?colour=red")).status_code == 422


async def test_a_call_that_was_never_to_be_made_has_no_time(api: Api, followup: World) -> None:
    await followup.handle(said(happened("reopened", 5)))
    (call,) = (await api.get("/v1/calls?round=4"))["items"]
    assert (call["state"], call["why"], call["earliest_at"], call["due_at"]) == ("called_off", "reopened", None, None)


async def test_who_may_do_what(api: Api) -> None:
    for role in ROLES:
        may = {name: role in PERMISSIONS[name] for name in ("calls.read", "calls.make")}
        assert ((await api.ask("GET", "/v1/calls", role=role)).status_code == 403) is not may["calls.read"], role
        for step, body in (("attempts", {"outcome": "busy"}), ("outcome", {})):
            refused = (await api.ask("POST", f"{CALL}/{step}", body, role=role)).status_code == 403
            assert refused is not may["calls.make"], role
    assert (await api.client.get("/v1/calls")).status_code == 401


async def test_words_are_on_notes_alone_and_go_with_their_tombstone(api: Api, followup: World) -> None:
    await post(api, "outcome", {"satisfaction": "fair", "remarks": "Ask for Mrs Li."})
    spoken = await followup.rows("outbox", "topic, key", "convert_from(payload, 'UTF8') LIKE '%Mrs Li%'")
    (note,) = await followup.rows("note")
    assert spoken == [{"topic": "careloop.notes", "key": str(note["id"])}]
    assert (note["about"], note["kind"], note["text"], note["written_by"]) == (ABOUT, "remarks", "Ask for Mrs Li.", "s-1")
    assert not await followup.rows("journal", where="data::text LIKE '%Mrs Li%'")
    await followup.handle(Record("careloop.notes", 0, 1, 0, str(note["id"]).encode(), None, ()))
    assert not await followup.rows("note")
    kept = await followup.rows("call")
    assert kept[0]["state"] == "done" and "Mrs Li" not in str(kept)
