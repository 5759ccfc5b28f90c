"""The envelope in both modes, and every way in which a record can be unreadable."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import envelope
from shared.contracts.orders import OrderShipped
from shared.envelope import Envelope, Unreadable, headers_of
from tests.contracts.sampled import sample

NOW = datetime(2026, 1, 5, 3, tzinfo=UTC)
SAMPLE = sample("order.shipped.v1")
BODY = json.dumps(SAMPLE["data"]).encode()
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GOOD = dict(headers_of(
    source="/logistics", id="e-1", type="order.shipped.v1", time=NOW, subject="SO-1", unit="headquarters", trace=TRACE, correlation="c-1",
))  # fmt: skip


def read(headers, value=BODY):
    headers = list(headers.items()) if isinstance(headers, dict) else headers
    return envelope.read(SimpleNamespace(headers=tuple(headers), value=value), now=NOW)


def refused(headers, value=BODY) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        told, body = read(headers, value)
        envelope.event_of(OrderShipped, body, told)
    return caught.value


def structured(content="application/cloudevents+json", **changes):
    event = {name: value for name, value in (SAMPLE | changes).items() if value is not ...}
    return [("content-type", content.encode())], json.dumps(event).encode()


def test_what_we_write_we_read():
    told, body = read(GOOD)
    assert told == Envelope("/logistics", "e-1", "order.shipped.v1", NOW, "SO-1", "headquarters", TRACE, "c-1")
    assert envelope.event_of(OrderShipped, body, told).order_id == "SO-1"


@pytest.mark.parametrize(
    "content", ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8", "Application/CloudEvents+JSON"]
)
def test_structured_mode(content):
    told, body = read(*structured(content))
    assert (told.source, told.id, told.type, told.unit) == ("/logistics", "order.shipped-full", "order.shipped.v1", "headquarters")
    assert envelope.event_of(OrderShipped, body, told).tracking_number == "SF1000000001"


def test_foreign_headers_are_not_looked_at():
    told, _ = read([*GOOD.items(), ("x-span", b"\xff\x00"), ("x-span", None), ("retries", b"\x00\x01")])
    assert told.id == "e-1"


def test_a_time_keeps_its_offset_and_may_be_a_little_ahead():
    told, _ = read(GOOD | {"ce_time": b"2026-01-05T11:04:59+08:00"})
    assert told.time == NOW + timedelta(minutes=4, seconds=59)
    assert refused(GOOD | {"ce_time": b"2026-01-05T11:05:01+08:00"}).code == "future_time"


def test_tracing_that_is_not_what_it_says_is_dropped():
    told, _ = read(GOOD | {"traceparent": b"whatever", "ce_correlationid": b"a\tb"})
    assert (told.trace, told.correlation) == (None, None)


@pytest.mark.parametrize(("change", "code"), [
    *(({name: None}, "unreadable") for name in ("ce_id", "ce_source", "ce_subject", "ce_orgunit")),
    *(({name: b"\xff"}, "unreadable") for name in ("ce_id", "ce_time", "ce_subject", "traceparent", "content-type", "ce_foreign")),
    ({"ce_specversion": b"0.3"}, "unreadable"),
    *(({"ce_id": id}, "invalid") for id in (b"", b"x" * 65, b"a\0b")),
    ({"ce_subject": b"x" * 256}, "invalid"),
    ({"ce_orgunit": b""}, "invalid"),
    *(({"ce_time": time}, "invalid") for time in (b"2026-01-05T03:00:00", b"yesterday", b"20260105T030000Z", b"1767578400", b"2026-02-30T03:00:00Z", b"")),
])  # fmt: skip
def test_attributes_that_break_their_rules(change, code):
    error = refused(GOOD | change)
    assert error.code == code
    assert error.envelope.type == "order.shipped.v1"
    assert "ce_source" in change or error.envelope.source == "/logistics"


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"])
def test_a_missing_attribute_is_named(name):
    error = refused({header: value for header, value in GOOD.items() if header != name})
    assert (error.code, str(error)) == ("unreadable", f"{name} is missing.")


def test_a_repeated_header_is_refused():
    assert refused([*GOOD.items(), ("ce_id", b"e-2")]).code == "unreadable"
    assert "ce_id" in str(refused([*GOOD.items(), ("ce_id", b"e-2")]))


@pytest.mark.parametrize(("value", "code"), [
    (None, "null_value"), (b"", "unreadable"), (b"{", "unreadable"), (b"\xff", "unreadable"), (b'{"a":"\\ud800"}', "unreadable"),
    (b"\xef\xbb\xbf{}", "unreadable"), (b"[" * 5000, "unreadable"), (b"null", "invalid"), (b"[]", "invalid"), (b"17", "invalid"), (b"{}", "invalid"),
    (b'{"a":"' + b"x" * 256 * 1024 + b'"}', "too_large"),
])  # fmt: skip
def test_a_body_that_can_not_be_taken(value, code):
    error = refused(GOOD, value)
    assert error.code == code
    assert error.envelope.id == "e-1"


@pytest.mark.parametrize(("changes", "code"), [
    ({"data": ...}, "null_value"), ({"data": None}, "null_value"), ({"data": "text"}, "invalid"), ({"data": {}}, "invalid"), ({"id": ...}, "unreadable"),
    ({"id": 17}, "unreadable"), ({"time": "2026-01-05"}, "invalid"), ({"specversion": "0.3"}, "unreadable"),
])  # fmt: skip
def test_structured_events_that_can_not_be_taken(changes, code):
    error = refused(*structured(**changes))
    assert error.code == code
    assert error.envelope.source == "/logistics"


@pytest.mark.parametrize("value", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_a_structured_event_that_is_no_object(value):
    assert refused([("content-type", b"application/cloudevents+json")], value).code == "unreadable"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_foreign", "traceparent", "content-type"])
def test_a_header_with_a_character_that_nobody_keeps_is_named(name):
    error = refused(GOOD | {name: b"a\0b"})
    assert (error.code, str(error)) == ("invalid", f"The header {name} contains the character U+0000.")
    assert str(refused(*structured(subject="a\0b"))) == "The attribute subject contains the character U+0000."


@pytest.mark.parametrize(("text", "sentence"), [
    ("[" * 10_000 + "]" * 10_000, "is nested too deeply."), ('{"a":' * 2000 + "1" + "}" * 2000, "is nested too deeply."),
    ('"\\ud800"', "has half a character: \\ud800 to \\udfff stand in pairs."), ('"\\udc00x"', "has half a character: \\ud800 to \\udfff stand in pairs."),
    ("9" * 5000, "has a number that is too large."), ('"a', "is not JSON in UTF-8."),
])  # fmt: skip
def test_json_that_nobody_can_read_is_not_called_none(text, sentence):
    broken = BODY[:-1] + f', "more": {text}}}'.encode()
    error = refused(GOOD, broken)
    assert (error.code, error.pointer, str(error)) == ("unreadable", "", f"It {sentence}")
    headers, value = structured()
    assert str(refused(headers, value[:-1] + f', "more": {text}}}'.encode())) == f"The value {sentence}"


def test_what_our_services_say_was_stamped_by_a_database():
    """Whose clock may go before that of whoever reads it."""
    told, _ = read(GOOD | {"ce_source": b"/careloop/customers", "ce_time": b"2026-01-06T00:00:00Z"})
    assert told.time and told.time > NOW
    assert refused(GOOD | {"ce_time": b"2026-01-06T00:00:00Z"}).code == "future_time"


def test_several_problems_are_counted_and_the_first_is_shown():
    error = refused(GOOD, json.dumps(SAMPLE["data"] | {"shipped_at": 17, "carrier": "SF", "order_id": ""}).encode())
    assert (error.code, error.pointer) == ("invalid", "/order_id")
    assert "2 more" in str(error)


def test_the_reason_carries_no_value_of_the_record():
    secret = "Zhang-San-13800000000"
    for change in ({"ce_id": secret.encode() * 4}, {"ce_time": secret.encode()}, {"ce_specversion": secret.encode()}):
        assert secret not in str(refused(GOOD | change))
    assert secret not in str(refused(GOOD, json.dumps(SAMPLE["data"] | {"shipped_at": secret, secret: 1}).encode()))


def test_the_headers_of_a_null_value_may_say_anything():
    assert envelope.of_tombstone(SimpleNamespace(headers=())) == Envelope()
    assert envelope.of_tombstone(SimpleNamespace(headers=(("ce_source", b"/crm"), ("ce_id", b"\xff")))).source == "/crm"


NAMES = st.sampled_from([*GOOD, "x-foreign", "ce_", "ce_foreign", "Content-Type"])
VALUES = st.one_of(st.none(), st.binary(max_size=70), st.sampled_from([*GOOD.values(), b"application/cloudevents+json"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
EVENTS = st.dictionaries(st.sampled_from([*SAMPLE, "orgunit", "correlationid", "content-type"]), JSON).map(lambda changes: SAMPLE | changes)
BODIES = st.one_of(st.none(), st.binary(), JSON.map(json.dumps).map(str.encode), EVENTS.map(json.dumps).map(str.encode))


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.one_of(st.lists(st.tuples(NAMES, VALUES)), st.just([("content-type", b"application/cloudevents+json")])), BODIES)
def test_whatever_comes_is_read_or_refused(headers, value):
    try:
        told, body = read(headers, value)
        envelope.event_of(OrderShipped, body, told)
    except Unreadable as error:
        assert error.code in {"unreadable", "invalid", "null_value", "future_time", "too_large"}
        assert str(error).endswith(".")


def test_data_that_is_nested_without_end():
    deep = json.dumps(SAMPLE).replace('"SO-1"', "[" * 900 + "]" * 900).encode()
    assert refused([("content-type", b"application/cloudevents+json")], deep).code == "unreadable"
    assert refused(GOOD, BODY.replace(b'"SO-1"', b"[" * 900 + b"]" * 900)).code == "unreadable"
