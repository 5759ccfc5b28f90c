"""An example of every body and every answer, composed of one for each field: `examples.toml` says what stands in a field of that name.

So an example is as true as the schema that it is made of, and a new field brings its own or stands out: `…` is in it, and a test looks for that."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.openapi_names import REF, operations

TOLD = Path(__file__).parent / "examples.toml"
UNKNOWN = "…"  # nobody has said what stands there
DEEPEST = 8
OF_A_FILE = {
    "text/html": '<!DOCTYPE html>\n<html lang="zh-CN">…</html>\n',
    "text/csv": "\ufeff投诉编号,投诉时间\r\nC260105-7F3A9C21,2026-01-05 12:00:00\r\n",
}
FORMATS = {"uuid": "0199b1f2-3c4d-7e5f-8a6b-9c0d1e2f3a4b", "date-time": "2026-01-05T04:00:00Z", "date": "2026-01-05", "time": "09:30:00"}
PLAIN: dict[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "null": None, "string": UNKNOWN}


@cache
def said() -> Mapping[str, Any]:
    return tomllib.loads(TOLD.read_text(encoding="utf-8"))


def add_examples(told: dict[str, Any]) -> None:
    schemas = told["components"]["schemas"]
    for operation in operations(told):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for status, answer in operation["responses"].items() if status.startswith("2")]
        for n, content in enumerate(contents):
            for media, it in content.items():
                if media == "application/json" and "schema" in it:
                    content[media] = {"example": Composer(schemas, is_asked=n == 0).of(it["schema"])} | it
                elif media in OF_A_FILE:
                    content[media] = {"example": OF_A_FILE[media]} | it  # a new one: routes say their files by one value
    schemas["Problem"]["example"] = said()["problem"]


class Composer:
    """Follows a schema. `is_asked`: a body, in which a field is left out that nobody has to send."""

    def __init__(self, schemas: Mapping[str, Any], *, is_asked: bool) -> None:
        self.schemas, self.is_asked = schemas, is_asked

    def of(self, schema: Mapping[str, Any], name: str = "", model: str = "", depth: int = 0) -> Any:
        """`name`: of the field where it stands, in the model."""
        if f"{model}.{name}" in said()["nothing"]:
            return None
        if (given := self.given(schema, name, model)) is not None:
            return given
        if "$ref" in schema:
            model = schema["$ref"].removeprefix(REF)
            return self.of(self.schemas[model], name, model, depth + 1)
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        for key in ("example", "const", "default"):
            if schema.get(key) is not None:
                return schema[key]
        for key in ("anyOf", "oneOf", "allOf"):
            if parts := schema.get(key):
                nothing = next((it for it in parts if it.get("type") == "null"), None)
                return None if nothing and (depth > DEEPEST or is_open(parts)) else self.of(parts[0], name, model, depth)
        return self.typed(schema, name, model, depth)

    def given(self, schema: Mapping[str, Any], name: str, model: str) -> Any:
        """What the file says of this field: of this model's first, otherwise of every field of that name that takes it."""
        mine = said()["of"].get(model, {}).get(name)
        usual = said()["every"].get(name)
        return mine if mine is not None else usual if usual is not None and self.takes(schema, usual) else None

    def takes(self, schema: Mapping[str, Any], value: Any) -> bool:
        if "$ref" in schema:
            return self.takes(self.schemas[schema["$ref"].removeprefix(REF)], value)
        if parts := schema.get("anyOf") or schema.get("oneOf"):
            return any(self.takes(it, value) for it in parts)
        if "enum" in schema or "const" in schema or "format" in schema:
            return value in schema.get("enum", (schema.get("const"),))
        if isinstance(value, list):
            return schema.get("type") == "array" and all(self.takes(schema.get("items", {}), it) for it in value)
        return schema.get("type", "string") == "string" and re.search(schema.get("pattern", ""), value) is not None

    def typed(self, schema: Mapping[str, Any], name: str, model: str, depth: int) -> Any:
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self.object(schema, model, depth)
        if kind == "array":
            return [self.of(schema.get("items", {}), name, model, depth + 1)] if depth <= DEEPEST else []
        if kind == "string":
            return FORMATS.get(schema.get("format", ""), UNKNOWN)
        return max(PLAIN.get(str(kind), {}), schema.get("minimum", 1)) if kind == "integer" else PLAIN.get(str(kind), {})

    def object(self, schema: Mapping[str, Any], model: str, depth: int) -> dict[str, Any]:
        needed, out = schema.get("required", ()), said()["left_out"]
        told = {}
        for name, it in schema.get("properties", {}).items():
            if f"{model}.{name}" in out or (self.is_asked and name not in needed and self.given(it, name, model) is None):
                continue
            told[name] = self.of(it, name, model, depth + 1)
        return told


def is_open(parts: list[dict[str, Any]]) -> bool:
    """May it be null, and is nothing said of it but that it is a text or a number?"""
    return all(set(it) <= {"type", "minLength", "maxLength", "pattern", "title", "x-masked", "minimum", "maximum"} for it in parts)
