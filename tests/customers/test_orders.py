"""Orders as they are mirrored: facts that commute, and what follows from them."""

from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.customers.domain.order import Order
from services.customers.listeners.orders import on
from shared.contracts.registry import INBOUND_TYPES
from shared.gate import Origin
from shared.outbox import Cause
from tests.makers import LONG_AGO, about, delivered, moment, placed, record, shipped
from tests.rooms import UNITS, World

MONEY = {"amount": "99.0000", "currency": "CNY"}
Told = tuple[str, dict[str, Any], str]  # type, body, source

hours = st.integers(0, 5).map(lambda n: moment(n))
shipments = st.sampled_from(["S-1", "S-2"])
days = st.sampled_from([None, "2026-01-20", "2026-02-01", "2026-02-01T08:00:00+08:00"])


def told(name: str, **fields: Any) -> st.SearchStrategy[Told]:
    """An event of one order with these fields, from one of two sources, of one of two names of the customer."""
    body = st.fixed_dictionaries({key: it if isinstance(it, st.SearchStrategy) else st.just(it) for key, it in fields.items()})
    sound = body.map(lambda it: {key: value for key, value in it.items() if value is not None})
    return st.tuples(
        st.just(f"{name}.v1"),
        st.builds(lambda it, who: about(reference=who, **it), sound, st.sampled_from(["erp/C-1", "erp/C-2"])),
        st.sampled_from(["/erp", "/logistics"]),
    )


events = st.lists(
    st.one_of(
        told(
            "order.placed", placed_at=hours, total=st.sampled_from([None, MONEY, MONEY | {"amount": "100"}]), promised_delivery_until=days
        ),
        told("order.confirmed", confirmed_at=hours, version=st.sampled_from([None, 1, 2]), promised_delivery_until=days),
        told(
            "order.changed",
            changed_at=hours,
            version=st.integers(1, 3),
            requested_by="customer",
            changes=days.map(lambda it: [{"field": "promised_delivery_until", "after": it}]),
        ),
        told(
            "order.production_progressed",
            progressed_at=hours,
            milestone=st.sampled_from(["started", "completed"]),
            percent=st.sampled_from([None, 40.5]),
        ),
        told(
            "order.shipped",
            shipped_at=hours,
            shipment_id=shipments,
            carrier=st.sampled_from([{"code": "sf"}, {"code": "db"}]),
            final=st.sampled_from([None, False, True]),
        ),
        told("shipment.delayed", detected_at=hours, shipment_id=shipments, reason="weather", expected_arrival_until=days),
        told("shipment.excepted", detected_at=hours, shipment_id=shipments, reason="lost"),
        told("order.delivered", delivered_at=hours, shipment_id=st.sampled_from([None, "S-1", "S-2"]), complete=st.booleans()),
        told("order.cancelled", cancelled_at=hours, reason=st.sampled_from([None, "customer"])),
        told("order.closed", closed_at=hours),
        told("return.requested", requested_at=hours, return_id="R-1"),
        told("return.received", received_at=hours, return_id="R-1", reason=st.sampled_from([None, "too long"])),
        told("payment.received", received_at=hours, payment_id=st.sampled_from(["P-1", "P-2"]), amount=MONEY),
        told(
            "payment.overdue",
            due_date=st.sampled_from(["2026-03-01", "2026-03-02"]),
            invoice_id="I-1",
            amount_due=MONEY,
            dunning_level=st.integers(0, 2),
        ),
    ),
    min_size=1,
    max_size=8,
)


def mirror(told: list[Told], at: datetime = LONG_AGO) -> Order:
    """As the reactions make it, without a room."""
    order: Order | None = None
    for name, body, source in told:
        event = INBOUND_TYPES[name].model_validate_json(orjson.dumps(body))
        for reaction in on.reactions[type(event)]:
            unit = {"/erp": "overseas"}.get(source)
            outcome = reaction.rule(event, None, None, order, at=at, units=UNITS, origin=Origin(source, None, unit, 0, 0, Cause()))
            order = next((it for it in outcome if isinstance(it, Order)), order)
    assert order
    return order


def facts(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in Order.model_fields}


@given(events, st.randoms(use_true_random=False))
def test_events_of_one_order_commute(told: list[Told], random: Random) -> None:
    shuffled = [*told, *random.sample(told, k=len(told) // 2)]
    random.shuffle(shuffled)
    assert facts(mirror(told)) == facts(mirror(shuffled))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events, st.randoms(use_true_random=False))
async def test_they_commute_in_the_room_too(customers: World, told: list[Told], random: Random) -> None:
    seen = []
    for _ in range(2):
        await customers.empty()
        customers.clock[0] = LONG_AGO
        records = [record(name, body, source=source, at=LONG_AGO, unit={"/erp": "overseas"}.get(source)) for name, body, source in told]
        cut = random.randrange(len(records) + 1)
        await customers.handle(*records[:cut])
        await customers.handle(*records[cut:])
        seen.append((await customers.rows("orders"), sorted(map(repr, await customers.rows("claim"))), await customers.rows("parked")))
        random.shuffle(told)
    assert seen[0] == seen[1]
    (order,) = seen[0][0]
    expected = facts(mirror(told))
    assert {name: order[name] for name in ("state", "reference", "source", "unit", "clarifying")} == {
        name: expected[name] for name in ("state", "reference", "source", "unit", "clarifying")
    }
    assert orjson.loads(orjson.dumps(order["facts"])) == expected["facts"]


def test_a_complete_order_is_received() -> None:
    order = mirror([("order.placed.v1", placed(), "/erp")])
    assert (order.state, order.clarifying, order.total_amount, order.total_currency) == ("received", [], Decimal("1234.5000"), "CNY")
    assert (order.promised_delivery_until, order.placed_at) == ("2026-01-20", LONG_AGO)


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ("total", ["price"]),
        ("ship_to", ["delivery_place"]),
        ("promised_delivery_until", ["delivery_date"]),
        ("payment_terms", ["payment_terms"]),
        ("lines", ["specification", "quantity"]),
    ],
)
def test_what_is_missing_has_to_be_clarified(without: str, missing: list[str]) -> None:
    order = mirror([("order.placed.v1", placed(**{without: None}), "/erp")])
    assert (order.state, order.clarifying) == ("clarifying", missing)


def test_prices_of_all_lines_are_a_price() -> None:
    line = {"line_id": "1", "sku": "A", "quantity": {"value": "1", "unit": "C62"}}
    assert mirror([("order.placed.v1", placed(total=None, lines=[line | {"unit_price": MONEY}]), "/erp")]).state == "received"
    assert mirror([("order.placed.v1", placed(total=None, lines=[line | {"unit_price": MONEY}, line]), "/erp")]).clarifying == ["price"]


def test_what_was_missing_and_is_said_is_clear() -> None:
    assert (
        mirror([("order.placed.v1", placed(total=None), "/erp"), ("order.placed.v1", about(placed_at=moment(), total=MONEY), "/erp")]).state
        == "received"
    )


def test_what_the_company_confirms_is_clear_to_it() -> None:
    assert (
        mirror([("order.placed.v1", placed(total=None), "/erp"), ("order.confirmed.v1", about(confirmed_at=moment(1)), "/erp")]).state
        == "confirmed"
    )


def test_a_change_is_kept_and_its_date_holds() -> None:
    change = about(
        changed_at=moment(2),
        version=2,
        requested_by="customer",
        changes=[
            {"field": "promised_delivery_until", "before": "2026-01-20", "after": "2026-02-01"},
            {"field": "color", "after": "red"},
            {"field": "total", "after": "lots"},
        ],
    )
    order = mirror([("order.changed.v1", change, "/erp"), ("order.placed.v1", placed(), "/erp")])
    assert (order.promised_delivery_until, order.total_amount) == ("2026-02-01", Decimal("1234.5"))
    assert order.facts["changes"][0]["changes"][1] == {"field": "color", "after": "red"}


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([shipped("S-1"), shipped("S-2"), delivered("S-1")], "shipped"),
        ([shipped("S-1"), shipped("S-2"), delivered("S-1"), delivered("S-2")], "delivered"),
        ([shipped("S-1", final=False), delivered("S-1")], "shipped"),
        ([shipped("S-1", final=False), shipped("S-2", final=True), delivered("S-1"), delivered("S-2")], "delivered"),
        ([shipped("S-1"), shipped("S-2"), delivered(None)], "delivered"),
        ([shipped("S-1"), delivered("S-1", complete=False)], "shipped"),
        ([delivered("S-1")], "delivered"),
        ([delivered(None, complete=False)], "received"),
    ],
)
def test_it_is_delivered_when_nothing_is_on_its_way(told: list[dict[str, Any]], state: str) -> None:
    order = mirror(
        [
            (
                "order.shipped.v1" if "shipped_at" in it else "order.delivered.v1",
                {name: value for name, value in it.items() if value is not None},
                "/erp",
            )
            for it in told
        ]
    )
    assert (order.state, order.delivered) == (state, state == "delivered")


def test_the_erps_close_does_not_close_it() -> None:
    order = mirror([("order.shipped.v1", shipped(), "/erp"), ("order.closed.v1", about(closed_at=moment(90)), "/erp")])
    assert order.state == "shipped" and order.erp_closed_at


def test_whoever_placed_it_says_whose_it_is() -> None:
    order = mirror(
        [("order.shipped.v1", shipped(reference="erp/C-9", shipped_at=moment(-9)), "/logistics"), ("order.placed.v1", placed(), "/erp")]
    )
    assert (order.reference, order.source, order.unit) == ("erp/C-1", "/erp", "overseas")


def test_a_publisher_gone_wild_fills_no_row() -> None:
    wild = [("order.shipped.v1", shipped(f"S-{n}"), "/erp") for n in range(300)]
    forth, back = mirror(wild), mirror(wild[::-1])
    assert len(forth.shipments) == 200 and facts(forth) == facts(back)


async def test_money_for_no_order_makes_no_order(customers: World) -> None:
    body = {"customer": {"system": "erp", "id": "C-1"}, "payment_id": "P-1", "received_at": moment(), "amount": MONEY, "invoice_id": "I-1"}
    await customers.handle(record("payment.received.v1", body))
    assert not await customers.rows("orders") and len(await customers.rows("customer")) == 1


async def test_a_repeat_with_a_new_id_writes_nothing(customers: World) -> None:
    await customers.handle(record("order.shipped.v1", shipped()))
    before = await customers.rows("orders", "xmin::text")
    await customers.handle(record("order.shipped.v1", shipped()))
    assert await customers.rows("orders", "xmin::text") == before
