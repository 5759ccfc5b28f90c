"""Orders over HTTP."""

import json
from typing import Any

from services.customers.domain.order import Order
from shared.ids import customer_of
from tests.apis import Api
from tests.makers import about, declared, delivered, moment, placed, record, shipped
from tests.rooms import World

C1, WEB = str(customer_of("erp/C-1")), str(customer_of("shop/W-1"))


async def test_an_order_shows_what_was_told_of_it(api: Api, customers: World) -> None:
    await customers.handle(
        record("order.placed.v1", placed()),
        record("order.shipped.v1", shipped(tracking_number="SF100"), source="/logistics"),
        record("payment.received.v1", about(payment_id="P-1", received_at=moment(30), amount={"amount": "10.5", "currency": "CNY"})),
    )
    told = await api.get("/v1/orders/O-1")
    assert (told["order_id"], told["system"], told["customer_id"], told["unit"], told["source"]) == (
        "O-1",
        "erp",
        C1,
        "headquarters",
        "/erp",
    )
    assert (told["state"], told["total"], told["promised_delivery_until"]) == (
        "shipped",
        {"amount": "1234.5000", "currency": "CNY"},
        "2026-01-20",
    )
    assert told["shipments"][0]["shipment_id"] == "S-1" and told["shipments"][0]["shipped"]["tracking_number"] == "SF100"
    assert told["payments"][0]["received"]["amount"]["amount"] == "10.5" and told["lines"][0]["sku"] == "HRC-3"


async def test_the_register_is_narrowed(api: Api, customers: World) -> None:
    await customers.handle(
        record("order.placed.v1", placed("O-1")),
        record("order.placed.v1", placed("O-2", total=None)),
        record("order.shipped.v1", shipped("S-3", "O-3", "shop/W-1"), source="/shop", unit="overseas"),
        record("order.delivered.v1", delivered("S-3", "O-3", "shop/W-1"), source="/shop"),
        record("customer.declared.v1", declared("erp/C-1", orgunit="overseas")),
    )
    for question, orders in {
        "source=/erp": ["O-1", "O-2"],
        "state=clarifying": ["O-2"],
        "system=shop": ["O-3"],
        "reference=erp/C-1": ["O-1", "O-2"],
        "delivered=true": ["O-3"],
        "delivered=false": ["O-1", "O-2"],
        "unit=overseas": ["O-1", "O-2", "O-3"],
        "unit=headquarters": [],
        f"customer_id={WEB}": ["O-3"],
        "order_id=O-1": ["O-1"],
    }.items():
        page = await api.get(f"/v1/orders?{question}&count=true")
        assert (sorted(it["order_id"] for it in page["items"]), page["total"]) == (orders, len(orders)), question
    assert (await api.get("/v1/orders?state=clarifying"))["items"][0]["clarifying"] == ["price"]


async def test_an_order_follows_its_customer(api: Api, customers: World) -> None:
    await customers.handle(record("order.placed.v1", placed(reference="shop/W-1"), source="/shop"))
    assert (await api.get("/v1/orders/O-1"))["customer_id"] == WEB
    before: list[dict[str, object]] = await customers.rows("orders")
    await customers.handle(record("customer.declared.v1", declared(references=["shop/W-1"])))
    assert (await api.get("/v1/orders/O-1"))["customer_id"] == C1
    assert (await api.get(f"/v1/orders?customer_id={C1}&count=true"))["total"] == 1
    assert await customers.rows("orders") == before


async def test_a_number_that_two_systems_have_needs_the_system(api: Api, customers: World) -> None:
    await customers.handle(record("order.placed.v1", placed()), record("order.placed.v1", placed(reference="shop/W-1"), source="/shop"))
    told = await api.get("/v1/orders/O-1", status=409)
    assert (told["allowed"], told["type"]) == (["?system=erp", "?system=shop"], "https://careloop.dev/problems/not-now")
    assert (await api.get("/v1/orders/O-1?system=shop"))["customer_id"] == WEB
    await api.get("/v1/orders/O-1?system=crm", status=404)
    await api.get("/v1/orders/O-9", status=404)


async def test_no_question_reads_the_whole_table(api: Api, customers: World) -> None:
    """Each filter of the register has its index."""
    async with customers.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        for column in ("source", "state", "system", "reference", "unit"):
            plan = await connection.fetch(
                f"EXPLAIN SELECT * FROM {Order.__tablename__} WHERE {column} = 'x' ORDER BY created_at DESC, id DESC LIMIT 50"
            )
            assert f"Index Scan Backward using orders_{column}" in str(plan), plan


async def test_nobody_s_number_is_shown_with_an_order(api: Api, customers: World) -> None:
    number, sent = "13800138000", []

    def say() -> str:
        sent.append(f"{int(number) + len(sent)}")
        return f"call {sent[-1]}"

    line = {"line_id": "1", "sku": "x", "description": say(), "specification": say(), "material": say()}
    change = {"field": say(), "before": say(), "after": {"to": [say()]}}
    carried: dict[str, Any] = {
        "carrier": {"code": "SF", "name": say()},
        "tracking_number": say(),
        "tracking_url": f"https://sf.example/?{say()[5:]}",
    }
    hers = f"shop/{number}"
    about_it = {"customer": {"system": "shop", "id": number}, "order_id": "O-1"}
    await customers.handle(
        record("order.placed.v1", placed(reference=hers, payment_terms=say(), lines=[line], ship_to={"region": say(), "city": say()})),
        record("order.changed.v1", about_it | {"changed_at": moment(1), "version": 2, "requested_by": "customer", "changes": [change]}),
        record("order.shipped.v1", shipped(reference=hers, **carried), source="/logistics"),
        record("return.requested.v1", about_it | {"return_id": "R-1", "requested_at": moment(9), "reason": say()}),
        record("payment.received.v1", about_it | {
            "payment_id": "P-1", "received_at": moment(30), "amount": {"amount": "13800138000.5", "currency": "CNY"}, "method": say()}),
    )  # fmt: skip
    assert await customers.rows("parked") == []
    told = await api.get("/v1/orders/O-1", role="viewer")
    assert told["payments"][0]["received"].pop("amount")["amount"] == "13800138000.5"
    whole = json.dumps(told)
    assert len(sent) == 14 and [it for it in sent if it in whole] == [] and whole.count("+86 138****80") == 15  # and the reference
    (row,) = (await api.get("/v1/orders"))["items"]
    assert row["reference"] == told["reference"] == "shop/+86 138****8000"
    assert len((await api.get(f"/v1/orders?reference={hers}"))["items"]) == 1  # whoever knows the number finds it
