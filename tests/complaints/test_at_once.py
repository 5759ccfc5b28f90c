"""Several people, several workers, the same thing twice, and death in the middle: one of them wins, and it happens once."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from services.complaints.app import service
from services.complaints.domain.course import Place
from shared import outbox
from shared.delivery import Away, Room
from shared.gate import Gate
from shared.metrics import Metrics
from tests.apis import Api
from tests.complaints.making import BODY, STEPS, a_complaint, answered, handed_over, kept, number, told
from tests.rooms import UNITS, KnownSources, World


def ask(api: Api, id: Any, name: str, **headers: str) -> Any:
    return api.ask("POST", f"/v1/complaints/{id}/{name}", STEPS[name], role="supervisor", **headers)


def kinds(announced: list[tuple[str, Any]]) -> dict[str, int]:
    return dict(Counter(type.removesuffix(".v1") for type, _ in announced))


@pytest.mark.parametrize(
    ("name", "place"),
    [("acceptance", Place.RESOLVED), ("reopening", Place.CLOSED), ("closing", Place.ACCEPTED), ("escalation", Place.ESCALATED)],
)
async def test_of_two_at_once_one_finds_it_changed(api: Api, complaints: World, name: str, place: Place) -> None:
    it = await kept(complaints, a_complaint(place))
    answers = await asyncio.gather(*(ask(api, it.id, name, If_Match='"1"') for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert {answer.headers["ETag"] for answer in answers} == {'"2"'}
    assert [count for kind, count in kinds(await complaints.announced()).items() if kind.startswith("complaint.")] == [1]


async def test_of_two_different_steps_at_once_one_finds_it_changed_or_not_possible(api: Api, complaints: World) -> None:
    it = await kept(complaints, a_complaint(Place.RESOLVED))
    answers = await asyncio.gather(*(ask(api, it.id, name, If_Match="*") for name in ("acceptance", "reopening", "acceptance")))
    events = kinds(await complaints.announced())
    assert sum(answer.status_code == 200 for answer in answers) == sum(count for kind, count in events.items() if kind != "note.written")
    assert {answer.status_code for answer in answers} <= {200, 409} and events["complaint.reopened"] == 1


async def test_a_step_says_what_it_has_seen(api: Api, complaints: World) -> None:
    it = await kept(complaints, a_complaint(Place.RESOLVED))
    assert (await ask(api, it.id, "acceptance")).status_code == 428
    stale = await ask(api, it.id, "acceptance", If_Match='"7"')
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    assert (await ask(api, it.id, "acceptance", If_Match="7")).status_code == 400
    assert (await ask(api, it.id, "acceptance", If_Match='"7", "1"')).status_code == 200


async def test_the_same_request_twice_acts_once(api: Api, complaints: World) -> None:
    first, second = await asyncio.gather(
        *(api.ask("POST", "/v1/complaints", BODY, role="specialist", Idempotency_Key="a") for _ in range(2))
    )
    assert (first.status_code, second.status_code) == (201, 201) and first.content == second.content
    assert first.headers["Location"] == second.headers["Location"]
    id = first.json()["id"]
    steps = [await ask(api, id, "judgement", If_Match='"1"', Idempotency_Key="b") for _ in range(2)]
    assert steps[0].status_code == 200 and steps[0].content == steps[1].content and steps[1].headers["Idempotent-Replayed"] == "true"
    other = await ask(api, id, "escalation", If_Match='"2"', Idempotency_Key="b")
    assert other.status_code == 200  # a key is one kind of command's
    assert kinds(await complaints.announced()) == {
        "note.written": 3,
        "complaint.received": 1,
        "complaint.judged": 1,
        "complaint.escalated": 1,
    }


def dying(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next transaction comes to its last statement and no further."""
    write = outbox.write

    async def once(*told: Any) -> None:
        monkeypatch.setattr(outbox, "write", write)
        raise ConnectionResetError

    monkeypatch.setattr(outbox, "write", once)


async def test_what_was_not_committed_did_not_happen_and_happens_when_it_is_asked_again(
    api: Api, complaints: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = await kept(complaints, a_complaint(Place.RESOLVED))
    dying(monkeypatch)
    died = await ask(api, it.id, "acceptance", If_Match='"1"', Idempotency_Key="a")
    assert (died.status_code, (await api.get(f"/v1/complaints/{it.id}"))["state"]) == (503, "resolved")
    assert (await ask(api, it.id, "acceptance", If_Match='"1"', Idempotency_Key="a")).status_code == 200
    assert kinds(await complaints.announced()) == {"complaint.accepted": 1}


async def test_a_worker_that_dies_in_the_middle_has_one_effect(complaints: World, monkeypatch: pytest.MonkeyPatch) -> None:
    it = await kept(complaints, a_complaint(Place.RESOLVED))
    records = [
        told(answered("dissatisfied", it.about, round=1), "followup"),
        told(answered("dissatisfied", "order:PO-7", n=2, call=False), "followup"),
        told(answered("fair", "order:PO-8", n=3, call=False), "followup"),
        told(handed_over(), "reception"),
    ]
    dying(monkeypatch)
    with pytest.raises(Away):
        await complaints.handle(*records)
    assert not await complaints.announced() and len(await complaints.rows("complaint")) == 1
    await complaints.handle(*records)
    await complaints.handle(*records)
    assert kinds(await complaints.announced()) == {"complaint.reopened": 1, "complaint.received": 2}
    assert len(await complaints.rows("complaint")) == 3 and len(await complaints.rows("task")) == 1


async def test_two_workers_hear_the_same(complaints: World) -> None:
    """Under new ids, in opposite orders."""
    rooms = [
        Room(complaints.pool, Gate("complaints", service.listeners, KnownSources(), complaints.room.gate.clock), complaints.room.circumstances,
             Metrics("complaints", "test"), unit=UNITS.default)
        for _ in range(2)
    ]  # fmt: skip
    known = [a_complaint(Place.RESOLVED, id=number(100 + n), round=2) for n in range(20)]
    await kept(complaints, *known)
    events = [answered("dissatisfied" if n % 2 else "fair", it.about, n=n, round=2) for n, it in enumerate(known)]
    events += [answered("dissatisfied" if n % 2 else "fair", f"order:{n}", n=n, call=False) for n in range(20, 40)]
    made = [[told(event, "followup", again=True) for event in events] for _ in range(2)]
    async with asyncio.timeout(60):
        await asyncio.gather(rooms[0].handle(made[0]), rooms[1].handle(made[1][::-1]))
    assert kinds(await complaints.announced()) == {
        "complaint.reopened": 10, "complaint.accepted": 10, "complaint.closed": 10, "complaint.received": 10,
    }  # fmt: skip
    assert len(await complaints.rows("complaint")) == 30 and len(await complaints.rows("task")) == 30
    assert not await complaints.rows("parked")


async def test_an_answer_and_a_person_at_once(api: Api, complaints: World) -> None:
    """The customer says no while somebody closes it: whoever is first, it is open again."""
    known = [a_complaint(Place.ACCEPTED, id=number(n)) for n in range(8)]
    await kept(complaints, *known)
    records = [told(answered("dissatisfied", it.about, n=n, round=1), "followup") for n, it in enumerate(known)]
    _, *answers = await asyncio.gather(complaints.handle(*records), *(ask(api, it.id, "closing", If_Match='"1"') for it in known))
    assert {answer.status_code for answer in answers} <= {200, 412}
    assert {(row["state"], row["round"]) for row in await complaints.rows("complaint")} == {("investigating", 2)}
