"""What others tell, through the room and down to the database: once, in any order, and followed through all services."""

import random
from datetime import timedelta
from typing import Any

import pytest

from services.complaints.app import service
from services.complaints.domain.course import Place
from shared.contracts.contacts import ContactErased, Standing
from shared.ids import customer_of, made_of
from tests.apis import Api
from tests.complaints.making import (
    C1,
    DAYS,
    NOON,
    a_complaint,
    answered,
    contact,
    handed_over,
    kept,
    number,
    step,
    taken,
    told,
    unreachable,
)
from tests.makers import Record, record
from tests.rooms import UNITS, World

C2 = customer_of("erp/C-2")


async def followed(world: World) -> None:
    """Whatever is about a customer is in line with who that is."""
    means: Any = type("Means", (), {"pool": world.pool, "units": UNITS, "config": None})
    (job,) = (it for it in service.jobs(means) if it.name == "following")
    while await job.run(means):
        pass


async def test_a_dissatisfied_customer_opens_it_again_and_a_satisfied_one_closes_it(api: Api, complaints: World) -> None:
    """CMPL-14, CMPL-20"""
    it = await taken(api)
    about = f"complaint:{it['id']}"
    await step(api, it["id"], "judgement")
    for round, role in ((1, None), (2, "supervisor"), (3, "leader")):
        await step(api, it["id"], "resolution")
        await complaints.handle(told(answered("dissatisfied", about, n=round, round=round, aspects=["result"]), "followup"))
        again = await api.get(f"/v1/complaints/{it['id']}")
        assert (again["state"], again["round"], again["severity"], again["resolved_at"]) == ("investigating", round + 1, "major", None)
        tasks = [
            (task["role"], task["facts"]["round"], task["kind"], task["facts"]["aspects"]) for task in (await api.get("/v1/tasks"))["items"]
        ]
        assert tasks[:1] == ([] if role is None else [(role, round, "dissatisfied", ["result"])]) and len(tasks) == round - 1
        complaints.clock[0] = NOON + timedelta(days=round)
    await step(api, it["id"], "resolution")
    await complaints.handle(told(answered("satisfied", about, n=4, round=4), "followup"))
    end = await api.get(f"/v1/complaints/{it['id']}")
    assert (end["state"], end["round"], end["closed_as"]) == ("closed", 4, "accepted")


async def test_who_could_not_be_reached_is_not_satisfied(api: Api, complaints: World) -> None:
    """FLUP-31: and can say so for thirty days."""
    it = await kept(complaints, a_complaint(Place.RESOLVED))
    await complaints.handle(told(unreachable(it.about, 2), "followup"), told(unreachable("visit:1"), "followup"))
    assert (await api.get(f"/v1/complaints/{it.id}"))["state"] == "resolved"
    await complaints.handle(told(unreachable(it.about), "followup"), told(unreachable(it.about), "followup", again=True))
    shown = await api.get(f"/v1/complaints/{it.id}")
    assert (shown["state"], shown["closed_as"]) == ("closed", "unreachable")
    assert [type for type, _ in await complaints.announced()] == ["complaint.closed.v1"]
    await step(api, it.id, "reopening")
    assert (await api.get(f"/v1/complaints/{it.id}"))["closed_as"] is None


@pytest.mark.parametrize("said", ["satisfied", "fair", "dissatisfied"])
async def test_a_survey_from_before_the_result_says_nothing_of_it(api: Api, complaints: World, said: str) -> None:
    """Nothing is closed before the customer was asked about what they were told."""
    it = await kept(complaints, a_complaint(Place.RESOLVED, resolved_at=NOON))
    early = answered(said, it.about, call=False, reported_at=NOON - timedelta(seconds=1))
    await complaints.handle(told(early, "followup"), told(early, "followup", again=True))
    assert (await api.get(f"/v1/complaints/{it.id}"))["state"] == "resolved"
    assert not await complaints.announced() and not await complaints.rows("task") and len(await complaints.rows("complaint")) == 1


async def test_what_somebody_else_says_of_it_is_a_matter_of_their_own(api: Api, complaints: World) -> None:
    """FLUP-30: a survey may name any complaint."""
    it = await kept(complaints, a_complaint(Place.RESOLVED, resolved_at=NOON))
    for n, said in enumerate(("satisfied", "dissatisfied")):
        await complaints.handle(told(answered(said, it.about, n=n, call=False, customer_id=C2), "followup"))
    assert (await api.get(f"/v1/complaints/{it.id}"))["state"] == "resolved"
    (theirs,) = (await api.get(f"/v1/complaints?follows={it.about}"))["items"]
    assert theirs["customer_id"] == str(C2)


async def test_an_id_in_capitals_is_the_same_id(complaints: World) -> None:
    it = await kept(complaints, a_complaint(Place.RESOLVED, resolved_at=NOON))
    for n, id in enumerate((str(it.id), str(it.id).upper(), it.id.hex)):
        await complaints.handle(told(answered("fair", f"complaint:{id}", n=n, call=False), "followup"))
    assert [task["about"] for task in await complaints.rows("task")] == [it.about] and not await complaints.rows("parked")


async def test_after_thirty_days_it_is_a_new_complaint_that_follows_the_old_one(api: Api, complaints: World) -> None:
    """D-30"""
    old = await kept(complaints, a_complaint(Place.CLOSED, resolved_at=NOON - DAYS - timedelta(seconds=1), order_id="PO-7"))
    for again in (False, True):
        await complaints.handle(told(answered("dissatisfied", old.about, round=1, note_id=number(9)), "followup", again=again))
    (new,) = (await api.get(f"/v1/complaints?follows={old.about}"))["items"]
    assert (new["state"], new["round"], new["order_id"], new["channel"], new["category"]) == (
        "received",
        1,
        "PO-7",
        "phone",
        "satisfaction",
    )
    assert (await api.get(f"/v1/complaints/{old.id}"))["state"] == "closed"
    ((type, body),) = await complaints.announced()
    assert type == "complaint.received.v1" and body and (body["follows"], body["note_id"]) == (old.about, str(number(9)))


async def test_bad_answers_are_complaints_and_middling_ones_tasks(api: Api, complaints: World) -> None:
    """FLUP-30, D-30: every answer for itself, also where several are about one order; heard twice, once."""
    said = ["dissatisfied", "fair", "satisfied"]
    events = [answered(said[n % 3], f"order:{n // 6}" if n % 2 else None, n=n, call=False, aspects=["price"]) for n in range(60)]
    for again in (False, True):
        await complaints.handle(*(told(it, "followup", again=again) for it in events))
    made = (await api.get("/v1/complaints?limit=200&channel=survey&source=/careloop/followup"))["items"]
    tasks = (await api.get("/v1/tasks?limit=200&kind=fair&role=supervisor"))["items"]
    assert len(made) == len(tasks) == 20 and len(await complaints.announced()) == 20
    assert {it["id"] for it in made} == {str(made_of("complaint", number(n))) for n in range(0, 60, 3)}
    assert {it["follows"] for it in made} == {f"order:{n // 6}" if n % 2 else f"survey:{number(n)}" for n in range(0, 60, 3)}
    assert {it["about"] for it in tasks} == {f"order:{n // 6}" if n % 2 else f"survey:{number(n)}" for n in range(1, 60, 3)}
    assert all(it["facts"] == {"aspects": ["price"]} for it in tasks)
    assert {it["order_id"] for it in made} == {None, *(str(n // 6) for n in range(3, 60, 6))}


async def test_what_is_handed_over_is_as_old_as_it_was_and_is_one(api: Api, complaints: World) -> None:
    """CMPL-01, INQY-11"""
    event = handed_over(order_id="PO-7", note_id=number(9))
    await complaints.handle(
        told(event, "reception"), told(event, "reception", again=True), told(handed_over(2, handed_to="sales"), "reception")
    )
    await complaints.handle(told(event, "reception", again=True))
    (it,) = (await api.get("/v1/complaints"))["items"]
    assert (it["id"], it["inquiry_id"]) == (str(made_of("complaint", number(1))), str(number(1)))
    assert (it["received_at"], it["number"][:8]) == ("2026-01-03T04:00:00Z", "C260103-")
    assert (it["channel"], it["category"], it["order_id"], it["source"], it["follows"]) == (
        "mail",
        "service",
        "PO-7",
        "/careloop/reception",
        None,
    )
    ((_, body),) = await complaints.announced()
    assert body and (body["inquiry_id"], body["note_id"]) == (str(number(1)), str(number(9)))


async def test_what_comes_of_something_carries_along_what_that_came_of(api: Api, complaints: World) -> None:
    sent = told(handed_over(), "reception")
    headers = [
        *sent.headers,
        ("ce_correlationid", b"the-inquiry"),
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ]
    await complaints.handle(Record(sent.topic, sent.partition, sent.offset, sent.timestamp, sent.key, sent.value, tuple(headers)))
    (it,) = (await api.get("/v1/complaints"))["items"]
    await step(api, it["id"], "judgement")
    rows = await complaints.rows("outbox", "correlation, trace")
    assert it["correlation"] == "the-inquiry" and len(rows) == 3
    assert {(row["correlation"], row["trace"]) for row in rows} == {
        ("the-inquiry", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    }


async def test_complaints_and_tasks_follow_their_customer(api: Api, complaints: World) -> None:
    it = await taken(api)
    await complaints.handle(told(answered("fair", "order:PO-7", call=False), "followup"))
    assert not it["customer_known"]
    await complaints.handle(told(contact("erp/C-2", "erp/C-2", "erp/C-1"), "customers"))
    await followed(complaints)
    shown = await api.get(f"/v1/complaints/{it['id']}")
    assert (shown["customer_id"], shown["customer_known"], shown["version"]) == (str(C2), True, 2)
    (task,) = (await api.get(f"/v1/tasks?customer_id={C2}"))["items"]
    assert task["version"] == 2
    await complaints.handle(told(answered("dissatisfied", "order:PO-8", n=2, call=False), "followup"))
    (new,) = (await api.get("/v1/complaints?category=satisfaction"))["items"]
    assert (new["customer_id"], new["customer_known"]) == (str(C2), True)
    await complaints.handle(record(ContactErased.name, None, source="/careloop/customers", key=str(C2)))
    await followed(complaints)
    assert [row["customer_known"] for row in await complaints.rows("complaint")] == [False, False]


async def after(world: World, records: list[Record], cuts: random.Random) -> Any:
    """How it ends when this is heard, some at a time."""
    await world.empty()
    places = {1: Place.RESOLVED, 2: Place.RESOLVED, 3: Place.ACCEPTED, 4: Place.RESOLVED, 5: Place.RESOLVED}
    await kept(world, *(a_complaint(place, id=number(n), round=2) for n, place in places.items()))
    await kept(world, a_complaint(Place.CLOSED, id=number(6), resolved_at=NOON - DAYS - timedelta(hours=1)))
    left = list(records)
    while left:
        size = cuts.randint(1, len(left))
        await world.handle(*left[:size])
        left = left[size:]
    await followed(world)
    columns = "id, state, round, severity, customer_id, customer_known, follows, closed_as, received_at, resolved_at, answers"
    ends = [
        await world.rows("complaint", columns, "true ORDER BY id"),
        await world.rows("task", "id, kind, role, facts, customer_id", "true ORDER BY id"),
    ]
    told = sorted((type, body["complaint_id"], body["round"]) for type, body in await world.announced() if body)
    told = [it for it in told if it[:2] != ("complaint.closed.v1", str(number(4)))]  # given up before the survey came, or never
    return ends, told, await world.rows("parked")


@pytest.mark.parametrize("seed", range(12))
async def test_in_any_order_and_again_it_ends_alike(complaints: World, seed: int) -> None:
    """CMPL-14, D-30, FLUP-31, INQY-11"""
    about = {n: f"complaint:{number(n)}" for n in range(1, 7)}
    events = [
        (answered("satisfied", about[1], n=1, round=2), "followup"), (unreachable(about[1], 1), "followup"),
        (answered("dissatisfied", about[2], n=2, round=2), "followup"), (answered("satisfied", about[2], n=12, round=1), "followup"),
        (answered("dissatisfied", about[3], n=3, round=2), "followup"), (unreachable(about[4], 2), "followup"),
        (answered("fair", about[5], n=5, round=2), "followup"), (answered("dissatisfied", about[6], n=6, round=1), "followup"),
        (answered("dissatisfied", "order:PO-7", n=7, call=False), "followup"), (answered("fair", "order:PO-7", n=8, call=False), "followup"),
        (answered("fair", None, n=9, call=False), "followup"), (answered("dissatisfied", about[4], n=10, call=False), "followup"),
        (handed_over(1), "reception"), (handed_over(2), "reception"),
        (contact("erp/C-1", "erp/C-1", revision=0), "customers"), (contact("erp/C-2", "erp/C-2", "erp/C-1"), "customers"),
        (contact("erp/C-1", standing=Standing.REDIRECTED, redirected_to=C2), "customers"),
    ]  # fmt: skip
    chance = random.Random(seed)
    once = [told(event, by) for event, by in events]
    shuffled = [told(event, by, again=bool(n % 2)) for n, (event, by) in enumerate(events * 2)]
    chance.shuffle(shuffled)
    expected = await after(complaints, once, random.Random(0))
    assert await after(complaints, shuffled, chance) == expected
    assert expected[2] == [] and {row["customer_id"] for row in expected[0][0]} == {C2} and C1 != C2
