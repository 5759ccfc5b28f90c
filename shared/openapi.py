"""The API's document: what FastAPI can't know, namely our errors and the headers that every POST takes."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.idempotency import HEADER
from shared.openapi_examples import add_examples
from shared.openapi_names import rename
from shared.problems import MEDIA, FieldError, Problem

EVERYWHERE = {
    "400": "The request can't be read.",
    "401": "The token is missing or not good.",
    "403": "Your role does not allow it.",
    "413": "The body is too large.",
    "422": "Something in the request does not fit; `field` says where, `fix` what to do.",
    "429": "You ask too much at once; see `Retry-After`.",
    "503": "Not just now; see `Retry-After`.",
}
KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
    "description": "Sent again with the same key within 48 hours, the request acts once and is answered as the first time.",
}


def named(route: APIRoute) -> str:
    """An operation is called as the endpoint is: `take_complaint` is what a client made of the document calls its function."""
    return route.name


def documented(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """In place of `app.openapi`."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(plain())
        return app.openapi_schema or {}

    return openapi


def complete(told: dict[str, Any]) -> None:
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"].pop("$defs", None)
    schemas["FieldError"] = FieldError.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in told.get("paths", {}).values():
        for method, operation in path.items():
            answers = operation["responses"]
            for status, text in EVERYWHERE.items():
                if status == "413" and "requestBody" not in operation:
                    continue
                known = (
                    answers.get(status, {}).get("description")
                    if status != "422" or MEDIA in answers.get("422", {}).get("content", {})
                    else None
                )
                answers[status] = {"description": known or text, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            if method == "post":
                operation.setdefault("parameters", []).append(dict(KEY))
            for it in operation.get("parameters", ()):
                mend(it, is_needed="428" in answers)
    rename(told)
    add_examples(told)


def mend(parameter: dict[str, Any], *, is_needed: bool) -> None:
    """A parameter is there or left out, never null. `is_needed`: without If-Match the answer would be 428."""
    schema = parameter["schema"]
    if "anyOf" in schema and len(given := [it for it in schema["anyOf"] if it.get("type") != "null"]) == 1:
        parameter["schema"] = {name: it for name, it in schema.items() if name != "anyOf"} | given[0]
    if parameter["name"].lower() == "if-match":
        parameter |= {"name": "If-Match", "required": is_needed, "example": '"3"'}
