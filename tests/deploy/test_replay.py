"""`careloop replay orders`: a file of orders as events, with totals that are known."""

import gzip
import json
import os
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import deploy.local
from deploy.feed.columns import OLIST, ColumnMap
from deploy.feed.happenings import check, happenings
from deploy.feed.orders import orders_in
from deploy.feed.replaying import Plan, steps
from shared.clock import now
from tests.deploy.cli import careloop
from tests.deploy.topics import watched

FILE = Path(deploy.local.__file__).with_name("orders.csv")
ORDERS, CUSTOMERS = 200, 190
EVENTS = {
    "order.placed.v1": ORDERS, "order.confirmed.v1": 196, "order.shipped.v1": 183, "order.delivered.v1": 173,
    "shipment.delayed.v1": 13 + 10, "order.cancelled.v1": 11,
}  # fmt: skip
TOTALS = {FILE: (ORDERS, CUSTOMERS, EVENTS)}
OLIST_FILE = Path(os.environ.get("CARELOOP_DATA") or Path(__file__).parents[3] / "shared" / "data") / "orders-olist.csv.gz"
if OLIST_FILE.exists():  # real data is on some machines only, and is no part of the product
    TOTALS[OLIST_FILE] = 4448, 4409, {
        "order.placed.v1": 4448, "order.confirmed.v1": 4439, "order.shipped.v1": 4376, "order.delivered.v1": 4316,
        "shipment.delayed.v1": 287 + 60, "order.cancelled.v1": 52,
    }  # fmt: skip
HEADER = "order_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date,customer_unique_id,customer_city,customer_state,_payment_value"
GOOD = "o-1,delivered,2025-03-01 10:00:00,2025-03-01 11:00:00,2025-03-03 10:00:00,2025-03-08 09:00:00,2025-03-07 00:00:00,c-1,上海,SH,12.50"


def orders(file: Path = FILE, **options):
    return list(orders_in(str(file), ColumnMap.read(None), now=now(), check=check, complain=pytest.fail, **options))


def rows(tmp_path: Path, *lines: str, name: str = "orders.csv") -> Path:
    file = tmp_path / name
    file.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return file


def bodies(plan: Plan, found=None, **options):
    made = [step.make() for step in steps(found or orders(), plan, **{"shuffle": None, "contacts": False, **options})]
    return [({name: value.decode() for name, value in message.headers}, json.loads(message.value)) for message in made]


A_PLAN = Plan(stamp_now=True, base_day=date(2026, 6, 1), new_ids=False, clock=now)


async def test_the_known_totals_reach_kafka_in_order_per_customer(kafka):
    async with watched(kafka, "careloop.inbound.orders", "careloop.inbound.customers") as watch:
        told = careloop(
            "replay", "orders", str(FILE), "--rate", "max", "--stamp", "now", "--contacts", "made-up", "--json", CARELOOP_KAFKA=kafka
        )
        records = await watch.read()
    assert (told.returncode, told.stderr) == (0, "")
    assert json.loads(told.stdout) == {
        "orders": ORDERS,
        "customers": CUSTOMERS,
        "bad_rows": 0,
        "events": EVENTS | {"customer.declared.v1": CUSTOMERS},
    }
    assert Counter(dict(record.headers)["ce_type"].decode() for record in records) == EVENTS | {"customer.declared.v1": CUSTOMERS}
    assert {dict(record.headers)["ce_source"] for record in records} == {b"/shop"}
    per_customer = defaultdict(list)
    for record in records:
        if record.topic == "careloop.inbound.orders":
            per_customer[record.key].append(dict(record.headers)["ce_time"])
    assert len(per_customer) == CUSTOMERS
    assert all(times == sorted(times) for times in per_customer.values())


@pytest.mark.parametrize("file", TOTALS, ids=lambda file: file.name)
def test_known_totals_whatever_the_order(file):
    number, customers, events = TOTALS[file]
    found = orders(file)
    assert (len(found), len({order.customer for order in found})) == (number, customers)
    for seed in (None, 1):
        assert Counter(step.type for step in steps(found, A_PLAN, shuffle=seed, contacts=False)) == events


def test_the_same_row_has_the_same_ids_unless_new_ones_are_wanted():
    ids = [
        [headers["ce_id"] for headers, _ in bodies(plan, contacts=True)]
        for plan in (A_PLAN, A_PLAN, Plan(True, date(2026, 6, 1), True, now))
    ]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])
    assert len(set(ids[0])) == len(ids[0])


def test_stamped_now_moments_are_now_and_dates_keep_their_distance(tmp_path):
    told = {headers["ce_type"]: (headers, body) for headers, body in bodies(A_PLAN, orders(rows(tmp_path, GOOD)))}
    for moment, type in (("placed_at", "order.placed.v1"), ("shipped_at", "order.shipped.v1"), ("detected_at", "shipment.delayed.v1")):
        headers, body = told[type]
        assert datetime.fromisoformat(body[moment]) == datetime.fromisoformat(headers["ce_time"])
        assert abs(now() - datetime.fromisoformat(body[moment])) < timedelta(minutes=1)
    assert told["order.shipped.v1"][1]["expected_arrival_until"] == "2026-06-05"  # 4 days after the shipment
    assert told["order.placed.v1"][1]["promised_delivery_until"] == "2026-06-05"
    assert "expected_arrival_until" not in told["shipment.delayed.v1"][1]
    assert told["shipment.delayed.v1"][1]["previous_expected_arrival_until"] == "2026-06-05"
    assert told["order.placed.v1"][1]["total"] == {"amount": "12.50", "currency": "BRL"}
    assert told["order.placed.v1"][1]["ship_to"] == {"region": "SH", "city": "上海"}


def test_stamped_as_it_was(tmp_path):
    told = {
        headers["ce_type"]: (headers, body)
        for headers, body in bodies(Plan(False, date(2026, 6, 1), False, now), orders(rows(tmp_path, GOOD)))
    }
    assert told["order.shipped.v1"][0]["ce_time"] == "2025-03-03T10:00:00+00:00"
    assert (
        told["order.shipped.v1"][1] | {"shipped_at": "2025-03-03T10:00:00Z", "expected_arrival_until": "2025-03-07"}
        == told["order.shipped.v1"][1]
    )
    assert told["shipment.delayed.v1"][1]["detected_at"] == "2025-03-08T00:00:00Z"  # the end of the promised day


def test_a_day_late_is_late_and_an_hour_is_not(tmp_path):
    cases = {"2025-03-07 23:59:59": 0, "2025-03-08 00:00:00": 1, "2025-03-07 00:00:01": 0, "": 1}
    for delivered, delays in cases.items():
        (order,) = orders(rows(tmp_path, GOOD.replace("2025-03-08 09:00:00", delivered)))
        assert sum(happening.type == "shipment.delayed.v1" for happening in happenings(order)) == delays


def test_a_cancelled_order_was_cancelled_at_its_last_known_moment(tmp_path):
    (order,) = orders(rows(tmp_path, "o-1,canceled,2025-03-01 10:00:00,2025-03-01 11:00:00,,,2025-03-07 00:00:00,c-1,,,"))
    assert [(it.type, it.moment) for it in happenings(order)][-1] == ("order.cancelled.v1", datetime(2025, 3, 1, 11, tzinfo=UTC))


def test_a_seed_shuffles_always_alike_and_loses_nothing():
    plain, one, again, two = (
        [(headers["ce_type"], headers["ce_id"]) for headers, _ in bodies(A_PLAN, shuffle=seed)] for seed in (None, 1, 1, 2)
    )
    assert one == again != two and one != plain
    assert sorted(one) == sorted(plain) == sorted(two)


def test_half_of_the_customers_are_declared_before_and_half_after():
    types = [step.type for step in steps(orders(), A_PLAN, shuffle=1, contacts=True)]
    declared = [number for number, type in enumerate(types) if type == "customer.declared.v1"]
    assert declared == [*range(CUSTOMERS // 2), *range(len(types) - CUSTOMERS // 2, len(types))]
    for _, body in bodies(A_PLAN, contacts=True)[: CUSTOMERS // 2]:
        assert body["preferred_channel"] == "email" and body["emails"][0].endswith("@example.com")


def test_bad_rows_are_named_and_the_others_told(kafka, tmp_path):
    short = "o-5,delivered"
    file = rows(
        tmp_path, GOOD, GOOD.replace("o-1", ""), GOOD.replace("o-1", "o-3").replace("2025-03-03 10:00:00", "3 March"),
        GOOD.replace("o-1", "o" * 65), short, GOOD.replace("o-1", "o-6").replace("12.50", "R$ 12"), GOOD.replace("o-1", "o-7"),
    )  # fmt: skip
    told = careloop("replay", "orders", str(file), CARELOOP_KAFKA=kafka)
    assert told.returncode == 1
    assert [line.removeprefix(f"{file}:") for line in told.stderr.splitlines()] == [
        "3: order_id is empty.", "4: order_delivered_carrier_date is no time.", "5: order_id: It must be a string of 1 to 64 characters, none of them U+0000.",
        "6: order_purchase_timestamp is empty.", "7: _payment_value is no amount.",
    ]  # fmt: skip
    assert told.stdout.splitlines()[-1].split(None, 1)[1] == "events of 2 orders of 1 customers; 5 bad rows"


def test_other_files_have_a_map(tmp_path):
    file, columns = tmp_path / "erp.csv", tmp_path / "map.toml"
    file.write_text("﻿No,Client,Ordered,Sent,Waybill\nSO-1,C-1,2025-03-01T10:00:00+08:00,2025-03-02,SF1\n", encoding="utf-8")
    columns.write_text(
        'zone = "Asia/Shanghai"\n[columns]\norder_id = "No"\ncustomer_id = "Client"\nplaced_at = "Ordered"\nshipped_at = "Sent"\ntracking_number = "Waybill"\n'
        '[values]\ncarrier = "SF"\n'
    )
    (order,) = orders_in(str(file), ColumnMap.read(columns), now=now(), check=check, complain=pytest.fail)
    assert [happening.type for happening in happenings(order)] == ["order.placed.v1", "order.shipped.v1"]
    shipped = happenings(order)[1].told(order.placed_at)
    assert (shipped.tracking_number, shipped.carrier.code, shipped.expected_arrival_until) == ("SF1", "SF", None)
    assert happenings(order)[1].moment == datetime(2025, 3, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(("map_", "words"), [
    ('[columns]\norder_id = "a"\ncustomer_id = "b"\n', "columns.placed_at is required."),
    (OLIST.replace("order_id =", "order =", 1), "columns.order is none of"),
    ("columns = 1\n", "columns: "),
    ("[columns\n", "Expected"),
    (OLIST.replace("UTC", "Mars/Olympus"), "Mars/Olympus"),
    (OLIST.replace('"other"', '"weather"'), "cancelled.canceled"),
])  # fmt: skip
def test_a_map_that_can_not_be_used_is_one_sentence(map_, words, tmp_path):
    (tmp_path / "map.toml").write_text(map_)
    told = careloop("replay", "orders", str(FILE), "--columns", str(tmp_path / "map.toml"))
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    assert words in told.stderr


def test_plain_gzip_and_damaged_files(tmp_path):
    packed, cut, other = tmp_path / "orders.csv.gz", tmp_path / "cut.csv.gz", tmp_path / "other.csv"
    packed.write_bytes(gzip.compress(FILE.read_bytes()))
    assert len(orders(packed)) == ORDERS
    cut.write_bytes(packed.read_bytes()[:5000])
    other.write_text("a,b\n1,2\n")
    latin = rows(tmp_path, GOOD)
    latin.write_bytes(latin.read_bytes().replace("上海".encode(), b"S\xe3o Paulo"))
    for file, words in ((cut, "damaged"), (other, "has no column"), (latin, "not UTF-8"), (tmp_path / "none.csv", "can't be read")):
        told = careloop("replay", "orders", str(file))
        assert told.returncode == 1 and words in told.stderr and told.stderr.count("\n") == 1


def test_only_so_many_rows_and_never_nonsense(kafka):
    told = careloop("replay", "orders", str(FILE), "--limit", "3", "--json", "--rate", "500", CARELOOP_KAFKA=kafka)
    assert json.loads(told.stdout)["orders"] == 3
    for words in (("--rate", "0"), ("--rate", "fast"), ("--stamp", "then"), ("--contacts", "real"), ("--base-day", "tomorrow")):
        assert careloop("replay", "orders", str(FILE), *words, CARELOOP_KAFKA=kafka).returncode == 2
