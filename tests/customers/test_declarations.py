"""Who is who, through the real room: names, provisional customers, redirects, withdrawals."""

from itertools import permutations
from typing import Any

import pytest

from shared.ids import customer_of
from tests.makers import LONG_AGO, Record, declared, placed, record, withdrawal
from tests.rooms import World

DECLARED, ORDER = "customer.declared.v1", "order.placed.v1"
PHONE, MAIL = "+8613800138000", "buyer@example.com"
C1, C2, WEB = (str(customer_of(it)) for it in ("erp/C-1", "erp/C-2", "shop/W-1"))


def declaration(
    reference: str = "erp/C-1", *, id: str | None = None, at: Any = None, offset: int | None = None, source: str = "/erp", **facts: Any
) -> Record:
    return record(DECLARED, declared(reference, **facts), source=source, id=id, at=at, offset=offset)


def order(reference: str = "erp/C-1", order_id: str = "O-1") -> Record:
    return record(ORDER, placed(order_id, reference), source="/shop", at=LONG_AGO)


async def customer(customers: World, id: str) -> dict[str, Any]:
    (row,) = await customers.rows("customer", "*", "id = $1", id)
    return row


async def contacts(customers: World) -> list[dict[str, Any]]:
    return [body for name, body in await customers.announced() if name == "contact.changed.v1" and body]


async def last_contact(customers: World, id: str) -> dict[str, Any]:
    return next(it for it in reversed(await contacts(customers)) if it["customer_id"] == id)


async def names(customers: World) -> list[str]:
    return [name for name, _ in await customers.announced()]


async def state(customers: World) -> Any:
    """Who is who in the end."""
    claims = await customers.rows("claim", "reference, customer_id, standing, named_by")
    files = await customers.rows("customer", "id, state, redirected_to, kind, display_name, phones, emails, unit, names")
    orders = await customers.rows("orders", "order_id, reference, state")
    last = {it["customer_id"]: it for it in await contacts(customers)}
    return [sorted(map(repr, it)) for it in (claims, files, orders, last.items())]


async def test_a_declaration_is_a_file_a_name_and_a_contact(customers: World) -> None:
    await customers.handle(declaration(phones=[PHONE], emails=[MAIL], preferred_channel="sms", language="zh-CN", orgunit="overseas"))
    row = await customer(customers, C1)
    assert (row["state"], row["display_name"], row["phones"], row["unit"], row["source"]) == (
        "registered",
        "Example Steel",
        [PHONE],
        "overseas",
        "/erp",
    )
    assert await names(customers) == ["customer.registered.v1", "contact.changed.v1"]
    told = await last_contact(customers, C1)
    assert told["standing"] == "declared" and told["references"] == [{"reference": "erp/C-1", "revision": 0}]
    assert (told["phones"], told["emails"], told["preferred_channel"], told["language"], told["unit"]) == (
        [PHONE],
        [MAIL],
        "sms",
        "zh-CN",
        "overseas",
    )


async def test_the_same_again_with_a_new_id_is_no_news(customers: World) -> None:
    await customers.handle(declaration(phones=[PHONE]))
    await customers.handle(declaration(phones=[PHONE]), declaration(phones=[PHONE]))
    assert await names(customers) == ["customer.registered.v1", "contact.changed.v1"]
    assert (await customer(customers, C1))["version"] == 1


async def test_what_was_said_before_is_replaced(customers: World) -> None:
    await customers.handle(declaration(phones=[PHONE], language="en"), declaration(emails=[MAIL]))
    row = await customer(customers, C1)
    assert (row["phones"], row["emails"], row["language"]) == ([], [MAIL], None)
    assert (await customers.announced())[2][1] == {"customer_id": C1, "unit": "headquarters", "changed": ["emails", "language", "phones"]}


async def test_a_record_that_comes_again_after_a_newer_one_changes_nothing(customers: World) -> None:
    old, new = declaration(display_name="Old", offset=7), declaration(display_name="New", offset=8)
    await customers.handle(old, new)
    await customers.pool.execute("DELETE FROM inbox")
    await customers.handle(old)
    assert (await customer(customers, C1))["display_name"] == "New"


async def test_an_order_of_somebody_unknown_makes_a_provisional_customer_whom_nobody_is_told_of(customers: World) -> None:
    await customers.handle(order())
    row = await customer(customers, C1)
    assert (row["state"], row["source"], row["display_name"]) == ("provisional", "/shop", None)
    assert await names(customers) == []


@pytest.mark.parametrize("records", list(permutations((0, 1, 2))))
@pytest.mark.parametrize("at_once", [True, False])
async def test_orders_and_declaration_in_any_order_end_alike(customers: World, records: tuple[int, ...], at_once: bool) -> None:
    made = [order("erp/C-1"), order("shop/W-1", "O-2"), declaration(references=["shop/W-1"], phones=[PHONE], at=LONG_AGO)]
    batches = [[made[it] for it in records]] if at_once else [[made[it]] for it in records]
    for batch in batches:
        await customers.handle(*batch)
    row = await customer(customers, C1)
    assert (row["state"], row["phones"], row["source"]) == ("registered", [PHONE], "/erp")
    assert (await last_contact(customers, C1))["references"] == [
        {"reference": "erp/C-1", "revision": 0},
        {"reference": "shop/W-1", "revision": 1},
    ]
    redirected = await customer(customers, WEB)
    assert (redirected["state"], str(redirected["redirected_to"])) == ("redirected", C1)
    told = await last_contact(customers, WEB)
    assert (told["standing"], told["redirected_to"], told["references"], told["phones"]) == ("redirected", C1, [], [])
    assert ("customer.merged.v1", {"customer_id": WEB, "unit": "headquarters", "into": C1}) in await customers.announced()
    assert {(it["reference"], str(it["customer_id"])) for it in await customers.rows("claim")} == {("erp/C-1", C1), ("shop/W-1", C1)}
    assert len(await customers.rows("orders")) == 2 and not await customers.rows("parked")


async def test_a_name_that_two_declarations_claim_stays_with_the_first(customers: World) -> None:
    await customers.handle(
        declaration("erp/C-1", references=["shop/W-1"]), declaration("erp/C-2", references=["crm/9", "shop/W-1"], phones=[PHONE])
    )
    (parked,) = await customers.rows("parked")
    assert (parked["code"], parked["pointer"], parked["ours"], parked["state"]) == ("conflicting_reference", "/references/1", False, "open")
    rejection = next(body for name, body in await customers.announced() if name.startswith("event.rejected"))
    assert rejection and rejection["code"] == "conflicting_reference" and PHONE not in str(rejection)
    assert {it["reference"]: str(it["customer_id"]) for it in await customers.rows("claim")} == {"erp/C-1": C1, "shop/W-1": C1}
    assert not await customers.rows("customer", "*", "id = $1", C2)


async def test_a_name_that_was_declared_by_itself_is_not_taken(customers: World) -> None:
    await customers.handle(declaration("shop/W-1", source="/shop"))
    await customers.handle(declaration("erp/C-1", references=["shop/W-1"]))
    assert [it["code"] for it in await customers.rows("parked")] == ["conflicting_reference"]


async def test_a_conflict_that_was_mended_is_closed_as_resent(customers: World) -> None:
    await customers.handle(declaration("erp/C-1", references=["shop/W-1"]), declaration("erp/C-2", id="d-2", references=["shop/W-1"]))
    await customers.handle(declaration("erp/C-2", id="d-2", display_name="Mended"))
    assert [it["state"] for it in await customers.rows("parked")] == ["resent"]
    assert (await customer(customers, C2))["display_name"] == "Mended"


async def test_a_named_one_that_declares_itself_adds_what_it_knows(customers: World) -> None:
    await customers.handle(declaration("erp/C-1", references=["shop/W-1"], phones=[PHONE], at=LONG_AGO))
    await customers.handle(declaration("shop/W-1", emails=[MAIL], display_name="Web", source="/shop"))
    row = await customer(customers, C1)
    assert (row["phones"], row["emails"], row["display_name"]) == ([PHONE], [MAIL], "Web")
    assert not await customers.rows("parked")


async def test_of_two_names_the_later_word_holds_whichever_arrives_last(customers: World) -> None:
    later = declaration("shop/W-1", display_name="Later", source="/shop")
    await customers.handle(declaration("erp/C-1", references=["shop/W-1"], display_name="First", at=LONG_AGO), later)
    await customers.handle(declaration("erp/C-1", references=["shop/W-1"], display_name="Also early", at=LONG_AGO))
    assert (await customer(customers, C1))["display_name"] == "Later"


async def test_a_withdrawal_takes_points_and_names_and_erases_nothing(customers: World) -> None:
    await customers.handle(order("shop/W-1"), declaration("erp/C-1", references=["shop/W-1"], phones=[PHONE]))
    await customers.handle(withdrawal("erp/C-1"))
    row = await customer(customers, C1)
    assert (row["state"], row["display_name"], row["phones"]) == ("registered", "Example Steel", [])
    told = await last_contact(customers, C1)
    assert (told["references"], told["phones"], told["standing"]) == ([], [], "declared")
    assert len(await customers.rows("orders")) == 1 and PHONE not in str(await customers.rows("customer"))


async def test_a_withdrawal_of_one_of_two_names_leaves_the_other(customers: World) -> None:
    await customers.handle(
        declaration("erp/C-1", references=["shop/W-1"], phones=[PHONE]), declaration("shop/W-1", emails=[MAIL], source="/shop")
    )
    await customers.handle(withdrawal("shop/W-1"))
    told = await last_contact(customers, C1)
    assert (told["phones"], told["emails"]) == ([PHONE], [])
    assert [it["reference"] for it in told["references"]] == ["erp/C-1", "shop/W-1"]  # the ERP still names it


async def test_nobody_knows_whom_an_unknown_withdrawal_is_about(customers: World) -> None:
    await customers.handle(withdrawal("erp/C-9"))
    assert not await customers.rows("customer") and not await customers.rows("parked")


async def test_one_that_was_withdrawn_comes_back(customers: World) -> None:
    await customers.handle(declaration(phones=[PHONE]), withdrawal("erp/C-1"), declaration(phones=[PHONE]))
    assert (await last_contact(customers, C1))["phones"] == [PHONE]
    assert (await last_contact(customers, C1))["references"] == [{"reference": "erp/C-1", "revision": 0}]


async def test_two_records_of_one_system_become_one(customers: World) -> None:
    """The CRM drops C-2 and names it under C-1; who asks for C-2 is sent on."""
    await customers.handle(declaration("erp/C-1"), declaration("erp/C-2"))
    await customers.handle(withdrawal("erp/C-2"), declaration("erp/C-1", references=["erp/C-2"]))
    row = await customer(customers, C2)
    assert (row["state"], str(row["redirected_to"]), row["display_name"]) == ("redirected", C1, "Example Steel")
    assert (await last_contact(customers, C1))["references"] == [
        {"reference": "erp/C-1", "revision": 0},
        {"reference": "erp/C-2", "revision": 1},
    ]


async def test_a_name_that_is_not_given_any_more_can_be_given_by_another(customers: World) -> None:
    await customers.handle(
        declaration("erp/C-1", references=["shop/W-1"]), declaration("erp/C-1"), declaration("erp/C-2", references=["shop/W-1"])
    )
    assert not await customers.rows("parked")
    assert {it["reference"]: str(it["customer_id"]) for it in await customers.rows("claim")} == {
        "erp/C-1": C1,
        "erp/C-2": C2,
        "shop/W-1": C2,
    }
    assert str((await customer(customers, WEB))["redirected_to"]) == C2
    assert (await last_contact(customers, C1))["references"] == [{"reference": "erp/C-1", "revision": 0}]
    assert (await last_contact(customers, C2))["references"][1] == {"reference": "shop/W-1", "revision": 2}
    assert (await last_contact(customers, WEB))["redirected_to"] == C2


async def test_a_lane_is_one_transaction_whoever_meets_whom(customers: World) -> None:
    """No event has to be tried alone because another one made what it needs."""
    batch = [it for n in range(49) for it in (order(f"shop/W-{n}", f"O-{n}"), declaration(f"erp/C-{n}", references=[f"shop/W-{n}"]))]
    transactions = 0
    transact = customers.room.transact

    async def counted(*arguments: Any) -> Any:
        nonlocal transactions
        transactions += 1
        return await transact(*arguments)

    customers.room.transact = counted  # type: ignore[method-assign]
    try:
        await customers.handle(*batch)
    finally:
        del customers.room.transact  # type: ignore[attr-defined]
    assert transactions == 1 and len(await customers.rows("customer", "id", "state = 'redirected'")) == 49


async def test_two_lanes_that_meet_the_same_customers_end_as_one_would(customers: World) -> None:
    batch = [it for n in range(200) for it in (order(f"shop/V-{n}", f"P-{n}"), declaration(f"erp/D-{n}", references=[f"shop/V-{n}"]))]
    await customers.handle(*batch)
    assert len(await customers.rows("customer", "id", "state = 'redirected'")) == 200
    assert await customers.rows("parked") == []


async def test_an_event_of_another_unit_finds_its_unit(customers: World) -> None:
    await customers.handle(
        record(DECLARED, declared(orgunit="nowhere"), unit="overseas"),
        declaration("erp/C-2", orgunit="nowhere"),
        declaration("shop/W-1", orgunit="overseas"),
    )
    assert [(await customer(customers, it))["unit"] for it in (C1, C2, WEB)] == ["overseas", "headquarters", "overseas"]
