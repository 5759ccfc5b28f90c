"""A customer is erased: that somebody came and asked stays known; who it was and what they said does not."""

from services.reception.jobs.erasing import JOBS
from shared.contracts.contacts import ContactErased
from shared.ids import customer_of
from shared.service import Means
from tests.apis import Api
from tests.erasing import answers, asked_to_forget, everything_in, forgotten, left_of
from tests.makers import customer
from tests.reception.desk import GUEST, NUMBER, PHONE, PURPOSE, QUESTION, applied, asked, missed, telephoned, told
from tests.rooms import World

C1 = customer_of("erp/C-1")
WORDS = (GUEST, PHONE, PURPOSE, QUESTION, "Example Steel")


async def test_visits_and_inquiries_stay_and_nobody_is_in_them(reception: World, api: Api, worker: Means) -> None:
    visit = await applied(api, customer=customer("erp/C-1"))
    inquiry = await asked(api)
    await applied(api, guest={"name": "Another guest"}, company="Other", purpose="To look")
    before = [(await api.get(f"/v1/{it}?count=true"))["total"] for it in ("visits", "inquiries")]
    await reception.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of(WORDS, await everything_in(reception)) == []
    assert [(await api.get(f"/v1/{it}?count=true"))["total"] for it in ("visits", "inquiries")] == before
    shown = await api.get(f"/v1/visits/{visit['id']}")
    assert (shown["guest"], shown["company"], shown["purpose"], shown["state"]) == ({"name": None, "phone": None}, "", None, "applied")
    assert (await api.get(f"/v1/inquiries/{inquiry['id']}"))["question"] is None
    assert "Another guest" in await everything_in(reception)
    (answer,) = await answers(reception)
    assert (answer["service"], answer["counts"]["visits"], answer["counts"]["notes"]) == ("reception", 1, 2)


async def test_a_guest_whom_we_declared_ourselves_is_taken_back(reception: World, api: Api, worker: Means) -> None:
    visit = await applied(api)
    who = customer_of(f"reception/{visit['id']}")
    await reception.handle(asked_to_forget(who))
    await forgotten(JOBS, worker)
    await reception.handle(told(ContactErased(customer_id=who)))
    nulls = await reception.rows("outbox", "key", "topic = 'careloop.inbound.customers' AND payload IS NULL")
    assert [it["key"] for it in nulls] == [f"reception/{visit['id']}"]
    assert left_of(WORDS, await everything_in(reception)) == []


async def test_a_call_that_nobody_could_read_is_let_go_when_it_names_them(reception: World, api: Api, worker: Means) -> None:
    await reception.handle(
        telephoned("call.missed.v1", missed("T-1", customer=customer("erp/C-1"), reason="lunch")),
        telephoned("call.missed.v1", missed("T-2", customer=customer("erp/C-2"), reason="lunch", caller_number="+8613700005678")),
    )
    assert len(await reception.rows("parked")) == 2
    await reception.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of([NUMBER], await everything_in(reception)) == []
    assert [(it["value"] is None, it["state"]) for it in await reception.rows("parked", "value, state", "true ORDER BY id")] == [
        (True, "discarded"), (False, "open"),
    ]  # fmt: skip


async def test_the_number_of_a_call_may_be_theirs_and_is_gone_and_nobody_can_try_numbers(reception: World, api: Api, worker: Means) -> None:
    call = "13987654321-20260105"
    await reception.handle(telephoned("call.missed.v1", missed(call, customer=customer("erp/C-1"))))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    assert call in await everything_in(reception)
    assert (await api.ask("GET", f"/v1/inquiries?call_id={call}")).status_code == 422
    await reception.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of([call, "13987654321"], await everything_in(reception)) == []
    shown = await api.get(f"/v1/inquiries/{inquiry['id']}")
    assert (shown["call_id"], shown["kind"]) == ("erased", "callback")
    (received,) = await reception.rows("journal", "data", "type = 'inquiry.received.v1'")
    assert received["data"]["call_id"] is None and received["data"]["kind"] == "callback"


async def test_who_comes_again_after_that_is_not_kept(reception: World, api: Api, worker: Means) -> None:
    await reception.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    await applied(api, customer=customer("erp/C-1"))
    await asked(api)
    await reception.handle(telephoned("call.missed.v1", missed("T-3", customer=customer("erp/C-1"), reason="lunch")))
    await forgotten(JOBS, worker, again=True)
    assert left_of([*WORDS, NUMBER], await everything_in(reception)) == []
