"""The CloudEvents envelope on Kafka, read and written by hand: binary mode (attributes in headers) and structured mode (one JSON object).

What can't be read says why in a sentence without values, with whatever could be read of it, so that its publisher can be told.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from shared.contracts import Event
from shared.contracts.problems import UNREADABLE, problems_of, unreadable
from shared.contracts.values import A_TIME, NO_TIME
from shared.topics import OURS

LARGEST = 256 * 1024
AHEAD = timedelta(minutes=5)
BINARY = "application/json"
STRUCTURED = "application/cloudevents"
REQUIRED = frozenset({"specversion", "id", "source", "type", "time"})
LENGTHS = {"id": 64, "source": 64, "type": 64, "subject": 255, "orgunit": 64}
SHORTEST = min(LENGTHS.values())
NAMES = {f"ce_{name}": name for name in ("specversion", "id", "source", "type", "time", "subject", "orgunit", "correlationid")} | {
    "content-type": "content-type",
    "traceparent": "traceparent",
}

Headers = Sequence[tuple[str, bytes | None]]
Kind = TypeVar("Kind", bound=Event)
is_a_time = re.compile(A_TIME).fullmatch


@dataclass(slots=True)
class Envelope:
    """What an event says about itself."""

    source: str | None = None
    id: str | None = None
    type: str | None = None
    time: datetime | None = None
    subject: str | None = None
    unit: str | None = None
    trace: str | None = None
    correlation: str | None = None

    def of_type(self, type: str) -> "Envelope":
        return replace(self, type=type)


class Unreadable(Exception):
    """A record that breaks the agreement; its code is one of the rejections, its text a sentence for the publisher."""

    def __init__(self, code: str, message: str, pointer: str | None = None, envelope: Envelope | None = None) -> None:
        super().__init__(message)
        self.code, self.pointer, self.envelope = code, pointer, envelope or Envelope()


def read(record: Any, *, now: datetime, largest: int | None = LARGEST) -> tuple[Envelope, bytes | None]:
    """The envelope and the event's own JSON; None is a null value. Foreign headers are not looked at."""
    told, fault = attributes(record.headers)
    body: bytes | None = record.value
    prefix = "ce_"
    if told.get("content-type", "")[:23].lower() == STRUCTURED and body is not None:
        prefix = ""
        told, body, fault = unpacked(body)
    envelope = envelope_of(told)
    if fault:
        raise Unreadable("unreadable", fault, None, envelope)
    check(told, envelope, prefix, now)
    if largest and record.value is not None and len(record.value) > largest:
        raise Unreadable("too_large", "The value is larger than 256 KiB.", None, envelope)
    return envelope, body


def of_tombstone(record: Any) -> Envelope:
    """Whatever the headers of a null value say; where its key says all, they may be missing or wrong."""
    told, _ = attributes(record.headers)
    return envelope_of({name: text for name, text in told.items() if "\0" not in text and 0 < len(text) <= LENGTHS.get(name, 64)})


def event_of(contract: type[Kind], body: bytes | None, envelope: Envelope) -> Kind:
    """The event itself, as its contract reads it."""
    if body is None:
        raise Unreadable("null_value", "The value is null, which means nothing here.", None, envelope)
    try:
        event: Kind = contract.__pydantic_validator__.validate_json(body)
    except ValidationError as error:
        first, *more = problems_of(error)
        code = "unreadable" if first.message in UNREADABLE else "invalid"
        others = f" And {len(more)} more: `careloop validate` names them all." if more else ""
        raise Unreadable(code, first.message + others, first.pointer, envelope) from None
    return event


def check_moment(event: Event, envelope: Envelope, *, now: datetime) -> None:
    """Nobody answered or called in the future."""
    if event.is_over and event.moment and event.moment - now > AHEAD:
        raise Unreadable("future_time", f"{event.moment_in} is more than 5 minutes ahead of us.", f"/{event.moment_in}", envelope)


def attributes(headers: Headers) -> tuple[dict[str, str], str | None]:
    """The attributes that can be read, by their names without `ce_`, and what is wrong with the first that can't."""
    try:
        told = {NAMES[name]: value.decode() for name, value in headers}  # type: ignore[union-attr]
        if len(told) == len(headers):
            return told, None
    except (KeyError, AttributeError, UnicodeDecodeError):
        pass
    return one_by_one(headers)


def one_by_one(headers: Headers) -> tuple[dict[str, str], str | None]:
    """The same where headers are foreign, repeated or broken."""
    told: dict[str, str] = {}
    fault: str | None = None
    for header, value in headers:
        name = NAMES.get(header) or (header[3:] if header.startswith("ce_") else None)
        if name is None:
            continue
        if name in told and header.startswith("ce_"):
            fault = fault or f"The header {header} comes more than once."
        try:
            told[name] = value.decode()  # type: ignore[union-attr]
        except AttributeError:
            fault = fault or f"The header {header} is null."
        except UnicodeDecodeError:
            fault = fault or f"The header {header} is not UTF-8."
    return told, fault


def unpacked(value: bytes) -> tuple[dict[str, str], bytes | None, str | None]:
    """Structured mode: attributes, data, and what is wrong with it as a whole."""
    try:
        event = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return {}, None, unreadable(str(error)).replace("It", "The value", 1)
    if not isinstance(event, dict):
        return {}, None, "The value is not a CloudEvent: it must be a JSON object."
    told = {name: text for name, text in event.items() if isinstance(text, str)}
    wrong = [name for name in sorted(REQUIRED | LENGTHS.keys()) if not isinstance(event.get(name), str | None)]
    if wrong:
        return told, None, f"The attribute {wrong[0]} must be a string."
    if "data_base64" in event:
        return told, None, "data_base64 is not read: send the event as data, a JSON object."
    data = event.get("data")
    try:
        return told, None if data is None else orjson.dumps(data), None
    except orjson.JSONEncodeError:
        return told, None, "The data is nested too deeply."


def envelope_of(told: dict[str, str]) -> Envelope:
    """As it stands; `check` says whether it is good. What is only carried along is dropped where it is not what it says."""
    tell = told.get
    trace, correlation = tell("traceparent"), tell("correlationid")
    if trace is not None and not (len(trace) == 55 and trace.isascii() and trace.isprintable()):
        trace = None
    if correlation is not None and not (0 < len(correlation) <= 64 and correlation.isprintable()):
        correlation = None
    return Envelope(tell("source"), tell("id"), tell("type"), instant(tell("time")), tell("subject"), tell("orgunit"), trace, correlation)


def instant(text: str | None) -> datetime | None:
    if text is None or not is_a_time(text):
        return None
    try:
        return datetime.fromisoformat(text if text[-1] != "z" else text.upper())
    except ValueError:
        return None


def check(told: dict[str, str], envelope: Envelope, prefix: str, now: datetime) -> None:
    """Attributes keep their rules."""
    if not (told.keys() >= REQUIRED and told["specversion"] == "1.0" and "\0" not in "".join(told.values()) and fits(told)):
        raise Unreadable(*refusal(told, prefix), None, envelope)
    if envelope.time is None:
        raise Unreadable("invalid", f"{prefix}time: {NO_TIME}", None, envelope)
    if envelope.time - now > AHEAD and envelope.source not in OURS:  # ours are stamped by a database's clock, which may go before our own
        raise Unreadable("future_time", f"{prefix}time is more than 5 minutes ahead of us.", None, envelope)


def fits(told: dict[str, str]) -> bool:
    sizes = [*map(len, told.values())]
    return (min(sizes) > 0 and max(sizes) <= SHORTEST) or all(0 < len(told.get(name, "-")) <= longest for name, longest in LENGTHS.items())


def refusal(told: dict[str, str], prefix: str) -> tuple[str, str]:
    """Code and sentence of the first rule that is broken."""
    for name in sorted(REQUIRED - told.keys()):
        return "unreadable", f"{prefix}{name} is missing."
    if told["specversion"] != "1.0":
        return "unreadable", f"{prefix}specversion must be 1.0."
    for name, text in told.items():
        if "\0" in text:
            header = name if name in NAMES else f"ce_{name}"  # `content-type` has no prefix
            return "invalid", f"The {f'header {header}' if prefix else f'attribute {name}'} contains the character U+0000."
    name, longest = next((name, longest) for name, longest in LENGTHS.items() if not 0 < len(told.get(name, "-")) <= longest)
    return "invalid", f"{prefix}{name} must have 1 to {longest} characters."


def headers_of(
    *, source: str, id: str, type: str, time: datetime, subject: str | None = None, unit: str | None = None,
    trace: str | None = None, correlation: str | None = None,
) -> list[tuple[str, bytes]]:  # fmt: skip
    """Binary mode, as we write it."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_time", time.isoformat().encode()),
        ("content-type", BINARY.encode()),
    ]
    if subject is not None:
        headers.append(("ce_subject", subject.encode()))
    if unit is not None:
        headers.append(("ce_orgunit", unit.encode()))
    if trace is not None:
        headers.append(("traceparent", trace.encode()))
    if correlation is not None:
        headers.append(("ce_correlationid", correlation.encode()))
    return headers
