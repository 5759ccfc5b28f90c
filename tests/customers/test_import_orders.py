"""Orders out of spreadsheets: how they stand, whatever events say beside them, and how that is taken back."""

from random import Random
from typing import Any

import pytest

from services.customers.app import trade_of
from services.customers.jobs import clarifying
from shared.ids import customer_of
from shared.scope import Scope
from tests.apis import Api
from tests.customers.importing import An, bring, forget, undo
from tests.makers import LONG_AGO, about, declared, delivered, moment, placed, record, shipped
from tests.rooms import UNITS, World

ROW = {
    "order_id": "SO-1", "customer_id": "C-1", "placed_at": "2025-03-05 10:30", "confirmed_at": "2025-03-05 16:00", "shipped_at": "2025-03-10",
    "delivered_at": "2025-03-12", "promised_delivery_until": "2025-03-20 00:00:00", "total": "￥12,500", "region": "上海", "city": "上海",
    "payment_terms": "货到付款", "carrier": "sf", "tracking_number": "SF1",
}  # fmt: skip
STANDS = "order_id, state, reference, source, unit, total_amount::text, total_currency, promised_delivery_until, placed_at, confirmed_at, shipped_at, delivered_at, cancelled_at, clarifying, facts, asked"


async def orders(customers: World, columns: str = STANDS) -> list[dict[str, Any]]:
    return await customers.rows("orders", columns, "true ORDER BY order_id")


async def test_a_row_is_how_an_order_went(customers: World, api: Any) -> None:
    one = An(customers, "orders", [ROW, {**ROW, "order_id": "SO-2"}])
    assert await one.run(dry=True) == ["created", "created"] and await orders(customers) == []
    assert await one.run() == ["created", "created"]
    assert await customers.announced() == [] and await customers.requested() == []
    assert [(it["state"], it["source"], it["phones"]) for it in await customers.rows("customer")] == [
        ("provisional", "/import/erp", [])
    ]  # one of two rows
    shown = await api.get("/v1/orders/SO-1")
    assert shown["customer_id"] == str(customer_of("erp/C-1"))
    assert (shown["state"], shown["total"], shown["promised_delivery_until"]) == (
        "delivered",
        {"amount": "12500.0000", "currency": "CNY"},
        "2025-03-20",
    )
    assert (shown["placed_at"], shown["delivered_at"]) == ("2025-03-05T02:30:00Z", "2025-03-11T16:00:00Z")
    assert shown["shipments"] == [
        {"shipped": {"at": "2025-03-09T16:00:00.000000+00:00", "carrier": {"code": "sf"}, "tracking_number": "SF1"}}
    ]
    assert await one.run() == ["skipped", "skipped"]


@pytest.mark.parametrize(
    ("cells", "state", "at"),
    [
        ({}, "received", None),
        ({"status": "已确认"}, "confirmed", "confirmed_at"),
        ({"status": "processing"}, "in_production", "confirmed_at"),
        ({"status": "已签收", "shipped_at": "2025-03-10"}, "delivered", "delivered_at"),
        ({"status": "canceled", "delivered_at": None}, "cancelled", "cancelled_at"),
    ],
)
async def test_what_happened_at_an_unknown_time_was_at_the_last_known_one(
    customers: World, cells: dict[str, Any], state: str, at: str | None
) -> None:
    await An(customers, "orders", [{"order_id": "SO-1", "customer_id": "C-1", "placed_at": "2025-03-05"} | cells]).run()
    (order,) = await orders(customers)
    assert order["state"] == state and order["clarifying"] == []
    if at:
        last = order["shipped_at"] or order["placed_at"]
        assert order[at] == last and order["facts"]["imported"][at.removesuffix("_at")]["supposed"]


async def test_nobody_is_asked_what_a_file_lacks(customers: World) -> None:
    """ORDR-02 is for orders of which the ERP tells us."""
    await An(customers, "orders", [{"order_id": "SO-1", "customer_id": "C-1", "placed_at": "2025-03-05"}]).run()
    await customers.handle(record("order.placed.v1", placed(reference="erp/C-1", order_id="SO-2", lines=None)))
    means = type("Means", (), {"pool": customers.pool})()
    await clarifying.job(trade_of(UNITS)).run(means)
    assert [it["about"] for it in await customers.rows("task")] == ["order:SO-2"]


async def test_rows_that_cannot_be_taken_say_why(customers: World) -> None:
    await customers.handle(record("customer.declared.v1", declared("erp/C-9", orgunit="overseas")))
    await customers.handle(record("order.placed.v1", placed(reference="erp/C-9", order_id="SO-9")))
    row = {"order_id": "SO-1", "customer_id": "C-1", "placed_at": "2025-03-05"}
    rows = [
        row | {"placed_at": "2125-03-05", "total": "-3"},
        row | {"order_id": "SO-2", "unit": "nowhere"},
        row | {"order_id": "SO-3", "customer_id": "C-9"},
        row | {"order_id": "SO-9"},
        row | {"order_id": "SO-5"},
    ]
    one = An(customers, "orders", rows, scope=Scope(("headquarters",), frozenset({"headquarters"})))
    assert await one.run() == ["failed"] * 4 + ["created"]
    assert one.reasons() == [
        [("placed_at", "This moment has not come yet."), ("total", "The amount of an order is not negative.")],
        [("unit", "The company has no such unit, or you do not see it.")],
        [("customer_id", "The customer of this id is none that you see.")],
        [("order_id", "The order of this number is none that you see.")],
        [],
    ]


@pytest.mark.parametrize(
    ("existing", "became", "total"), [("update", "updated", "1.0000"), ("skip", "skipped", "12500.0000"), ("fail", "failed", "12500.0000")]
)
async def test_what_is_there_already(customers: World, existing: str, became: str, total: str) -> None:
    await An(customers, "orders", [ROW]).run()
    assert await An(customers, "orders", [{**ROW, "total": "1", "delivered_at": None}], existing=existing).run() == [became]
    (order,) = await orders(customers)
    assert order["total_amount"] == total and order["state"] == ("shipped" if existing == "update" else "delivered")


async def test_events_of_the_same_order_before_and_after_make_the_same_rows(customers: World) -> None:
    told = [
        ("order.placed.v1", placed(reference="erp/C-1", order_id="SO-1", lines=None)),
        ("order.confirmed.v1", about(reference="erp/C-1", order_id="SO-1", confirmed_at=moment(1), version=1)),
        ("order.shipped.v1", shipped("S-1", reference="erp/C-1", order_id="SO-1")),
        ("order.delivered.v1", delivered("S-1", reference="erp/C-1", order_id="SO-1")),
    ]
    at = LONG_AGO.isoformat()
    for row in (
        {**ROW, "placed_at": at, "confirmed_at": at, "shipped_at": at, "delivered_at": None},
        {**ROW, "delivered_at": None, "status": "已取消"},
    ):
        seen = []
        for when in range(len(told) + 1):
            await customers.empty()
            customers.clock[0] = LONG_AGO
            records = [record(name, body, source="/erp", at=LONG_AGO) for name, body in Random(when).sample(told, len(told))]
            one = An(customers, "orders", [row])
            one.id = customer_of("an import")
            await customers.handle(*records[:when])
            await one.run()
            await customers.handle(*records[when:])
            assert await customers.rows("parked") == []
            seen.append(await orders(customers))
        assert all(it == seen[0] for it in seen)
        (order,) = seen[0]
        is_alike = (
            row["placed_at"] == at
        )  # of one moment the event has the last word; whoever says that it was placed earlier says whose it is
        assert (order["total_amount"], order["source"]) == ("1234.5000", "/erp" if is_alike else "/import/erp")


async def test_undone_is_as_if_it_had_never_been(customers: World) -> None:
    await customers.handle(record("order.placed.v1", placed(reference="erp/C-2", order_id="SO-2")))
    before = [await orders(customers), await customers.rows("customer"), await customers.rows("claim")]
    row = {**ROW, "customer_id": "C-2"}
    one = An(customers, "orders", [ROW, {**row, "order_id": "SO-2"}, {**row, "order_id": "SO-3"}, {**ROW, "order_id": "SO-4"}])
    assert await one.run() == ["created", "updated", "created", "created"]
    after = An(customers, "orders", [{**ROW, "order_id": "SO-4", "total": "7"}])
    assert await after.run() == ["updated"]
    await customers.handle(record("order.cancelled.v1", about(reference="erp/C-2", order_id="SO-3", cancelled_at=moment(1))))
    assert await one.run("undo") == ["undone", "undone", "undone", "kept"]
    left = await orders(customers)
    assert [(it["order_id"], it["state"]) for it in left] == [("SO-2", before[0][0]["state"]), ("SO-3", "cancelled"), ("SO-4", "delivered")]
    assert left[0] == before[0][0] and "imported" not in left[1]["facts"]
    assert await after.run("undo") == ["undone"]
    assert (await orders(customers))[-1]["total_amount"] == "12500.0000"
    assert await customers.announced() == []


async def test_whom_only_undone_orders_mentioned_is_not_there(customers: World) -> None:
    one = An(customers, "orders", [ROW, {**ROW, "order_id": "SO-2"}])
    await one.run()
    assert await one.run("undo") == ["undone", "undone"]
    assert [await orders(customers), await customers.rows("customer"), await customers.rows("claim")] == [[], [], []]


async def test_of_the_orders_of_whoever_is_erased_no_words_are_kept(customers: World) -> None:
    one = An(customers, "orders", [ROW])
    await one.run()
    await forget(customers, "erp/C-1")
    assert await An(customers, "orders", [{**ROW, "total": "7"}, {**ROW, "order_id": "SO-2"}]).run() == ["updated", "created"]
    found = await customers.rows("orders", "facts::text AS facts, erased_id, total_amount::text", "true ORDER BY order_id")
    assert [it["total_amount"] for it in found] == ["7.0000", "12500.0000"] and all(
        it["erased_id"] == customer_of("erp/C-1") for it in found
    )
    assert not any(word in it["facts"] for it in found for word in ("上海", "货到付款"))
    assert await one.run("undo") == ["kept"]
    assert await customers.rows("claim") == []


BAD = """订单编号,客户编号,下单时间,订单状态,订单金额,联系电话
SO-1,C-1,2025-03-05 10:30,已签收,"1,000.50",
SO-2,,2025-03-05,已签收,10,
SO-3,C-3,2025年2月30日,已签收,10,
SO-4,C-4,2025-03-05,在火星,10,
SO-5,C-5,2025-03-05,已签收,十元,
SO-1,C-6,2025-03-06,已签收,10,
1E5,C-7,2025/3/5 8:05,已发货,￥10,
"""


async def test_five_bad_rows_say_which_and_why_and_the_rest_comes_in_and_goes(customers: World, api: Api) -> None:
    done = await bring(customers, api, "orders", BAD.encode("gb18030"), system="erp")
    assert (done["state"], done["created"], done["failed"], done["unused"]) == ("done", 2, 5, ["联系电话"])
    rows = (await api.get(f"/v1/imports/{done['id']}/rows?state=failed"))["items"]
    assert [(it["number"], [(why["column"], why["message"]) for why in it["reasons"]]) for it in rows] == [
        (3, [("客户编号", "It is empty, and every row needs it.")]),
        (4, [("下单时间", "The calendar has no such day.")]),
        (5, [("订单状态", "This word is not known here.")]),
        (6, [("订单金额", "It is no amount of money.")]),
        (7, [(None, "Row 2 is about the same.")]),
    ]
    assert all(why["fix"] for it in rows for why in it["reasons"])
    assert [(it["order_id"], it["state"], it["total_amount"]) for it in await orders(customers)] == [
        ("1E5", "shipped", "10.0000"),
        ("SO-1", "delivered", "1000.5000"),
    ]
    await An(customers, "orders", [{**ROW, "total": "7"}]).run()
    asked = await undo(customers, api, done)
    assert (asked["state"], len(await orders(customers))) == ("done", 2)  # nothing is undone unasked
    assert asked["questions"][0]["message"].startswith("Somebody has worked on 1 of the things since")
    back = await undo(customers, api, done, keep_changed=True)
    assert (back["state"], back["undone"], back["kept"]) == ("reversed", 1, 1)
    assert [it["order_id"] for it in await orders(customers)] == ["SO-1"]
    assert await customers.announced() == []
