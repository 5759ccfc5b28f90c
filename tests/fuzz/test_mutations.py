"""The records of a seed: always the same ones, every kind of change and every type of event among them, and sound ones where they are called so."""

import json
from random import Random

import pytest

from shared.topics import TOPICS
from tests.fuzz.changing import KINDS, Fate, judged, places
from tests.fuzz.draft import TYPES, Raw, draft, structured, written
from tests.fuzz.stream import NAMES, Sent, made, said_by, stream

SEED = 20261125
SENT = list(stream(SEED, 1000))


def bytes_of(it: Sent) -> object:
    return it.name, it.topic, it.partition, it.draft.key, it.draft.wire(), it.draft.headers, it.draft.timestamp, it.kinds, it.at, it.fate


def test_a_thousand_records_have_every_kind_of_change_and_every_type() -> None:
    assert {it.kinds[0] for it in SENT if len(it.kinds) == 1} == set(NAMES)
    assert {it.draft.type for it in SENT if not it.sound} == set(TYPES) == {it.draft.type for it in SENT if it.sound}
    assert len({it.name for it in SENT if not it.sound and it.name.isdecimal()}) == 1000
    assert any(len(it.kinds) > 2 for it in SENT)


def test_every_partition_ends_with_a_sound_record() -> None:
    last = {(it.topic, it.partition): it for it in SENT}
    assert set(last) == {(topic.name, number) for topic in TOPICS.values() if topic.inbound for number in range(topic.partitions)}
    assert all(it.sound for it in last.values())


def test_a_seed_makes_the_same_records_and_another_makes_others() -> None:
    again = list(stream(SEED, 1000))
    assert [bytes_of(it) for it in again] == [bytes_of(it) for it in SENT]
    assert [it.draft.wire() for it in stream(SEED + 1, 100)] != [it.draft.wire() for it in SENT[: len(list(stream(SEED + 1, 100)))]]


def test_one_record_is_made_alone_as_it_is_among_the_others() -> None:
    for number in (0, 17, 500, 999):
        assert [bytes_of(it) for it in made(SEED, number)] == [bytes_of(it) for it in SENT if it.name.rstrip("bcd") == str(number)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_changed_is_another_record(name: str) -> None:
    """Unless something else was asked for: the same again, or a sound withdrawal."""
    for attempt in range(5):
        chance = Random(attempt)
        for type in TYPES:
            before, it = draft("r", 1, type, customer="c"), draft("r", 1, type, customer="c")
            change = KINDS[name](it, chance)
            if change is None:
                continue
            told = (it.wire(), it.headers, it.key, it.topic, it.timestamp, len(it.twins))
            if told != (before.wire(), before.headers, before.key, before.topic, before.timestamp, 0):
                assert change.at
                return
    raise AssertionError(f"{name} changes nothing")


def test_ids_are_the_records_own_and_the_customer_is_shared() -> None:
    one, other = (draft("r", number, "order.placed.v1", customer="c") for number in (1, 2))
    assert one.body["customer"] == other.body["customer"] == {"system": "erp", "id": "c"}
    assert one.body["order_id"] != other.body["order_id"] and said_by(one) != said_by(other)


def test_what_a_record_says_of_itself_is_read_in_both_modes() -> None:
    it = draft("r", 1, "order.placed.v1", customer="c")
    assert said_by(it) == ("/erp", "r-1")
    it.body, it.headers = structured(it), [("content-type", b"application/cloudevents+json"), ("ce_id", b"\xff")]
    assert said_by(it) == ("/erp", "r-1")
    it.headers = []
    assert said_by(it) is None


def test_what_python_can_not_write_is_written_as_it_is() -> None:
    assert written({"a": [Raw("1e400"), "é"], "b": Raw('"\\ud800"')}) == '{"a": [1e400, "é"], "b": "\\ud800"}'.encode()


def test_a_body_is_judged_by_the_published_schema() -> None:
    it = draft("r", 1, "payment.received.v1", customer="c")
    assert judged(it, "/colour", taken=Fate.HANDLED).fate is Fate.HANDLED
    for name in ("invoice_id", "repair_order_id"):
        del it.body[name]
    it.body["order_id"] = None
    assert judged(it, "/order_id", taken=Fate.HANDLED).fate is Fate.PARKED, "one of the three is needed"


def test_nobody_looks_into_what_may_be_anything() -> None:
    it = draft("r", 1, "order.changed.v1", customer="c")
    pointers = {place.pointer for place in places(it.body)}
    assert "/changes/0/before" in pointers and "/changes/0/before/value" not in pointers
    assert json.loads(it.wire() or b"")["changes"]
