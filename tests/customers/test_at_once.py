"""Two workers on two connections: whoever is first, nobody waits for ever, and it ends alike."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.delivery import Room
from shared.gate import Gate
from shared.ids import customer_of
from shared.metrics import Metrics
from tests.makers import Record, declared, placed, record, shipped
from tests.rooms import UNITS, KnownSources, World

N = 40


@pytest.fixture
def others(customers: World) -> list[Room]:
    """Two more workers of the service."""
    from services.customers.app import service

    return [
        Room(
            customers.pool,
            Gate("customers", service.listeners, KnownSources(), customers.room.gate.clock),
            customers.room.circumstances,
            Metrics("customers", "test"),
            unit=UNITS.default,
        )
        for _ in range(2)
    ]


async def both(rooms: Sequence[Room], *batches: Sequence[Record]) -> None:
    async with asyncio.timeout(60):
        await asyncio.gather(*(room.handle(batch) for room, batch in zip(rooms, batches, strict=True)))


async def who(customers: World) -> Any:
    claims = await customers.rows("claim", "reference, customer_id, standing, named_by", "true ORDER BY reference")
    files = await customers.rows("customer", "id, state, redirected_to, display_name, phones, unit, names", "true ORDER BY id")
    orders = await customers.rows("orders", "id, reference, state, facts", "true ORDER BY id")
    return claims, files, orders


def orders() -> list[Record]:
    return [
        it
        for n in range(N)
        for it in (
            record("order.placed.v1", placed(f"O-{n}", f"shop/W-{n}"), source="/shop"),
            record("order.shipped.v1", shipped(f"S-{n}", f"O-{n}", f"shop/W-{n}"), source="/shop"),
        )
    ]


def declarations() -> list[Record]:
    return [
        record("customer.declared.v1", declared(f"erp/C-{n}", references=[f"shop/W-{n}"], phones=["+8613800138000"]), at=None)
        for n in range(N)
    ]


async def test_orders_and_declarations_meet(customers: World, others: list[Room]) -> None:
    """In opposite orders, so that each has what the other wants."""
    made = orders(), declarations()
    await both(others, made[0], made[1][::-1])
    met = await who(customers)
    await customers.empty()
    await customers.handle(*made[0])
    await customers.handle(*made[1][::-1])
    assert met == await who(customers) and not await customers.rows("parked")
    assert {it["customer_id"] for it in met[0]} == {customer_of(f"erp/C-{n}") for n in range(N)}


async def test_the_events_of_one_order_come_to_two_workers(customers: World, others: list[Room]) -> None:
    made = orders()
    await both(others, made[::2], made[::-1][::2])
    met = await who(customers)
    await customers.empty()
    await customers.handle(*made)
    assert met == await who(customers) and not await customers.rows("parked")


async def test_names_that_cross_are_no_deadlock(customers: World, others: list[Room]) -> None:
    """The CRM names what the ERP declares, while the ERP declares it, again and again."""
    for said in range(3):
        crm = [
            record("customer.declared.v1", declared(f"crm/{n}", references=[f"erp/C-{n}"], display_name=f"{said}"), source="/crm")
            for n in range(N)
        ]
        erp = [record("customer.declared.v1", declared(f"erp/C-{n}", phones=["+8613800138000"], display_name=f"{said}")) for n in range(N)]
        await both(others, crm, erp[::-1])
    parked = {it["code"] for it in await customers.rows("parked")}
    assert parked <= {"conflicting_reference"}  # where the ERP's own word came first
    ours = await customers.rows("claim", "reference", "standing = 'declared'")
    assert len(ours) >= N


async def test_of_two_declarations_that_claim_one_name_one_is_rejected(customers: World, others: list[Room]) -> None:
    claim = [[record("customer.declared.v1", declared(f"erp/{side}-{n}", references=[f"shop/W-{n}"])) for n in range(N)] for side in "AB"]
    await both(others, claim[0], claim[1][::-1])
    claims = {it["reference"]: it for it in await customers.rows("claim")}
    parked = await customers.rows("parked", "code, pointer")
    assert len(parked) == N and {(it["code"], it["pointer"]) for it in parked} == {("conflicting_reference", "/references/0")}
    assert all(claims[f"shop/W-{n}"]["named_by"] in (f"erp/A-{n}", f"erp/B-{n}") for n in range(N)) and len(claims) == 2 * N
    rejections = [name for name, _ in await customers.announced() if name == "event.rejected.v1"]
    assert len(rejections) == N
