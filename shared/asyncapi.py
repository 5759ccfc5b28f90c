"""What services say and hear on Kafka, as an AsyncAPI 3.0 document: channels from the catalogue of topics, messages from the contracts,
operations from who writes a topic and who listens to it. An API serves its own service's at `/asyncapi.json`; the one of all is published.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse

from shared.contracts import Event
from shared.contracts.registry import INBOUND_TYPES, OWN_EVENTS, TOMBSTONES, topics_of
from shared.contracts.values import A_TIME
from shared.envelope import BINARY, LENGTHS, REQUIRED
from shared.reactions import Listener
from shared.schemas import Schema, schema_of
from shared.service import Service
from shared.settings import VERSION
from shared.topics import TOPICS, Topic, source_of

KAFKA = {"bindingVersion": "0.5.0"}
SHAPES = "#/components/schemas/"
ABOUT = """Every message is a CloudEvent 1.0 in Kafka's binary mode: attributes in headers, a JSON object as value.

Events of one key are in order. After a fault a record may come twice: drop a `ce_id` that you know. Pass over types and fields that you don't
know; a type's name stands for one shape for ever, and another shape is another name (`.v2`) beside it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one service does with one topic."""

    service: str
    action: str
    topic: Topic
    contracts: Sequence[type[Event]]


def served(service: Service) -> Callable[[Request], JSONResponse]:
    """The open route of a service's API."""

    @cache
    def told() -> Schema:
        return document(service.title, {service.name: service.listeners})

    def asyncapi(_: Request) -> JSONResponse:
        return JSONResponse(told())

    return asyncapi


def document(title: str, services: Mapping[str, Sequence[Listener]]) -> Schema:
    """All that these services, each with its listeners, publish and read."""
    parts = [part for service, listeners in services.items() for part in (*published(service), *read(service, listeners))]
    said: dict[str, list[type[Event]]] = {}
    for name in TOPICS:
        used = {contract for part in parts if part.topic.name == name for contract in part.contracts}
        if used:
            said[name] = [contract for contract in language(name) if contract in used]
    contracts = [contract for used in said.values() for contract in used]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{title}: events", "version": VERSION, "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "defaultContentType": BINARY,
        "channels": {name: channel(TOPICS[name], used) for name, used in said.items()},
        "operations": {f"{part.service}.{part.action}.{part.topic.name}": operation(part) for part in parts},
        "components": {
            "messages": {contract.name: message(contract) for contract in contracts},
            "schemas": dict(sorted(schemas(contracts).items())),
        },
    }


def language(topic: str) -> list[type[Event]]:
    """Everything that may be said there."""
    said = [contract for contract in (*INBOUND_TYPES.values(), *OWN_EVENTS) if contract.topic == topic]
    return [*said, TOMBSTONES[topic]] if topic in TOMBSTONES else said


def published(service: str) -> Iterator[Part]:
    for topic in TOPICS.values():
        if service in topic.writers:
            yield Part(service, "send", topic, language(topic.name))


def read(service: str, listeners: Sequence[Listener]) -> Iterator[Part]:
    """What it reacts to; and what others write on a topic that it owns, for it takes and checks all of that."""
    heard = {contract for listener in listeners for contract in listener.reactions}
    for topic in TOPICS.values():
        everything = topic.inbound and topic.owner == service
        if wanted := [contract for contract in language(topic.name) if everything or contract in heard]:
            yield Part(service, "receive", topic, wanted)


def channel(topic: Topic, contracts: Sequence[type[Event]]) -> Schema:
    settings = {name: int(value) if value.isdecimal() else [value] for name, value in topic.settings.items()}
    return {
        "address": topic.name,
        "messages": {contract.name: {"$ref": f"#/components/messages/{contract.name}"} for contract in contracts},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": settings, **KAFKA}},
        "x-key": topic.key,
        "x-owner": topic.owner,
        "x-personal-data": topic.personal,
    }


def operation(part: Part) -> Schema:
    where = f"#/channels/{part.topic.name}"
    told: Schema = {
        "action": part.action,
        "channel": {"$ref": where},
        "messages": [{"$ref": f"{where}/messages/{contract.name}"} for contract in part.contracts],
        "tags": [{"name": part.service}],
    }
    if part.action == "receive":
        told["bindings"] = {"kafka": {"groupId": {"type": "string", "const": part.service}, **KAFKA}}
    return told


def message(contract: type[Event]) -> Schema:
    topic = TOPICS[contract.topic]
    told: Schema = {
        "name": contract.name,
        "summary": contract.__doc__,
        "payload": schema_of(contract) if contract.tombstone else {"$ref": SHAPES + contract.name},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, **KAFKA}},
    }
    if not contract.tombstone:  # its key says all, and headers are optional
        told["headers"] = headers(contract, topic)
        told["correlationId"] = {"location": "$message.header#/ce_correlationid"}
    return told


def headers(contract: type[Event], topic: Topic) -> Schema:
    """What all events carry, and what this one says there."""
    own: Schema = {"ce_type": {"const": contract.name}}
    if not topic.inbound:
        writers = {writer for name in topics_of(contract.name) for writer in TOPICS[name].writers}
        own["ce_source"] = {"enum": sorted(map(source_of, writers))}
    kind = "InboundHeaders" if topic.inbound else "OwnHeaders"
    return {"type": "object", "allOf": [{"$ref": SHAPES + kind}], "properties": own}


def attributes(*, always: set[str]) -> Schema:
    """The CloudEvents attributes as headers."""
    texts = {f"ce_{name}": {"type": "string", "minLength": 1, "maxLength": longest} for name, longest in LENGTHS.items()}
    told: dict[str, Schema] = texts | {
        "ce_specversion": {"const": "1.0"},
        "ce_time": {"type": "string", "format": "date-time", "pattern": A_TIME},
        "ce_correlationid": {"type": "string", "minLength": 1, "maxLength": LENGTHS["id"], "description": "what it came of"},
        "traceparent": {"type": "string", "description": "W3C Trace Context, carried along"},
        "content-type": {"const": BINARY},
    }
    told["ce_orgunit"]["description"] = "the unit of the company it belongs to"
    return {"type": "object", "properties": dict(sorted(told.items())), "required": sorted(f"ce_{name}" for name in REQUIRED | always)}


def schemas(contracts: Sequence[type[Event]]) -> dict[str, Schema]:
    """The values by their events' names, and the shapes in them."""
    told = {"InboundHeaders": attributes(always=set()), "OwnHeaders": attributes(always={"orgunit"})}
    for contract in contracts:
        if not contract.tombstone:
            schema = schema_of(contract, SHAPES)
            told |= schema.pop("$defs", {})
            told[contract.name] = schema
    return told
