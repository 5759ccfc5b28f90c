"""Yesterday's events still parse: a sample is never edited, a new shape is a new name."""

import json
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from shared import envelope
from shared.contracts import AboutCustomer
from shared.contracts.problems import problems_of
from shared.contracts.registry import INBOUND_TYPES, WITHDRAWALS, topic_of
from tests.contracts.sampled import FULL, REQUIRED, sample

NOW = datetime(2026, 1, 6, tzinfo=UTC)
TOPICS = {
    "customer": "customers",
    "staff": "staff",
    "call": "calls",
    "order": "orders",
    "shipment": "orders",
    "return": "orders",
    "payment": "orders",
}


def test_every_type_has_both_samples():
    assert set(FULL) == set(REQUIRED) == set(INBOUND_TYPES)


@pytest.mark.parametrize("type", INBOUND_TYPES)
def test_a_full_sample_is_understood_to_its_last_field(type):
    told, body = envelope.read(
        SimpleNamespace(headers=[("content-type", b"application/cloudevents+json")], value=FULL[type].read_bytes()), now=NOW
    )
    event = envelope.event_of(INBOUND_TYPES[told.type], body, told)
    assert json.loads(event.model_dump_json(by_alias=True, exclude_none=True)) == sample(type)["data"]
    assert event.subject == told.subject
    assert event.moment is None or event.moment.tzinfo


@pytest.mark.parametrize("type", INBOUND_TYPES)
def test_only_what_is_required_is_required(type):
    contract = INBOUND_TYPES[type]
    data = sample(type, required=True)["data"]
    contract.model_validate_json(json.dumps(data))
    for name in data:
        rest = json.dumps({other: value for other, value in data.items() if other != name})
        with pytest.raises(ValidationError) as caught:
            contract.model_validate_json(rest)
        (problem,) = problems_of(caught.value)
        assert problem.pointer in (f"/{name}", "")  # "": one of several


@pytest.mark.parametrize("type", INBOUND_TYPES)
def test_optional_fields_may_be_null_and_unknown_ones_are_ignored(type):
    contract = INBOUND_TYPES[type]
    required = sample(type, required=True)["data"]
    optional = {name: None for name in contract.model_fields if name not in required and name != "complete"}
    contract.model_validate_json(json.dumps(required | optional | {"colour": "red"}))


@pytest.mark.parametrize("type", INBOUND_TYPES)
def test_a_type_belongs_on_one_topic(type):
    noun = type.split(".")[0]
    expected = "service" if type == "order.lost.v1" else TOPICS.get(noun, "service")
    assert topic_of(type) == f"careloop.inbound.{expected}"


def test_events_of_a_customer_are_keyed_by_its_reference():
    for type, contract in INBOUND_TYPES.items():
        event = contract.model_validate_json(json.dumps(sample(type)["data"]))
        assert event.key == ("erp/C-10023" if isinstance(event, AboutCustomer) else event.subject)


def test_the_key_of_a_withdrawal_says_who():
    withdrawn = WITHDRAWALS["customer.declared.v1"].from_key("crm/C-10023/4")
    assert withdrawn.key == "crm/C-10023/4"
    for nobody in ("crm", "crm/", "/C-1", "CRM/C-1", ""):
        with pytest.raises(ValueError):
            WITHDRAWALS["customer.declared.v1"].from_key(nobody)


def test_a_shipment_that_was_not_delivered_whole_says_so():
    delivered = INBOUND_TYPES["order.delivered.v1"].model_validate_json(json.dumps(sample("order.delivered.v1", required=True)["data"]))
    assert delivered.complete is True


def test_days_stay_days_and_moments_stay_moments():
    shipped = INBOUND_TYPES["order.shipped.v1"].model_validate_json(json.dumps(sample("order.shipped.v1")["data"]))
    assert shipped.expected_arrival_from == date(2026, 1, 7)
    assert shipped.expected_arrival_until == datetime.fromisoformat("2026-01-08T18:00:00+08:00")
