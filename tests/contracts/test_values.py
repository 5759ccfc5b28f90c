"""What each kind of value takes and refuses, and that nobody is told the value back."""

import json

import pytest
from pydantic import ValidationError

from shared.contracts.problems import problems_of
from shared.contracts.registry import INBOUND_TYPES
from tests.contracts.sampled import sample

TIME = ("/shipped_at", "order.shipped.v1")
WHEN = ("/expected_arrival_until", "order.shipped.v1")
DAY = ("/due_date", "payment.overdue.v1")
MONEY = ("/amount", "payment.received.v1")
REFUSED = [
    *((*TIME, value) for value in (1767578400, 1767578400.5, "1767578400", "20260105", "2026-01-05", "2026-01-05T10:00:00", "2026-01-05 10:00:00Z")),
    *((*TIME, value) for value in ("2026-02-30T10:00:00Z", "2026-01-05T24:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "", None, True)),
    *((*TIME, value) for value in ("2026-01-05T10:00:00+0800", "2026-01-05T10:00Z", "2026-01-05T10:00:00Z\n", "２026-01-05T10:00:00Z", ["2026-01-05T10:00:00Z"])),
    *((*WHEN, value) for value in (20260105, "20260105", "2026-01-05T00:00:00", "2026-13-05", "05.01.2026", "", False)),
    *((*DAY, value) for value in ("2026-01-05T00:00:00Z", "2026-1-5", 20260105, "2026-02-29", "1776-07-04", "")),
    *((*MONEY, {"amount": value, "currency": "CNY"}) for value in (12.5, 12, "1e5", "NaN", "1.00000", " 1", "1_000", "１２", "+5", ".5", "", "9" * 15, True)),
    *((*MONEY, {"amount": "1", "currency": value}) for value in ("cny", "RMBY", "¥", "", 156)),
    *((*MONEY, value) for value in ("12 CNY", 12, [], {"amount": "1"}, {"currency": "CNY"})),
    *(("/gross_weight", "order.shipped.v1", value) for value in (12.5, {"value": "1", "unit": "tonne"}, {"value": 1, "unit": "TNE"}, {"unit": "TNE"})),
    *(("/order_id", "order.shipped.v1", value) for value in ("", "x" * 65, 17, "a\0b", None, {})),
    *(("/tracking_number", "order.shipped.v1", value) for value in ("x" * 501, "a\0b", 17)),
    *(("/tracking_url", "order.shipped.v1", value) for value in ("javascript:alert(1)", "carrier.example/1", "https://a b", "", "https://a\nb")),
    *(("/customer", "order.shipped.v1", value) for value in ("erp/C-1", {"system": "ERP", "id": "1"}, {"system": "e" * 33, "id": "1"}, {"system": "erp", "id": ""}, {"id": "1"})),
    *(("/carrier", "order.shipped.v1", value) for value in ("SF", {}, {"name": "顺丰"}, {"code": ""})),
    *(("/packages", "order.shipped.v1", value) for value in ("2", 2.5, -1, 2**31, True)),
    *(("/final", "order.shipped.v1", value) for value in ("true", 1, "")),
    *(("/lines", "order.shipped.v1", value) for value in ({}, "1", [17], [{"line_id": 1}])),
    *(("/lines", "order.placed.v1", value) for value in ([{"line_id": "1"}], [{"sku": "1"}])),
    *(("/reason", "shipment.delayed.v1", value) for value in ("rain", "Weather", 1, None)),
    *(("/percent", "order.production_progressed.v1", value) for value in (-1, 101, "40", float("nan"), float("inf"))),
    *(("/version", "order.changed.v1", value) for value in ("2", 2.0, 2**53)),
    *(("/changes", "order.changed.v1", value) for value in ([{"before": "a\0b"}], [{"after": {"a": ["\0"]}}], [{"after": float("inf")}], [{"after": 2**64}], {})),
    *(("/score", "survey.answered.v1", value) for value in (0, 6, "5", 4.5)),
    *(("/phones", "customer.declared.v1", value) for value in (["021 5555 0100"], ["+0215555"], ["+1234567890123456"], "+862155550100", [862155550100])),
    *(("/emails", "customer.declared.v1", value) for value in (["care"], ["a@b@c"], ["a@example.com\nBcc: b@example.com"], ["a b@example.com"], "a@example.com")),
    *(("/language", "customer.declared.v1", value) for value in ("中文", "", "z")),
    *(("/time_zone", "customer.declared.v1", value) for value in ("Asia/Shang hai", "../etc/passwd", "")),
    *(("/kind", "customer.declared.v1", value) for value in ("firm", None)),
    *(("/skills", "staff.declared.v1", value) for value in ([{"level": 6}], ["steel"])),
    *(("/absences", "staff.declared.v1", value) for value in ([{"from": "2026-01-05T00:00:00Z"}], [{"until": 1}])),
    *(("/active", "staff.declared.v1", value) for value in ("yes", None, 1)),
]  # fmt: skip
TAKEN = [
    *(
        (*TIME, value)
        for value in ("2026-01-05T10:00:00Z", "2026-01-05t10:00:00z", "2026-01-05T10:00:00.123456789+05:45", "2026-01-05T10:00:00-00:00")
    ),
    *((*WHEN, value) for value in ("2026-01-05", "2026-01-05T10:00:00+08:00", "2028-02-29")),
    *((*MONEY, {"amount": value, "currency": "JPY"}) for value in ("0", "-0.0001", "1234.5000", "9" * 14)),
    ("/order_id", "order.shipped.v1", "x" * 64),
    ("/order_id", "order.shipped.v1", "订单/1 𠮷"),
    ("/tracking_number", "order.shipped.v1", "\\u0000"),
    ("/carrier", "order.shipped.v1", {"code": "SF", "fleet": 7}),
    ("/percent", "order.production_progressed.v1", 40),
    ("/changes", "order.changed.v1", []),
    ("/changes", "order.changed.v1", [{"field": "lines", "before": None, "after": [1, "two", {"three": 3.5}]}]),
    ("/emails", "customer.declared.v1", ["李@例子.公司"]),
]


def verdict(pointer: str, type: str, value: object):
    data = sample(type)["data"] | {pointer[1:]: value}
    try:
        INBOUND_TYPES[type].model_validate_json(json.dumps(data))
    except ValidationError as error:
        return problems_of(error)
    return []


@pytest.mark.parametrize(("pointer", "type", "value"), REFUSED)
def test_refused_with_a_pointer_and_a_sentence(pointer, type, value):
    problems = verdict(pointer, type, value)
    assert problems
    for problem in problems:
        assert problem.pointer == pointer or problem.pointer.startswith(f"{pointer}/")
        assert problem.message.startswith("It ") and problem.message.endswith(".") and "is refused" not in problem.message


@pytest.mark.parametrize(("pointer", "type", "value"), TAKEN)
def test_taken(pointer, type, value):
    assert verdict(pointer, type, value) == []


def test_the_value_is_never_told_back():
    secret = "Zhang-San-13800000000"
    for type, contract in INBOUND_TYPES.items():
        for name in contract.model_fields:
            for value in (secret, {secret: secret}, [secret, {secret: 1}], {"system": secret, "code": [secret]}):
                assert secret not in str(verdict(f"/{name}", type, value))


@pytest.mark.parametrize("type", ["payment.received.v1", "installation.completed.v1"])
def test_one_of_several_is_required(type):
    data = {
        name: value
        for name, value in sample(type)["data"].items()
        if name not in ("order_id", "invoice_id", "repair_order_id", "project_id")
    }
    with pytest.raises(ValidationError) as caught:
        INBOUND_TYPES[type].model_validate_json(json.dumps(data))
    (problem,) = problems_of(caught.value)
    assert problem.pointer == "" and problem.message.startswith("One of ")
