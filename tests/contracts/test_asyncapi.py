"""The AsyncAPI documents keep to AsyncAPI 3.0, and say of every service what its door really takes and what it may write."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft7Validator

from shared.asyncapi import document
from shared.contracts.registry import INBOUND_TYPES, OWN_EVENTS, OWN_TYPES, TOMBSTONES
from shared.envelope import headers_of
from shared.gate import Gate
from shared.schemas import schema_of
from shared.service import Service
from shared.topics import OURS, SERVICES, TOPICS, source_of
from tests.apis import api
from tests.contracts.sampled import sample
from tests.rooms import KnownSources

TYPES = {**INBOUND_TYPES, **OWN_TYPES}
EVENTS = (*INBOUND_TYPES.values(), *OWN_EVENTS)
NULLS = {it.name for it in TOMBSTONES.values()}
NOW = datetime(2026, 1, 6, tzinfo=UTC)
OBJECTS = {  # the specification's fixed fields: those that must be there, and those that may
    "root": ({"asyncapi", "info"}, {"id", "servers", "defaultContentType", "channels", "operations", "components"}),
    "info": ({"title", "version"}, {"description", "termsOfService", "contact", "license", "tags", "externalDocs"}),
    "channel": (set(), {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"}),
    "operation": ({"action", "channel"}, {"title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits", "messages", "reply"}),
    "message": (set(), {"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags", "externalDocs", "bindings",
                        "examples", "traits"}),
    "components": (set(), {"schemas", "messages"}),
    "kafka channel": (set(), {"topic", "partitions", "replicas", "topicConfiguration", "bindingVersion"}),
    "kafka operation": (set(), {"groupId", "clientId", "bindingVersion"}),
    "kafka message": (set(), {"key", "schemaIdLocation", "schemaIdPayloadEncoding", "schemaLookupStrategy", "bindingVersion"}),
}  # fmt: skip


def service_of(name: str) -> Service:
    service: Service = import_module(f"services.{name}.app").service
    return service


@pytest.fixture(scope="module", params=[*SERVICES, "all"])
def told(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The document of one service, or of all."""
    names = SERVICES if request.param == "all" else [request.param]
    return document(request.param, {name: service_of(name).listeners for name in names})


def objects(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the document is made of, and of which kind it is."""
    yield from (("root", told), ("info", told["info"]), ("components", told["components"]))
    kinds = ("channel", told["channels"]), ("operation", told["operations"]), ("message", told["components"]["messages"])
    for kind, them in kinds:
        for it in them.values():
            yield kind, it
            if "bindings" in it:
                assert it["bindings"].keys() == {"kafka"}
                yield f"kafka {kind}", it["bindings"]["kafka"]


def pointers(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        yield from (it for name, it in told.items() if name == "$ref")
        yield from (found for it in told.values() for found in pointers(it))
    elif isinstance(told, list):
        yield from (found for it in told for found in pointers(it))


def at(told: Any, pointer: str) -> Any:
    for step in pointer.removeprefix("#/").split("/"):
        told = told[step]
    return told


def test_nothing_is_said_that_the_specification_does_not_have(told):
    for kind, it in objects(told):
        must, may = OBJECTS[kind]
        own = {name for name in it if not re.fullmatch(r"x-[\w.-]+", name)}
        assert must <= own <= must | may, kind
    for names in (told["components"]["messages"], told["components"]["schemas"]):
        assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


def test_every_reference_leads_to_what_it_should(told):
    assert all(isinstance(at(told, it), dict) for it in pointers(told))
    for channel in told["channels"].values():
        assert {name: it["$ref"] for name, it in channel["messages"].items()} == {
            name: f"#/components/messages/{name}" for name in channel["messages"]
        }
    for operation in told["operations"].values():
        assert operation["action"] in ("send", "receive")
        where = operation["channel"]["$ref"]
        assert all(it["$ref"].startswith(f"{where}/messages/") for it in operation["messages"])
    used = {it["$ref"].rpartition("/")[2] for operation in told["operations"].values() for it in operation["messages"]}
    assert used == {name for channel in told["channels"].values() for name in channel["messages"]} == set(told["components"]["messages"])


def test_a_reader_of_somebody_else_reads_it(told):
    read = ApplicationSchema.model_validate(told)
    assert read.asyncapi == "3.0.0"
    assert read.channels.keys() == told["channels"].keys()
    assert read.operations.keys() == told["operations"].keys()


def test_its_schemas_are_schemas_and_no_shape_hides_another(told):
    schemas = told["components"]["schemas"]
    for it in schemas.values():
        Draft7Validator.check_schema(it)
    for name in schemas.keys() & TYPES.keys():
        alone = schema_of(TYPES[name], "#/components/schemas/")
        assert alone.pop("$defs", {}).items() <= schemas.items()
        assert schemas[name] == alone


def test_every_message_takes_its_sample_and_the_headers_that_we_write(told):
    for name, message in told["components"]["messages"].items():
        assert message["name"] == name and message["summary"].endswith((".", "?", *"0123456789"))
        if name in NULLS:
            assert message["payload"] == {"type": "null"} and "headers" not in message
            continue
        full = sample(name)
        good = headers_of(
            source=full["source"],
            id=full["id"],
            type=name,
            time=NOW,
            subject=full.get("subject"),
            unit="north",
            trace=full["traceparent"],
            correlation="c-1",
        )
        headers = {header: value.decode() for header, value in good}
        payload, attributes = (
            Draft7Validator({"allOf": [message[part]], "components": told["components"]}) for part in ("payload", "headers")
        )
        assert payload.is_valid(full["data"]) and not payload.is_valid({})
        assert attributes.is_valid(headers)
        for wrong in ({"ce_type": "order.lost_in_space.v1"}, {"ce_id": "x" * 65}, {"ce_specversion": "0.3"}, {"ce_time": "2026-01-05"}):
            assert not attributes.is_valid(headers | wrong)
        assert attributes.is_valid({header: it for header, it in headers.items() if header != "ce_orgunit"}) is (name in INBOUND_TYPES)
        assert attributes.is_valid(headers | {"ce_source": "/erp"}) is (name in INBOUND_TYPES)


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_reads_is_what_its_door_lets_in(service):
    found = service_of(service)
    gate = Gate(service, found.listeners, KnownSources(), lambda: NOW)
    read = {
        (topic, contract.name)
        for topic, it in TOPICS.items()
        for contract in EVENTS
        if contract.topic == topic and gate.contract(SimpleNamespace(type=contract.name), it, gate.listeners.get(topic))
    }
    read |= {(it.topic, it.withdrawal.name) for it in found.listeners if it.withdrawal}
    assert set(operations(found, "receive")) == read


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_publishes_is_all_that_it_may_write(service):
    contracts = (*EVENTS, *TOMBSTONES.values())
    allowed = {(it.topic, it.name) for it in contracts if it.topic in OURS[source_of(service)]}
    assert set(operations(service_of(service), "send")) == allowed


def operations(service: Service, action: str) -> Iterator[tuple[str, str]]:
    for operation in document("", {service.name: service.listeners})["operations"].values():
        if operation["action"] == action:
            topic = operation["channel"]["$ref"].removeprefix("#/channels/")
            yield from ((topic, it["$ref"].rpartition("/")[2]) for it in operation["messages"])


def test_together_they_say_all_there_is():
    told = document("all", {name: service_of(name).listeners for name in SERVICES})
    assert set(told["channels"]) == set(TOPICS)
    assert set(told["components"]["messages"]) == {*TYPES, *NULLS}
    assert set(told["components"]["schemas"]) > set(TYPES)


def test_a_channel_is_the_topic_of_the_catalogue():
    told = document("all", {name: service_of(name).listeners for name in SERVICES})["channels"]
    assert told["careloop.notes"] | {"messages": ...} == {
        "address": "careloop.notes",
        "messages": ...,
        "bindings": {
            "kafka": {
                "partitions": 12,
                "topicConfiguration": {
                    "cleanup.policy": ["compact"], "delete.retention.ms": 604800000, "max.compaction.lag.ms": 86400000, "segment.ms": 3600000,
                },
                "bindingVersion": "0.5.0",
            }
        },
        "x-key": "note id",
        "x-owner": "complaints",
        "x-personal-data": True,
    }  # fmt: skip
    assert told["careloop.inbound.calls"]["bindings"]["kafka"]["topicConfiguration"] == {
        "cleanup.policy": ["delete"],
        "retention.ms": 604800000,
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_an_api_serves_its_own_part_to_everybody(service, tmp_path):
    found = service_of(service)
    async with api(found, SimpleNamespace(engine=None), tmp_path) as served:
        answer = await served.client.get("/asyncapi.json")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == document(found.title, {service: found.listeners})
        assert (await served.client.post("/asyncapi.json")).status_code == 405
        assert "/asyncapi.json" not in (await served.client.get("/openapi.json")).json()["paths"]
