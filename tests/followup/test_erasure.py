"""A customer is erased: nobody tells or asks them anything any more, and of what they were told it is only known that it was."""

from dataclasses import replace

import pytest

from services.followup.actions import reaching, telling
from services.followup.domain.contact import Contact
from services.followup.domain.notice import State
from services.followup.domain.sending import Answer, Result, prepare, settle
from services.followup.jobs import chores, erasing
from shared import erasing as shared_erasing
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.ids import customer_of, uuid7
from shared.service import Means
from tests.apis import Api
from tests.erasing import answers, asked_to_forget, everything_in, forgotten, left_of
from tests.followup.conftest import NOON, TRADE
from tests.followup.saying import happened, said
from tests.followup.test_news import a_contact
from tests.followup.test_sending import a_notice
from tests.makers import declared, record, shipped
from tests.rooms import World

C1, SHOP = customer_of("erp/C-1"), customer_of("shop/77")
PHONE, MAIL, REMARK = "+8613987612345", "zhuxingdong@private-mail.example", "It smells of sulphur"
WORDS = (PHONE, PHONE[1:], MAIL, REMARK, "America/Chicago")
JOBS = erasing.jobs(TRADE)


@pytest.fixture
def worker(followup: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> Means:
    for module in (telling, reaching, shared_erasing):
        monkeypatch.setattr(module, "now", lambda: followup.clock[0])
    return replace(api.means, pool=followup.pool)


def reachable(reference: str = "erp/C-1", revision: int = 1, **facts: object) -> object:
    told = ContactChanged(
        **{"customer_id": customer_of(reference), "unit": "headquarters", "standing": Standing.DECLARED, "phones": [PHONE], "emails": [MAIL],
           "time_zone": "America/Chicago", "preferred_channel": "email", "references": [KnownAs(reference=reference, revision=revision)]} | facts
    )  # fmt: skip
    return record(told.name, told.model_dump(mode="json"), source="/careloop/customers", id=str(uuid7()), topic=told.topic, key=told.key)


async def tell(followup: World) -> None:
    """Messages leave, and are taken."""
    attempts, _ = await telling.take(followup.engine, TRADE)
    taken = [(it, Result(Answer.TAKEN, provider_id=f"sent to {PHONE}")) for it in attempts]
    await telling.keep_results(followup.engine, taken)


async def test_notices_stay_and_where_they_went_and_what_they_said_is_gone(followup: World, api: Api, worker: Means) -> None:
    await followup.handle(reachable(), record("order.shipped.v1", shipped()))
    await tell(followup)
    (sent,) = await followup.rows("notice", "state, text, deliveries")
    assert sent["state"] == "sent" and sent["text"]
    await followup.handle(record("order.shipped.v1", shipped("S-2", "O-2")))  # and one that still waits
    before = (await api.get("/v1/notices?count=true"))["total"]
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    notices = await followup.rows("notice", "state, reason, subject, text, deliveries", "true ORDER BY planned_at, state")
    assert {(it["state"], it["reason"]) for it in notices} == {("sent", None), ("skipped", "erased")}
    assert {(it["subject"], it["text"]) for it in notices} == {(None, None)}
    assert left_of(WORDS, await everything_in(followup)) == []
    assert (await api.get("/v1/notices?count=true"))["total"] == before
    (answer,) = await answers(followup)
    assert (answer["service"], answer["counts"]["messages"], answer["counts"]["contacts"]) == ("followup", 2, 1)


async def test_nothing_is_told_of_what_comes_later(followup: World, api: Api, worker: Means) -> None:
    await followup.handle(reachable())
    await followup.handle(asked_to_forget(C1, SHOP))
    await forgotten(JOBS, worker)
    await followup.handle(
        reachable(revision=7), record("order.shipped.v1", shipped()), record("order.shipped.v1", shipped("S-3", "O-3", "shop/77"))
    )
    await reaching.go_on(followup.engine)
    await tell(followup)
    await forgotten(JOBS, worker, again=True)
    notices = await followup.rows("notice", "state, reason, text")
    assert [(it["state"], it["reason"], it["text"]) for it in notices] == [("skipped", "erased", None)] * 2
    assert left_of(WORDS, await everything_in(followup)) == []
    skipped = [body for type, body in await followup.announced() if type == "notice.skipped.v1"]
    assert [it["reason"] for it in skipped] == ["erased"] * 2


async def test_nobody_calls_them_neither_about_what_was_nor_about_what_comes(followup: World, api: Api, worker: Means) -> None:
    await followup.handle(said(happened("resolved")))
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    (call,) = await followup.rows("call", "state, why")
    assert call == {"state": "called_off", "why": "erased"}
    assert [it["state"] for it in await followup.rows("clock", "state")] == ["cancelled"]
    await followup.handle(said(happened("resolved", 2)))
    assert {(it["state"], it["why"]) for it in await followup.rows("call", "state, why")} == {("called_off", "erased")}
    assert len(await followup.rows("call")) == 2 and await followup.rows("parked") == []


async def test_nobody_is_asked_to_reach_them_by_another_way(
    followup: World, api: Api, worker: Means, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(chores, "now", lambda: followup.clock[0])
    await followup.handle(reachable(), record("order.shipped.v1", shipped()))
    await followup.pool.execute("UPDATE notice SET state = 'failed', reason = 'no gateway took it', text = 'x', subject = 'y'")
    for job in chores.jobs(TRADE):
        await job.run(worker)
    assert [it["state"] for it in await followup.rows("task", "state")] == ["open"]
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    for job in chores.jobs(TRADE):
        await job.run(worker)
    assert [it["state"] for it in await followup.rows("task", "state")] == ["called_off"]


async def test_a_name_of_the_erased_is_not_reached_and_the_living_are(followup: World, api: Api, worker: Means) -> None:
    """erp/C-2 was first the living one's name; it is the erased one's."""
    await followup.handle(
        reachable("erp/C-1", references=[KnownAs(reference="erp/C-1", revision=0), KnownAs(reference="erp/C-2", revision=1)]),
        reachable("erp/C-2", references=[KnownAs(reference="shop/9", revision=1)]),
    )
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker, again=True)
    await followup.handle(
        reachable("erp/C-2", references=[KnownAs(reference="shop/9", revision=1), KnownAs(reference="shop/10", revision=0)])
    )
    contacts = {it["reference"]: (it["erased"], bool(it["phones"])) for it in await followup.rows("contact")}
    gone, there = (True, False), (False, True)
    assert contacts == {"erp/C-1": gone, "erp/C-2": gone, "shop/9": there, "shop/10": there}


async def test_a_contact_that_comes_after_the_erasure_tells_names_alone(followup: World, api: Api, worker: Means) -> None:
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    await followup.handle(reachable("erp/C-1", references=[KnownAs(reference="shop/77", revision=2)]))
    assert [(it["erased"], it["phones"]) for it in await followup.rows("contact")] == [(True, [])]
    await followup.handle(record("order.shipped.v1", shipped("S-3", "O-3", "shop/77")))
    assert [(it["state"], it["reason"]) for it in await followup.rows("notice")] == [("skipped", "erased")]


async def test_who_was_erased_before_we_ever_heard_of_them_is_told_nothing(followup: World, api: Api, worker: Means) -> None:
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    await followup.handle(record("order.shipped.v1", shipped()), record("order.shipped.v1", shipped("S-3", "O-3", "erp/C-2")))
    await forgotten(JOBS, worker, again=True)
    assert {it["reference"]: it["erased"] for it in await followup.rows("contact")} == {"erp/C-1": True, "erp/C-2": False}
    assert {it["reference"]: it["state"] for it in await followup.rows("notice")} == {"erp/C-1": "skipped", "erp/C-2": "awaiting_contact"}


async def test_a_gateway_that_has_the_message_in_its_hands_is_waited_for(followup: World, api: Api, worker: Means) -> None:
    await followup.handle(reachable(), record("order.shipped.v1", shipped()))
    attempts, _ = await telling.take(followup.engine, TRADE)
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert await answers(followup) == []
    await telling.keep_results(followup.engine, [(it, Result(Answer.TAKEN, provider_id="m-1")) for it in attempts])
    await forgotten(JOBS, worker)
    assert len(await answers(followup)) == 1 and left_of(WORDS, await everything_in(followup)) == []
    assert [it["state"] for it in await followup.rows("notice", "state")] == ["sent"]


@pytest.mark.parametrize("answer", [Answer.BUSY, Answer.UNSURE, Answer.REFUSED])
def test_what_did_not_go_out_is_not_tried_again(answer: Answer) -> None:
    contact: Contact = a_contact(emails=[], phones=[PHONE])
    notice = a_notice(contact)
    attempt, _ = prepare(notice, contact, trade=TRADE, at=NOON)
    assert attempt
    settle(notice, attempt.channel, Result(answer, reason="x"), NOON)
    contact.erased = True
    again, events = prepare(notice, contact, trade=TRADE, at=NOON)
    assert (again, notice.state, notice.reason, notice.text) == (None, State.SKIPPED, "erased", None)
    assert [type(it).__name__ for it in events] == ["NoticeSkipped"] and PHONE not in str(notice.deliveries)


async def test_a_broken_record_with_their_number_is_let_go(followup: World, api: Api, worker: Means) -> None:
    told = {"survey_id": "V-1", "score": 9, "answered_at": NOON.isoformat(), "comment": REMARK}
    await followup.handle(
        reachable(),
        record("survey.answered.v1", told | {"customer": {"system": "erp", "id": "C-1"}}),
        record("survey.answered.v1", told | {"customer": {"system": "erp", "id": "C-2"}, "comment": "another"}),
        record("survey.answered.v1", {"phone": PHONE}, key="erp/C-3"),
    )
    assert len(await followup.rows("parked")) == 3
    await followup.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of(WORDS, await everything_in(followup)) == []
    assert len(await followup.rows("parked", "id", "value IS NOT NULL")) == 1


async def test_a_name_that_had_moved_on_before_is_anothers(followup: World, api: Api, worker: Means) -> None:
    """Records of two customers come in any order."""
    await followup.handle(
        reachable("erp/C-1", references=[KnownAs(reference="erp/C-1", revision=0), KnownAs(reference="shop/77", revision=0)])
    )
    await followup.handle(asked_to_forget(C1))
    await followup.handle(
        reachable("erp/C-2", references=[KnownAs(reference="erp/C-2", revision=0), KnownAs(reference="shop/77", revision=3)])
    )
    await forgotten(JOBS, worker)
    (theirs,) = await followup.rows("contact", "phones, erased, customer_id", "reference = 'shop/77'")
    assert theirs == {"phones": [PHONE], "erased": False, "customer_id": customer_of("erp/C-2")}
    assert declared()["kind"] == "company"
