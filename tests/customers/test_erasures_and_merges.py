"""Who turns out to be whom while erasures are asked for, decided, begun: nobody is erased by halves, and no erasure keeps another back."""

from datetime import timedelta
from typing import Any

import pytest

from services.customers.actions import seeing_through
from shared import searching
from shared.clock import now
from shared.ids import customer_of
from tests.apis import Api
from tests.customers.erasing import OFFICER, OTHERS, answer_of, ask, decide, erase, everything_in, id_of, left_in, told, work
from tests.makers import declared, placed, record
from tests.rooms import World

SHOP, C1, C2 = {"system": "shop", "id": "77"}, {"system": "erp", "id": "C-1"}, {"system": "erp", "id": "C-2"}


@pytest.fixture
async def apart(customers: World) -> World:
    """One who is only known from an order, and two whom the ERP declares."""
    await customers.handle(
        record("order.placed.v1", placed("O-1", "shop/77")),
        record("customer.declared.v1", told("erp/C-1")),
        record("customer.declared.v1", declared("erp/C-2", phones=["+8613800000002"])),
    )
    return customers


async def merge(world: World) -> None:
    await world.handle(record("customer.declared.v1", told("erp/C-1", references=["shop/77"]), id="merge"))


async def show(api: Api, erasure: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = await api.get(f"/v1/erasures/{erasure['id']}", **OFFICER)
    return shown


async def all_answer(world: World, api: Api, erasure: dict[str, Any]) -> None:
    erasure = await show(api, erasure)
    await world.handle(*(answer_of(service, erasure) for service in ("customers", *OTHERS)))
    await work(world, api)


async def test_of_two_erasures_of_one_person_the_second_ends_with_the_first(apart: World, api: Api) -> None:
    asked = [await ask(api, customer=it) for it in (SHOP, C1, C2)]
    await merge(apart)
    for it in asked:
        await decide(api, it["id"])
    await work(apart, api)
    shop, erp, other = [await show(api, it) for it in asked]
    assert [it["state"] for it in (shop, erp, other)] == ["running"] * 3
    assert {shop["part_of"], erp["part_of"]} - {None} <= {shop["id"], erp["id"]} and other["part_of"] is None
    first, second = (erp, shop) if shop["part_of"] else (shop, erp)
    assert second["part_of"] == first["id"] and second["waits_for"] == []
    told_of = [body for type, body in await apart.announced() if type == "erasure.requested.v1"]
    assert sorted(it["erasure_id"] for it in told_of) == sorted((first["id"], other["id"]))
    await all_answer(apart, api, first)
    await all_answer(apart, api, other)
    ended = [await show(api, it) for it in asked]
    assert [it["state"] for it in ended] == ["completed"] * 3 and ended[0]["answers"] == ended[1]["answers"]
    assert not left_in(await everything_in(apart)) and await apart.rows("claim") == []


async def test_who_is_not_decided_yet_is_waited_for_and_keeps_nobody_back(apart: World, api: Api) -> None:
    shop, erp, other = [await ask(api, customer=it) for it in (SHOP, C1, C2)]
    await merge(apart)
    await decide(api, shop["id"])
    await decide(api, other["id"])
    await work(apart, api)
    assert [(await show(api, it))["state"] for it in (shop, erp, other)] == ["approved", "requested", "running"]
    await decide(api, erp["id"], "refusal", {"reason": "mistake"})
    await work(apart, api)
    running = await show(api, shop)
    assert (running["state"], running["customer_id"]) == ("running", erp["customer_id"])


async def test_a_merge_while_it_is_begun_is_seen(apart: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A declaration commits after the family was looked up, and before its names are locked."""
    asked = await ask(api, customer=SHOP)
    await decide(api, asked["id"])
    real, merged = seeing_through.customers.claims_of, []

    async def claims_of(session: Any, ids: Any) -> Any:
        if not merged:
            merged.append(await merge(apart))
        return await real(session, ids)

    monkeypatch.setattr(seeing_through.customers, "claims_of", claims_of)
    await work(apart, api)
    running = await show(api, asked)
    assert running["customers"] == [str(customer_of("erp/C-1")), str(customer_of("shop/77"))]
    await all_answer(apart, api, asked)
    assert not left_in(await everything_in(apart))
    assert {it["hash"] is not None for it in await apart.rows("erased_reference")} == {True} and len(
        await apart.rows("erased_reference")
    ) == 2


async def test_one_that_fails_keeps_no_other_back(apart: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = [await ask(api, customer=it) for it in (C1, C2)]
    for it in (first, second):
        await decide(api, it["id"])
    real = seeing_through.begin_one

    async def broken(session: Any, id: Any, at: Any) -> Any:
        if str(id) == first["id"]:
            raise RuntimeError("a bug")
        return await real(session, id, at)

    monkeypatch.setattr(seeing_through, "begin_one", broken)
    monkeypatch.setattr(seeing_through, "AT_ONCE", 1)
    for _ in range(3):
        await work(apart, api)
    assert [(await show(api, it))["state"] for it in (first, second)] == ["approved", "running"]
    monkeypatch.setattr(seeing_through, "begin_one", real)
    await work(apart, api)
    assert (await show(api, first))["state"] == "running"


async def test_one_whose_traces_fail_keeps_no_other_back(apart: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    erasures = [await ask(api, customer=it) for it in (C1, C2)]
    real = searching.next_chunk

    async def next_chunk(connection: Any, work: Any, signs: Any, at: Any) -> Any:
        if customer_of("erp/C-1") in signs.customers:
            raise RuntimeError("a bug")
        return await real(connection, work, signs, at)

    monkeypatch.setattr(searching, "next_chunk", next_chunk)
    for it in erasures:
        await decide(api, it["id"])
    for _ in range(3):
        await work(apart, api)
    assert [it["done"] for it in await apart.rows("erasing", "done", "true ORDER BY customer_id = $1", customer_of("erp/C-1"))] == [
        True,
        False,
    ]
    assert "+8613800000002" not in await everything_in(apart)


async def test_whoever_approves_sees_all_who_are_this_customer_today(apart: World, api: Api) -> None:
    asked = await ask(api, customer=SHOP)
    assert asked["customers"] == [str(customer_of("shop/77"))]
    await merge(apart)
    both = {str(customer_of(it)) for it in ("erp/C-1", "shop/77")}
    assert {*(await show(api, asked))["customers"]} == both == {*(await decide(api, asked["id"]))["customers"]}
    assert (await show(api, asked))["state"] == "approved" and await apart.rows("outbox", "*", "type = 'erasure.requested.v1'") == []


async def test_who_must_be_kept_is_not_erased_by_another_name(apart: World, api: Api) -> None:
    shop, erp = [await ask(api, customer=it) for it in (SHOP, C1)]
    await decide(api, erp["id"], "refusal", {"reason": "legal_hold"})
    await merge(apart)
    assert (await show(api, shop))["held"] == [str(customer_of("erp/C-1"))]
    refused = await decide(api, shop["id"], status=409)
    assert "the law demands" in refused["detail"] and "hold_is_over" in refused["fix"]
    await decide(api, shop["id"], body={"hold_is_over": True})
    await work(apart, api)
    assert (await show(api, shop))["state"] == "running"


async def test_who_turns_out_to_be_held_after_the_approval_is_kept(apart: World, api: Api) -> None:
    shop, erp = [await ask(api, customer=it) for it in (SHOP, C1)]
    await decide(api, erp["id"], "refusal", {"reason": "legal_hold"})
    await decide(api, shop["id"])
    await merge(apart)
    await work(apart, api)
    refused = await show(api, shop)
    assert (refused["state"], refused["refused_because"], refused["decided_by"]) == ("refused", "legal_hold", "careloop")
    assert left_in(await everything_in(apart))
    trail = await apart.rows("audit", "action, by", "facts->>'erasure' = $1 ORDER BY seq", shop["id"])
    assert (trail[-1]["action"], trail[-1]["by"]) == ("erasure.refuse", "careloop")


async def test_asked_for_again_after_a_hold_it_is_over_only_if_somebody_says_so(apart: World, api: Api) -> None:
    await decide(api, (await ask(api, customer=C1))["id"], "refusal", {"reason": "legal_hold"})
    again = await ask(api, customer=C1)
    assert again["held"] == [again["customer_id"]]
    await decide(api, again["id"], status=409)
    await decide(api, again["id"], "approval", {"hold_is_over": True})
    await work(apart, api)
    assert (await show(api, again))["state"] == "running"


async def test_whoever_is_erased_is_nobody_else_whoever_takes_a_name_of_theirs(customers: World, api: Api) -> None:
    """The first name of a customer had moved to another before; when it moves on, what the erased one allowed allows that one nothing."""
    await customers.handle(
        record("customer.declared.v1", declared("erp/C-2", phones=["+8613800000002"], references=["shop/9"]), id="a"),
        record("customer.declared.v1", None, key="erp/C-2", id="b"),
        record("customer.declared.v1", declared("shop/9", phones=["+8613800000002"]), id="c"),
        record("customer.declared.v1", declared("erp/C-1", references=["erp/C-2"]), id="d"),
    )
    erasure = await erase(customers, api, customer={"system": "shop", "id": "9"})
    assert id_of(erasure) == customer_of("erp/C-2")
    await customers.handle(
        record("customer.declared.v1", declared("erp/C-1"), id="e"),
        record("customer.declared.v1", declared("crm/Q", phones=["+8613800000009"], references=["erp/C-2"]), id="f"),
    )
    (them,) = await customers.rows("customer", "state, redirected_to", "id = $1", id_of(erasure))
    assert them == {"state": "erased", "redirected_to": None}
    (name,) = await customers.rows("claim", "customer_id", "reference = 'erp/C-2'")
    assert name["customer_id"] == customer_of("crm/Q") and await customers.rows("parked") == []


async def test_who_does_not_answer_within_the_hour_is_told_again(apart: World, api: Api) -> None:
    asked = await ask(api, customer=C1)
    await decide(api, asked["id"])
    await work(apart, api)
    running = await show(api, asked)
    await apart.handle(*(answer_of(service, running) for service in OTHERS[1:]))
    await work(apart, api)
    assert await told_of(apart) == 1
    await apart.pool.execute("UPDATE erasure SET looked_at = $1", now() - timedelta(minutes=61))
    await work(apart, api)
    assert await told_of(apart) == 2 and (await show(api, asked))["waits_for"] == ["customers", "complaints"]
    mine = [body for type, body in await apart.announced() if type == "erasure.completed.v1"]
    assert len(mine) == 2  # our own answer was lost too
    await work(apart, api)
    assert await told_of(apart) == 2


async def told_of(world: World) -> int:
    return [type for type, _ in await world.announced()].count("erasure.requested.v1")
