"""A customer is erased: the complaints stay and are counted, and of the words none is left."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from services.complaints.jobs.erasing import JOBS
from shared.ids import customer_of
from shared.service import Means
from tests.apis import Api
from tests.complaints.making import C1, contact, handed_over, note, step, taken, told
from tests.erasing import answers, asked_to_forget, everything_in, forgotten, left_of
from tests.rooms import World

WORDS = ("The coil came bent", "A new coil", "The strap was loose", "They laughed at me", "Said at the desk")
SHOP = customer_of("shop/77")


@pytest.fixture
def worker(complaints: World, api: Api) -> Means:
    return replace(api.means, pool=complaints.pool)


async def test_the_words_go_and_the_complaint_stays(complaints: World, api: Api, worker: Means) -> None:
    complaint = await taken(api)
    await step(api, complaint["id"], "acknowledgement")
    await step(api, complaint["id"], "judgement", {"severity": "ordinary"})
    await complaints.handle(told(note(1, "They laughed at me", f"complaint:{complaint['id']}"), "followup"))
    other = await taken(api, customer={"system": "erp", "id": "C-2"}, content="Somebody else's words", expected_remedy="nothing")
    before = await api.get("/v1/complaints?count=true")
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of(WORDS, await everything_in(complaints)) == []
    after = await api.get("/v1/complaints?count=true")
    assert after["total"] == before["total"] and {it["id"] for it in after["items"]} == {complaint["id"], other["id"]}
    shown = await api.get(f"/v1/complaints/{complaint['id']}")
    assert (shown["state"], shown["notes"], shown["expected_remedy"]) == ("judged", [], None)
    assert "Somebody else's words" in await everything_in(complaints)


async def test_of_our_own_words_every_reader_is_told(complaints: World, api: Api, worker: Means) -> None:
    complaint = await taken(api)
    await complaints.handle(told(note(1, "They laughed at me", f"complaint:{complaint['id']}"), "followup"))  # whoever wrote these tells it
    own = {str(it["id"]) for it in await complaints.rows("note", "id", "partition < 0")}
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    nulls = await complaints.rows("outbox", "key, type", "payload IS NULL")
    assert {it["key"] for it in nulls} == own and len(own) == 2 and {it["type"] for it in nulls} == {"note.erased.v1"}
    last = (await complaints.rows("outbox", "type", "true ORDER BY position"))[-1]
    assert last["type"] == "erasure.completed.v1"
    (answer,) = await answers(complaints)
    assert (answer["service"], answer["counts"]["notes"], answer["customer_id"]) == ("complaints", 3, str(C1))


async def test_under_every_name_they_ever_had(complaints: World, api: Api, worker: Means) -> None:
    await taken(api, customer={"system": "shop", "id": "77"})
    await complaints.handle(told(contact("erp/C-1", "erp/C-1", "shop/77"), "customers"))
    await complaints.handle(asked_to_forget(C1, SHOP))
    await forgotten(JOBS, worker)
    assert left_of(WORDS, await everything_in(complaints)) == []
    known = await complaints.rows("known_customer", "id, erased, declared")
    assert {(it["id"], it["erased"], it["declared"]) for it in known} == {(C1, True, False), (SHOP, True, False)}


async def test_what_comes_later_is_taken_without_words(complaints: World, api: Api, worker: Means) -> None:
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    await complaints.handle(
        told(contact("erp/C-1", "erp/C-1", revision=9), "customers"),  # a record from before, read again
        told(note(7, "They laughed at me", "inquiry:1"), "reception"),
        told(handed_over(), "reception"),
    )
    assert await complaints.rows("note") == []
    await taken(api, content="Said at the desk")
    await forgotten(JOBS, worker, again=True)
    assert left_of(WORDS, await everything_in(complaints, but=("outbox", "audit", "idempotency"))) == []
    assert len(await complaints.rows("complaint")) == 2
    assert {it["declared"] for it in await complaints.rows("known_customer", "declared", "erased")} == {False}


async def test_ten_thousand_notes_are_erased_in_many_small_steps(complaints: World, api: Api, worker: Means) -> None:
    await complaints.pool.execute(
        "INSERT INTO note (id, about, kind, text, named_id, customer_id, unit, written_at, written_by, partition, record_offset) SELECT gen_random_uuid(), 'complaint:1', 'remarks', 'They laughed at me', $1, $1, 'headquarters',"
        " now(), NULL, -1, -1"
        " FROM generate_series(1, 10000)", C1,
    )  # fmt: skip
    await complaints.handle(asked_to_forget(C1))
    assert await JOBS[0].run(worker) and await JOBS[0].run(worker)
    left = len(await complaints.rows("note"))
    assert 9000 <= left < 10000 and await answers(complaints) == []  # a worker that dies here has answered nothing
    await forgotten(JOBS, worker)
    assert await complaints.rows("note") == []
    assert [it["counts"]["notes"] for it in await answers(complaints)] == [10000]


async def test_two_workers_answer_once_and_whoever_asks_again_gets_an_answer_again(complaints: World, api: Api, worker: Means) -> None:
    await taken(api)
    request: Any = asked_to_forget(C1)
    await complaints.handle(request, request)
    for _ in range(20):
        await asyncio.gather(*(JOBS[0].run(worker) for _ in range(4)))
    assert len(await answers(complaints)) == 1
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert len(await answers(complaints)) == 2 and await complaints.rows("parked") == []


async def test_what_was_answered_to_a_repeated_request_holds_no_words_either(complaints: World, api: Api, worker: Means) -> None:
    body = {
        "customer": {"system": "erp", "id": "C-1"},
        "channel": "phone",
        "category": "delivery",
        "content": "x",
        "expected_remedy": "A new coil",
    }
    first = await api.ask("POST", "/v1/complaints", body, role="specialist", idempotency_key="k-1")
    assert first.status_code == 201 and left_of(WORDS, await everything_in(complaints))
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of(WORDS, await everything_in(complaints)) == []
    again = await api.ask("POST", "/v1/complaints", body, role="specialist", idempotency_key="k-1")
    assert (again.status_code, again.text) == (201, "{}") and len(await complaints.rows("complaint")) == 1
