"""The published language as JSON Schemas (2020-12), made from the contracts: what a reader in any language may rely on.

They are kept plain, so that they change only when the language does: keywords in one order, no titles, nothing that goes without saying.
The comment behind a field is its description.
"""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema as built

from shared.contracts import Event, Shape

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
BY_NAME = "properties", "$defs"  # keywords whose value has names of ours for keys, in our order


def schema_of(contract: type[Event], shapes: str = "#/$defs/") -> Schema:
    """The value of an event; `$defs` are the shapes in it, found under the pointer `shapes`."""
    if contract.tombstone:
        return {"type": "null"}
    told: Schema = plain(contract.model_json_schema(schema_generator=Described, ref_template=f"{shapes}{{model}}"))
    return told


class Described(GenerateJsonSchema):
    """With each field's comment."""

    def model_schema(self, schema: built.ModelSchema) -> JsonSchemaValue:
        told = super().model_schema(schema)
        for name, field in schema["cls"].model_fields.items():
            if remark := remark_on(schema["cls"], name):
                told["properties"][field.alias or name]["description"] = remark
        return told


def remark_on(kind: type, field: str) -> str | None:
    ours = (it for it in kind.__mro__ if issubclass(it, (Event, Shape)))
    return next((said for it in ours if (said := remarks(inspect.getfile(it)).get((it.__name__, field)))), None)


@cache
def remarks(file: str) -> Mapping[tuple[str, str], str]:
    """What stands behind the fields of a file's classes, by class and field."""
    source = Path(file).read_text(encoding="utf-8")
    lines = source.encode().splitlines()
    return {
        (kind.name, field.target.id): lines[field.end_lineno - 1][field.end_col_offset :].decode().strip(" #")
        for kind in ast.parse(source).body if isinstance(kind, ast.ClassDef)
        for field in kind.body if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.end_lineno
    }  # fmt: skip


def plain(told: Any) -> Any:
    if isinstance(told, list):
        return [plain(it) for it in told]
    if not isinstance(told, dict):
        return told
    return {
        keyword: {name: plain(each) for name, each in it.items()} if keyword in BY_NAME else plain(it)
        for keyword, it in sorted(told.items()) if not needless(keyword, it)
    }  # fmt: skip


def needless(keyword: str, told: Any) -> bool:
    """What is absent is null, and a string has no fewer than 0 characters."""
    return keyword == "title" or (keyword, told) in (("default", None), ("minLength", 0))
