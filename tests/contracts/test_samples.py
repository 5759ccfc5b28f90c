"""Yesterday's events still parse: a sample is never edited, a new shape is a new name."""

import json
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from shared import envelope
from shared.contracts import AboutCustomer
from shared.contracts.problems import problems_of
from shared.contracts.registry import INBOUND_TYPES, OWN_TYPES, TOMBSTONES, WITHDRAWALS, topic_of
from shared.topics import OURS
from tests.contracts import sampled
from tests.contracts.sampled import FULL, REQUIRED, sample

TYPES = {**INBOUND_TYPES, **OWN_TYPES}
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
    assert set(FULL) == set(REQUIRED) == set(TYPES)
    assert INBOUND_TYPES.keys().isdisjoint(OWN_TYPES)


def read(type):
    record = SimpleNamespace(headers=[("content-type", b"application/cloudevents+json")], value=FULL[type].read_bytes())
    told, body = envelope.read(record, now=NOW)
    return told, envelope.event_of(TYPES[told.type], body, told)


@pytest.mark.parametrize("type", TYPES)
def test_a_full_sample_is_understood_to_its_last_field(type):
    told, event = read(type)
    assert json.loads(event.model_dump_json(by_alias=True, exclude_none=True)) == sample(type)["data"]
    assert event.subject == told.subject
    assert event.moment is None or event.moment.tzinfo


@pytest.mark.parametrize("type", OWN_TYPES)
def test_our_own_say_their_unit_and_come_from_who_may_write_there(type):
    told, event = read(type)
    assert told.unit == event.unit_of
    assert told.correlation
    assert event.topic in OURS[told.source]


@pytest.mark.parametrize("type", OWN_TYPES)
def test_our_own_are_keyed_by_their_customer(type):
    _, event = read(type)
    assert event.key == {"note.written.v1": event.subject, "event.rejected.v1": "/warehouse"}.get(type) or str(event.customer_id)


@pytest.mark.parametrize("type", TYPES)
def test_only_what_is_required_is_required(type):
    contract = TYPES[type]
    data = sample(type, required=True)["data"]
    contract.model_validate_json(json.dumps(data))
    for name in data:
        rest = json.dumps({other: value for other, value in data.items() if other != name})
        with pytest.raises(ValidationError) as caught:
            contract.model_validate_json(rest)
        (problem,) = problems_of(caught.value)
        assert problem.pointer in (f"/{name}", "")  # "": one of several


@pytest.mark.parametrize("type", TYPES)
def test_optional_fields_may_be_null_and_unknown_ones_are_ignored(type):
    contract = TYPES[type]
    required = sample(type, required=True)["data"]
    nullable = (name for name, field in contract.model_fields.items() if not field.is_required() and field.default is None)
    optional = {name: None for name in nullable if name not in required}
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


@pytest.mark.parametrize("name", sampled.TOMBSTONES)
def test_a_null_value_says_all_by_its_key(name):
    record = sampled.TOMBSTONES[name]
    contract = TOMBSTONES[record["topic"]]
    assert (contract.name, contract.from_key(record["key"]).key) == (name, record["key"])


def test_every_tombstone_has_a_sample():
    assert {it.name for it in TOMBSTONES.values()} == set(sampled.TOMBSTONES)


@pytest.mark.parametrize("name", ["contact.erased.v1", "note.erased.v1"])
def test_a_key_that_is_no_id_erases_nobody(name):
    for nobody in ("", "erp/C-1", "29a575b0"):
        with pytest.raises(ValueError):
            TOMBSTONES[sampled.TOMBSTONES[name]["topic"]].from_key(nobody)


def test_a_shipment_that_was_not_delivered_whole_says_so():
    delivered = INBOUND_TYPES["order.delivered.v1"].model_validate_json(json.dumps(sample("order.delivered.v1", required=True)["data"]))
    assert delivered.complete is True


def test_days_stay_days_and_moments_stay_moments():
    shipped = INBOUND_TYPES["order.shipped.v1"].model_validate_json(json.dumps(sample("order.shipped.v1")["data"]))
    assert shipped.expected_arrival_from == date(2026, 1, 7)
    assert shipped.expected_arrival_until == datetime.fromisoformat("2026-01-08T18:00:00+08:00")
