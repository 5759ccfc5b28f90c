"""What `docs/integrate.md` promises is what the code does: every type, every code, every event of ours."""

import re
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from services.customers.app import service
from services.customers.domain.claim import ConflictingReference
from services.customers.domain.erased import ErasedSubject
from shared.clock import now
from shared.contracts.registry import INBOUND_TYPES, OWN_TYPES, topics_of
from shared.envelope import LARGEST, headers_of
from shared.events_api import EVENTS
from shared.gate import Gate
from tests.makers import record, shipped
from tests.rooms import KnownSources

TEXT = (Path(__file__).parents[2] / "docs" / "integrate.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def table() -> str:
    rows = ["| type | topic | required | optional |", "|---|---|---|---|"]
    for name, contract in INBOUND_TYPES.items():
        fields = [(field.alias or it, field.is_required()) for it, field in contract.model_fields.items()]
        required, optional = (" ".join(f"`{it}`" for it, needed in fields if needed is wanted) for wanted in (True, False))
        rows.append(f"| `{name}` | {contract.topic.removeprefix('careloop.inbound.')} | {required} | {optional} |")
    return "\n".join(rows)


def test_every_event_that_we_take_is_told_with_its_fields() -> None:
    assert table() in section("Events we take"), f"put this between the marks:\n\n{table()}\n"


def our_table() -> str:
    rows = ["| type | topic | says |", "|---|---|---|"]
    for name, contract in OWN_TYPES.items():
        sentence = re.split(r"  [A-Z]", contract.__doc__ or "")[0].strip()  # without the rules that it is told by
        topics = ", ".join(f"`{topic}`" for topic in topics_of(name))
        rows.append(f"| `{name}` | {topics} | {sentence} |")
    return "\n".join(rows)


def test_every_event_that_we_publish_is_told_with_its_topic() -> None:
    assert our_table() in section("Events we publish"), f"put this between the marks:\n\n{our_table()}\n"


def test_what_can_be_asked_for_later_is_what_is_kept() -> None:
    [sentence] = re.findall(r"Events of a (.*?) can also be asked for", section("Events we publish"))
    assert set(re.findall(r"`([a-z]+)`", sentence)) == {name.partition(".")[0] for name, contract in OWN_TYPES.items() if contract.kept}
    [filters] = re.findall(r"`GET /v1/events\?([a-z]+)=…` \(or `([a-z]+)`, `([a-z]+)`\)", section("Events we publish"))
    assert {f"filter_{name}" for name in filters} == {name for name in signature(EVENTS).parameters if name.startswith("filter_")}


def broken(code: str) -> Any:
    """A record that is rejected for this."""
    good, body = "order.shipped.v1", shipped(shipped_at=now().isoformat())
    match code:
        case "unknown_source":
            return record(good, body, source="/nobody")
        case "wrong_topic":
            return record(good, body, topic="careloop.inbound.customers")
        case "unknown_type":
            return record("order.lost_in_space.v1", body, topic="careloop.inbound.orders")
        case "unreadable":
            headers = [it for it in headers_of(source="/erp", id="1", type=good, time=now()) if it[0] != "ce_id"]
            return type(record(good, body))("careloop.inbound.orders", 0, 1, 0, b"erp/C-1", b"{}", headers)
        case "invalid":
            return record(good, body | {"shipped_at": "yesterday"})
        case "null_value":
            return record(good, None, key="erp/C-1")
        case "future_time":
            return record(good, body, at=now().replace(year=now().year + 1))
        case "too_large":
            return record(good, body | {"note": "x" * LARGEST})
    raise AssertionError(f"nobody knows how to make {code}")


BY_RULE = {ConflictingReference.code, ErasedSubject.code}
CODES = re.findall(r"^\| `([a-z_]+)` \|", section("When an event is rejected"), re.MULTILINE)


@pytest.mark.parametrize("code", [code for code in CODES if code not in BY_RULE])
def test_every_code_is_one_that_a_publisher_can_get(code: str) -> None:
    delivery = Gate("customers", service.listeners, KnownSources(), now).read(broken(code))
    assert delivery.trouble and (delivery.trouble.code, delivery.trouble.ours) == (code, False)


def test_what_the_examples_show_is_what_is_said() -> None:
    delivery = Gate("customers", service.listeners, KnownSources(), now).read(broken("unknown_source"))
    assert delivery.trouble
    for name in ("integrate.md", "operate.md"):
        assert delivery.trouble.message in (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")


def test_no_code_is_left_out() -> None:
    shared = Path(__file__).parents[2] / "shared"
    said = {
        code
        for file in ("envelope.py", "gate.py")
        for code in re.findall(r'(?:Unreadable\(|return |code = )"([a-z]+_?[a-z]+)"', (shared / file).read_text())
    }
    assert said | {"unreadable", "invalid"} | BY_RULE == set(CODES)


def test_the_samples_of_the_text_are_there() -> None:
    assert {*INBOUND_TYPES, *OWN_TYPES} == {
        it.name.removesuffix(".json") for it in (Path(__file__).parents[1] / "contracts" / "samples").glob("*.json")
    }
