"""Names move. What came under one is its customer's of today; who has lost their first name to somebody who is erased lives on."""

from dataclasses import replace

import pytest

from services.complaints.app import service
from services.complaints.jobs.erasing import JOBS
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.ids import customer_of
from shared.service import Means
from tests.apis import Api
from tests.complaints.making import C1, note, taken, told
from tests.erasing import asked_to_forget, everything_in, forgotten, left_of
from tests.rooms import World

C2, SHOP = customer_of("erp/C-2"), customer_of("shop/77")


@pytest.fixture
def worker(complaints: World, api: Api) -> Means:
    return replace(api.means, pool=complaints.pool)


def is_now(customer: str, **names: int) -> object:
    """What the customer file says of them: `erp_1=0` is the name erp/C-1, since revision 0."""
    known = [KnownAs(reference=name.replace("erp_", "erp/C-").replace("shop_", "shop/"), revision=it) for name, it in names.items()]
    changed = ContactChanged(
        customer_id=customer_of(customer), unit="headquarters", standing=Standing.DECLARED, references=known, phones=[], emails=[]
    )
    return told(changed, "customers")


async def follow(worker: Means) -> None:
    (job,) = [it for it in service.jobs(worker) if it.name == "following"]
    while await job.run(worker):
        pass


async def test_words_under_a_name_that_moved_to_them_go(complaints: World, api: Api, worker: Means) -> None:
    await complaints.handle(is_now("erp/C-2", erp_2=0, shop_77=1))
    await taken(api, customer={"system": "shop", "id": "77"}, content="Said by the one at shop 77")
    await complaints.handle(is_now("erp/C-1", erp_1=0, shop_77=2), is_now("erp/C-2", erp_2=0))
    await follow(worker)
    assert {it["customer_id"] for it in await complaints.rows("note")} == {C1}
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert left_of(["Said by the one at shop 77"], await everything_in(complaints)) == []


async def test_words_go_also_when_we_hear_of_the_move_after_the_erasure(complaints: World, api: Api, worker: Means) -> None:
    """They travel on two topics."""
    await taken(api, customer={"system": "shop", "id": "77"}, content="Said by the one at shop 77")
    await complaints.handle(told(note(1, "Said elsewhere", "inquiry:1", customer_id=SHOP, named_id=SHOP), "reception"))
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    await complaints.handle(is_now("erp/C-1", erp_1=0, shop_77=2))
    await forgotten(JOBS, worker, again=True)
    assert (
        left_of(["Said by the one at shop 77", "Said elsewhere"], await everything_in(complaints, but=("outbox", "audit", "idempotency")))
        == []
    )


async def test_whose_first_name_moved_to_the_erased_one_keeps_their_words_and_is_heard_of(
    complaints: World, api: Api, worker: Means
) -> None:
    await complaints.handle(is_now("erp/C-2", erp_2=0, shop_9=1))
    await taken(api, customer={"system": "shop", "id": "9"}, content="Said by the living")
    await complaints.handle(is_now("erp/C-1", erp_1=0, erp_2=1), is_now("erp/C-2", shop_9=1))
    await follow(worker)
    await taken(api, customer={"system": "erp", "id": "C-2"}, content="Said by the erased")
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker, again=True)
    assert left_of(["Said by the living", "Said by the erased"], await everything_in(complaints)) == ["Said by the living"]
    await complaints.handle(
        is_now("erp/C-2", shop_9=1, shop_10=0),
        told(note(2, "Said by the living again", "inquiry:2", customer_id=C2, named_id=customer_of("shop/10")), "reception"),
    )
    await forgotten(JOBS, worker, again=True)
    known = {it["id"]: (it["customer_id"], it["erased"], it["declared"]) for it in await complaints.rows("known_customer")}
    assert known[customer_of("shop/10")] == known[customer_of("shop/9")] == (C2, False, True)
    assert known[C2] == (C1, True, False)  # as a name it is the erased one's
    assert "Said by the living again" in await everything_in(complaints)


async def test_who_is_erased_loses_nothing_for_who_has_their_first_name(complaints: World, api: Api, worker: Means) -> None:
    """The other way round: erp/C-2 lives on as a name of C-1, when the customer whom it was first is erased."""
    await complaints.handle(is_now("erp/C-2", erp_2=0, shop_9=1))
    await complaints.handle(is_now("erp/C-1", erp_1=0, erp_2=1), is_now("erp/C-2", shop_9=1))
    await taken(api, customer={"system": "erp", "id": "C-2"}, content="Said by the living")
    await taken(api, customer={"system": "shop", "id": "9"}, content="Said by the erased")
    await complaints.handle(asked_to_forget(C2))
    await forgotten(JOBS, worker, again=True)
    assert left_of(["Said by the living", "Said by the erased"], await everything_in(complaints)) == ["Said by the living"]
    await taken(api, customer={"system": "erp", "id": "C-2"}, content="Said later by the living")
    await forgotten(JOBS, worker, again=True)
    assert "Said later by the living" in await everything_in(complaints)


async def test_a_copied_note_follows_its_name(complaints: World, worker: Means) -> None:
    await complaints.handle(told(note(1, "Said at the desk", "inquiry:1", customer_id=SHOP, named_id=SHOP), "reception"))
    await complaints.handle(is_now("erp/C-1", erp_1=0, shop_77=2))
    await follow(worker)
    assert [(it["named_id"], it["customer_id"]) for it in await complaints.rows("note")] == [(SHOP, C1)]


async def test_nobody_has_to_see_to_whoever_is_erased(complaints: World, api: Api, worker: Means) -> None:
    await complaints.pool.execute(
        "INSERT INTO task (id, kind, role, state, about, unit, source, urgent_at, named_id, customer_id, facts, created_at, version)"
        " SELECT gen_random_uuid(), 'milestone_missed', 'supervisor', 'open', 'complaint:1', 'headquarters', '/x', now(), id, id, '{}', now(), 1"
        " FROM unnest($1::uuid[]) AS id", [C1, C2],
    )  # fmt: skip
    await complaints.handle(asked_to_forget(C1))
    await forgotten(JOBS, worker)
    assert {(it["customer_id"], it["state"]) for it in await complaints.rows("task")} == {(C1, "called_off"), (C2, "open")}
