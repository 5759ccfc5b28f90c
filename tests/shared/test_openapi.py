"""The API's document is good enough to be worked from: names that last, a sentence and an example everywhere, and every example true."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI

from shared.openapi import documented, named
from shared.openapi_examples import UNKNOWN, add_examples
from shared.topics import SERVICES

JSON = "application/json"
Told = dict[str, Any]


@pytest.fixture(scope="module", params=sorted(SERVICES))
def told(request: pytest.FixtureRequest) -> Told:
    return document(request.param)


def document(service: str) -> Told:
    app = FastAPI(title=service, generate_unique_id_function=named)
    for router in import_module(f"services.{service}.app").service.routers():
        app.include_router(router)
    openapi = documented(app)
    return openapi()


def operations(told: Told) -> list[Told]:
    return [it for path in told["paths"].values() for it in path.values()]


def contents(operation: Told) -> Iterator[tuple[str, str, Told]]:
    """Body and good answers, by media type."""
    for media, it in operation.get("requestBody", {}).get("content", {}).items():
        yield "body", media, it
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for media, it in answer.get("content", {}).items():
                yield status, media, it


def wrong(told: Told) -> list[str]:
    """Where an example is missing, is not what its schema says, or has a field of which nobody has said anything."""
    found = []
    for operation in operations(told):
        for where, media, it in contents(operation):
            if media != JSON:
                continue
            checker = jsonschema.Draft202012Validator(
                it["schema"] | {"components": told["components"]}, format_checker=jsonschema.FormatChecker()
            )
            errors = [*checker.iter_errors(it["example"])] if "example" in it else ["there is none"]
            found += [f"{operation['operationId']} {where}: {error}" for error in errors]
            if UNKNOWN in str(it.get("example")):
                found.append(f"{operation['operationId']} {where}: shared/examples.toml says nothing of a field in {it['example']}")
    return found


def test_every_body_and_every_answer_has_an_example_that_is_true(told: Told) -> None:
    assert wrong(told) == []
    for operation in operations(told):
        shown = [it for _, _, it in contents(operation)]
        assert not shown or any("example" in it for it in shown) or operation["operationId"] == "fetch_export"  # bytes


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(told: Told) -> None:
    names = [it["operationId"] for it in operations(told)]
    assert len(names) == len(set(names)) and all(name.isidentifier() and len(name) < 40 and "_v1_" not in name for name in names)
    assert [it["operationId"] for it in operations(told) if not (it.get("summary") and it.get("description") and it.get("tags"))] == []


def test_schemas_are_called_as_a_class_can_be(told: Told) -> None:
    schemas = told["components"]["schemas"]
    assert [name for name in schemas if not (name.isidentifier() and "_" not in name) or name.endswith("Too")] == []
    assert [name for name, it in schemas.items() if it.get("title", name) != name] == []


def test_whoever_must_say_a_version_is_told_so(told: Told) -> None:
    for operation in operations(told):
        for it in operation.get("parameters", ()):
            assert it["name"] != "if-match" and {"type": "null"} not in it["schema"].get("anyOf", ())
            if it["name"] == "If-Match":
                assert it["required"] is ("428" in operation["responses"])


def test_what_nobody_has_said_anything_of_is_noticed() -> None:
    schema = {"type": "object", "properties": {"colour": {"type": "string"}, "n": {"type": "integer"}}, "required": ["colour"]}
    answer: Told = {"content": {JSON: {"schema": {"$ref": "#/components/schemas/New"}}}}
    told: Told = {
        "paths": {"/": {"get": {"operationId": "look", "responses": {"200": answer}}}},
        "components": {"schemas": {"New": schema, "Problem": {}}},
    }
    assert len(wrong(told)) == 1
    add_examples(told)
    assert answer["content"][JSON]["example"] == {"colour": UNKNOWN, "n": 1} and len(wrong(told)) == 1
