"""Reads CloudEvents from a file (one JSON object, a list of them, or one a line) and says of each what is wrong with it, field by field."""

import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import orjson
from pydantic import ValidationError

from deploy.feed.publisher import Message
from shared import envelope
from shared.contracts import Event, Id, Shape, Text, Ts
from shared.contracts.problems import NOT_JSON, Problem, problems_of
from shared.contracts.registry import INBOUND_TYPES, WITHDRAWALS
from shared.contracts.values import Saying, limits
from shared.envelope import Unreadable
from shared.errors import NotFound

STRUCTURED = [("content-type", b"application/cloudevents+json")]


class Attributes(Shape):
    """What the envelope must say."""

    specversion: Annotated[Literal["1.0"], Saying('It must be "1.0".')]
    id: Id
    source: Id
    type: Id
    time: Ts
    subject: Annotated[str, limits(1, 255), Saying("It must be a string of 1 to 255 characters, none of them U+0000.")] | None = None
    orgunit: Id | None = None
    traceparent: Text | None = None
    correlationid: Text | None = None
    partitionkey: Text | None = None


@dataclass(slots=True)
class Told:
    """One event of a file, read and judged."""

    where: str  # file:line
    attributes: Attributes | None = None
    event: Event | None = None
    body: bytes | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)  # not wrong, but hardly meant

    @property
    def message(self) -> Message:
        """As it goes to Kafka: binary mode, topic and key as its contract says."""
        assert self.attributes and self.event
        told = self.attributes
        headers = envelope.headers_of(
            source=told.source, id=told.id, type=told.type, time=told.time, subject=told.subject or self.event.subject, unit=told.orgunit,
            trace=told.traceparent, correlation=told.correlationid,
        )  # fmt: skip
        return Message(self.event.topic, self.event.key.encode(), self.body, headers)


def read(file: str, *, now: datetime) -> list[Told]:
    """`-` is standard input."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NotFound(f"The file {file} can't be read: {error.strerror or type(error).__name__}.") from error
    name = "stdin" if file == "-" else file
    events = [judge(f"{name}:{where}" if where else name, event, now) for where, event in split(content)]
    return events or [Told(name, problems=[Problem("", "There is no event in it.")])]


def split(content: bytes) -> Iterator[tuple[str, Any]]:
    """Line (or place in the list) and JSON; what is not JSON comes as bytes."""
    try:
        whole = orjson.loads(content)
    except orjson.JSONDecodeError:
        lines = content.split(b"\n")
        if content.lstrip()[:1] == b"{" and lines[0].strip() == b"{":  # one object over several lines, with a slip in it
            yield "", content
            return
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield str(number), orjson.loads(line)
                except orjson.JSONDecodeError:
                    yield str(number), line
    else:
        yield from ((str(number), event) for number, event in enumerate(whole, 1)) if isinstance(whole, list) else [("", whole)]


def judge(where: str, event: Any, now: datetime) -> Told:
    """Attributes and data, each by its own contract; at the end as a reader of the topic would."""
    told = Told(where)
    if isinstance(event, bytes):
        told.problems.append(Problem("", NOT_JSON))
    elif not isinstance(event, dict):
        told.problems.append(Problem("", "It must be a CloudEvent: a JSON object with specversion, id, source, type, time and data."))
    else:
        try:
            value = orjson.dumps(event)
        except orjson.JSONEncodeError:
            told.problems.append(Problem("", "It is nested too deeply."))
            return told
        judge_attributes(told, event)
        judge_data(told, event)
        if not told.problems:
            judge_as_a_reader(told, value, now)
    return told


def judge_attributes(told: Told, event: dict[str, Any]) -> None:
    try:
        told.attributes = Attributes.model_validate_json(orjson.dumps({name: value for name, value in event.items() if name != "data"}))
    except ValidationError as error:
        told.problems += problems_of(error)
    for name in sorted(name for name in event if name.startswith("ce_")):
        told.notes.append(Problem(f"/{name}", f"In JSON the attribute is called {name[3:]}; ce_ is for Kafka headers."))


def judge_data(told: Told, event: dict[str, Any]) -> None:
    type, data = event.get("type"), event.get("data")
    if not isinstance(type, str):
        return
    contract = INBOUND_TYPES.get(type)
    if contract is None:
        near = difflib.get_close_matches(type, [*INBOUND_TYPES, *(name.removesuffix(".v1") for name in INBOUND_TYPES)], 1)
        told.problems.append(
            Problem("/type", "It is no type that is taken here." + (f" Did you mean {near[0].removesuffix('.v1')}.v1?" if near else ""))
        )
    elif data is None and type in WITHDRAWALS:
        withdraw(told, event, WITHDRAWALS[type])
    elif data is None:
        told.problems.append(Problem("/data", "It is required."))
    else:
        told.body = orjson.dumps(data)
        try:
            told.event = contract.model_validate_json(told.body)
        except ValidationError as error:
            told.problems += problems_of(error, within="/data")
        if isinstance(data, dict):
            names = {facts.alias or name for name, facts in contract.model_fields.items()}
            told.notes += [unknown(name, names) for name in data if name not in names]


def unknown(name: str, names: set[str]) -> Problem:
    near = difflib.get_close_matches(name, names, 1)
    return Problem(f"/data/{name}", "It is not known and will be ignored." + (f" Did you mean {near[0]}?" if near else ""))


def withdraw(told: Told, event: dict[str, Any], contract: type[Event]) -> None:
    """No data: the source no longer has this customer or member of staff, whom the subject names."""
    key = event.get("partitionkey", event.get("subject"))
    try:
        told.event = contract.from_key(key if isinstance(key, str) else "")
    except ValueError:
        told.problems.append(
            Problem("/subject", "Without data it must name who is withdrawn: <system>/<id> of a customer, the id of a member of staff.")
        )


def judge_as_a_reader(told: Told, value: bytes, now: datetime) -> None:
    try:
        told_of, _ = envelope.read(SimpleNamespace(headers=STRUCTURED, value=value), now=now)
        if told.event:
            envelope.check_moment(told.event, told_of, now=now)
    except Unreadable as error:
        where = f"/data{error.pointer}" if error.pointer else "/time" if error.code == "future_time" else ""
        told.problems.append(Problem(where, str(error)))
