"""What telephony tells: one inquiry for a call that nobody took, and a note of one that rang too long."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reception.app import service
from services.reception.domain.inquiry import inquiry_of_call
from services.reception.domain.late_answer import Ringing
from services.reception.domain.policy import Answering
from shared.clock import now
from shared.delivery import Room
from shared.gate import Gate
from shared.ids import customer_of
from shared.metrics import Metrics
from tests.apis import Api
from tests.makers import LONG_AGO, customer, moment
from tests.reception.desk import NUMBER, Thing, answered, missed, telephoned
from tests.rooms import UNITS, KnownSources, World

RULE = Answering(rings=3, within=timedelta(seconds=15))


async def test_a_missed_call_is_called_back(api: Api, reception: World) -> None:
    """INQY-10"""
    await reception.handle(telephoned("call.missed.v1", missed()))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    id = str(inquiry_of_call("T-1", LONG_AGO))
    expected = {
        "id": id, "kind": "callback", "channel": "phone", "state": "received", "call_id": "T-1", "source": "/telephony", "unit": "headquarters",
        "customer_id": str(customer_of(f"reception/{id}")), "question": None,
    }  # fmt: skip
    assert {name: inquiry[name] for name in expected} == expected and inquiry["received_at"].startswith(moment()[:19])
    told = dict(await reception.announced())
    declared, received = told["customer.declared.v1"] or {}, told["inquiry.received.v1"] or {}
    assert (declared["customer"], declared["display_name"], declared["phones"]) == (
        {"system": "reception", "id": id},
        "+86 137****1234",
        [NUMBER],
    )
    assert (received["call_id"], received["kind"], received["customer_id"]) == ("T-1", "callback", inquiry["customer_id"])


async def test_a_telephone_system_that_counts_anew_loses_nobody(reception: World) -> None:
    """The same number of a call at another time is another call."""
    await reception.handle(
        *(telephoned("call.missed.v1", missed(started_at=moment(hours), ended_at=moment(hours + 0.01))) for hours in (0, 5))
    )
    assert len(await reception.rows("inquiry", where="call_id = 'T-1'")) == 2


async def test_nobody_called_in_the_future(reception: World) -> None:
    ahead = (now() + timedelta(minutes=6)).isoformat()
    await reception.handle(telephoned("call.missed.v1", missed(started_at=ahead, ended_at=ahead)))
    (parked,) = await reception.rows("parked")
    assert (parked["code"], parked["pointer"], parked["ours"]) == ("future_time", "/started_at", False)
    assert not await reception.rows("inquiry")


@pytest.mark.parametrize(
    "batches",
    [
        [["a", "a", "b"]], [["a"], ["a"], ["b"]], [["a", "b"], ["b", "a", "c"]],
    ],
)  # fmt: skip
async def test_however_often_it_is_told_it_is_one(reception: World, batches: list[list[str]]) -> None:
    """In one batch and in several, under the same id and under new ones."""
    for batch in batches:
        await reception.handle(*(telephoned("call.missed.v1", missed(), id=id) for id in batch))
    assert len(await reception.rows("inquiry")) == len(await reception.rows("known_customer")) == 1
    assert sorted(name for name, _ in await reception.announced()) == ["customer.declared.v1", "inquiry.received.v1"]
    assert not await reception.rows("parked")


async def test_two_workers_hear_of_the_same_calls(reception: World) -> None:
    rooms = [
        Room(reception.pool, Gate("reception", service.listeners, KnownSources(), reception.room.gate.clock), reception.room.circumstances,
             Metrics("reception", "test"), unit=UNITS.default)
        for _ in range(2)
    ]  # fmt: skip
    told = [[telephoned("call.missed.v1", missed(f"T-{n}")) for n in range(40)] for _ in rooms]
    async with asyncio.timeout(60):
        await asyncio.gather(rooms[0].handle(told[0]), rooms[1].handle(told[1][::-1]))
    assert len(await reception.rows("inquiry")) == 40 and not await reception.rows("parked")
    assert len(await reception.announced()) == 80


async def test_a_worker_that_dies_in_the_middle_leaves_nothing_and_repeats_nothing(
    reception: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything was written but the commit; the records come again to another."""
    records = [telephoned("call.missed.v1", missed(f"T-{n}")) for n in range(5)]

    class Killed(BaseException):
        pass

    async def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr("shared.outbox.write", dies)
        await reception.handle(*records)
    assert not await reception.rows("inquiry") and not await reception.rows("inbox") and not await reception.announced()
    await reception.handle(*records)
    await reception.handle(*records)
    assert len(await reception.rows("inquiry")) == 5 and len(await reception.announced()) == 10


async def test_a_caller_whom_telephony_knows_is_not_declared(api: Api, reception: World) -> None:
    await reception.handle(telephoned("call.missed.v1", missed(customer=customer("erp/C-1"))))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    assert inquiry["customer_id"] == str(customer_of("erp/C-1"))
    assert [name for name, _ in await reception.announced()] == ["inquiry.received.v1"]


async def test_of_a_caller_without_a_number_nobody_knows_anything(api: Api, reception: World) -> None:
    await reception.handle(telephoned("call.missed.v1", missed(caller_number=None)))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    assert inquiry["customer_id"] == str(customer_of(f"reception/{inquiry['id']}"))
    assert [name for name, _ in await reception.announced()] == ["inquiry.received.v1"]


async def test_a_missed_call_belongs_to_the_unit_that_its_event_names(api: Api, reception: World) -> None:
    await reception.handle(
        telephoned("call.missed.v1", missed("T-1"), unit="overseas"), telephoned("call.missed.v1", missed("T-2"), unit="mars")
    )
    assert {it["call_id"]: it["unit"] for it in (await api.get("/v1/inquiries"))["items"]} == {"T-1": "overseas", "T-2": "headquarters"}


@pytest.mark.parametrize(
    ("rang", "is_late"),
    [
        ({"ring_count": 3}, False), ({"ring_count": 4}, True),
        ({"ring_count": 3, "ring_seconds": 60}, False), ({"ring_count": 4, "ring_seconds": 1}, True),  # rings decide
        ({"ring_seconds": 15}, False), ({"ring_seconds": 15.1}, True),
        ({"ring_seconds": 15, "answered_at": moment(1)}, False), ({"ring_seconds": 15.1, "answered_at": moment()}, True),  # what was measured decides
        ({"answered_at": moment(15 / 3600)}, False), ({"answered_at": moment(16 / 3600)}, True), ({"answered_at": moment(-1)}, False),
    ],
)  # fmt: skip
async def test_more_than_three_rings_are_too_many(api: Api, reception: World, rang: Thing, is_late: bool) -> None:
    """INQY-01, D-20"""
    await reception.handle(telephoned("call.answered.v1", answered(queue="sales", **rang), unit="overseas"))
    noted = (await api.get("/v1/late-answers"))["items"]
    assert bool(noted) is is_late and not await reception.announced() and not await reception.rows("inquiry")
    if is_late:
        (it,) = noted
        assert (it["call_id"], it["agent_id"], it["queue"], it["unit"], it["source"]) == ("T-2", "s-3", "sales", "overseas", "/telephony")
        assert it["rings"] == rang.get("ring_count") and it["seconds"] == pytest.approx(
            rang.get("ring_seconds", 5 if "ring_count" in rang else 16)
        )


async def test_nobody_waits_who_is_called(reception: World) -> None:
    await reception.handle(telephoned("call.answered.v1", answered(direction="outbound", ring_count=20)))
    assert not await reception.rows("late_answer")


async def test_a_late_answer_told_twice_is_one(reception: World) -> None:
    late = [telephoned("call.answered.v1", answered(ring_count=9), id=id) for id in "aab"]
    await reception.handle(*late[:2])
    await reception.handle(*late)
    assert len(await reception.rows("late_answer")) == 1 and not await reception.rows("parked")


async def test_the_register_of_late_answers_is_narrowed_by_its_columns(api: Api, reception: World) -> None:
    await reception.handle(
        telephoned("call.answered.v1", answered("T-1", ring_count=9, queue="sales")),
        telephoned(
            "call.answered.v1",
            answered("T-2", ring_count=9, agent_id="s-4", started_at=moment(1), answered_at=moment(1.1)),
            unit="overseas",
        ),
    )
    for query, found in {
        "": ["T-2", "T-1"], "agent_id=s-4": ["T-2"], "queue=sales": ["T-1"], "unit=overseas": ["T-2"], "source=/erp": [],
    }.items():  # fmt: skip
        register = await api.get(f"/v1/late-answers?count=true&{query}")
        assert ([it["call_id"] for it in register["items"]], register["total"]) == (found, len(found)), query


@settings(deadline=None, derandomize=True)
@given(rings=st.none() | st.integers(0, 50), seconds=st.none() | st.floats(0, 600), waited=st.timedeltas(timedelta(-60), timedelta(60)))
def test_ringing_longer_is_never_earlier(rings: int | None, seconds: float | None, waited: timedelta) -> None:
    """Whatever decides, one more of it does not make a late answer a timely one; and what does not decide, changes nothing."""
    rang = Ringing(LONG_AGO, LONG_AGO + waited, rings, seconds)
    more = Ringing(LONG_AGO, LONG_AGO + waited + timedelta(seconds=1), rings and rings + 1, seconds and seconds + 1)
    assert more.is_late(RULE) or not rang.is_late(RULE)
    if rings is not None:
        assert rang.is_late(RULE) == (rings in range(4, 51)) == Ringing(LONG_AGO, LONG_AGO, rings, None).is_late(RULE)
    elif seconds is not None:
        assert rang.is_late(RULE) == (seconds > 15) == Ringing(LONG_AGO, LONG_AGO, None, seconds).is_late(RULE)
    else:
        assert rang.is_late(RULE) == (waited > timedelta(seconds=15))
