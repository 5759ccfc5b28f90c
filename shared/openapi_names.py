"""Names of the document's schemas that a client made of it can live with: `ComplaintViewPage`, not `Page_ComplaintView_`."""

import re
from collections.abc import Mapping
from typing import Any

REF = "#/components/schemas/"
OF_A_PAGE = re.compile(r"Page_(\w+)_")
OF_A_MODULE = re.compile(r"\w+?__(?:\w+__)?([a-z][a-z_]*)__([A-Z]\w*)")  # two classes of one name, told apart by where they stand
Schemas = dict[str, Any]


def rename(told: dict[str, Any]) -> None:
    """Of a generic model, or of two of one name; what is the same but for its name becomes one. A schema's title is its name."""
    schemas: Schemas = told["components"]["schemas"]
    bodies = {ref: camel(operation["operationId"]) for operation in operations(told) if (ref := body_of(operation))}
    names: dict[str, str] = {}
    for old in sorted(schemas):
        new = plain(old, bodies)
        twin = next((it for it in names if names[it].endswith(title(schemas[old])) and schemas[it] == schemas[old]), None)
        names[old] = names[twin] if twin else new if new not in names.values() else f"{new}Too"
    told["components"]["schemas"] = {names[old]: it | ({"title": names[old]} if "title" in it else {}) for old, it in schemas.items()}
    follow(told, names)


def plain(old: str, bodies: Mapping[str, str]) -> str:
    if found := OF_A_PAGE.fullmatch(old):
        return f"{plain(found[1], bodies)}Page"
    if found := OF_A_MODULE.fullmatch(old):
        return f"{camel(found[1].removesuffix('_api'))}{found[2]}"
    if re.fullmatch(r"[A-Za-z0-9]+", old):
        return old
    return bodies.get(old) or camel(old.removesuffix("-Output").removesuffix("-Input"))


def title(schema: Mapping[str, Any]) -> str:
    return str(schema.get("title", "-"))


def camel(name: str) -> str:
    return "".join(it[:1].upper() + it[1:] for it in re.split(r"\W+|_+", name) if it)


def operations(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [it for path in told.get("paths", {}).values() for it in path.values() if isinstance(it, dict) and "operationId" in it]


def body_of(operation: Mapping[str, Any]) -> str | None:
    """The schema that its body is."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    refs = [it["$ref"] for it in (schema, *schema.get("anyOf", ())) if "$ref" in it]
    return refs[0].removeprefix(REF) if refs else None


def follow(told: Any, names: Mapping[str, str]) -> None:
    """Whatever points to a schema does so by its new name."""
    if isinstance(told, dict):
        if isinstance(ref := told.get("$ref"), str) and ref.startswith(REF):
            told["$ref"] = REF + names[ref.removeprefix(REF)]
        for name, it in (told.get("discriminator") or {}).get("mapping", {}).items() if isinstance(told.get("discriminator"), dict) else ():
            told["discriminator"]["mapping"][name] = REF + names[it.removeprefix(REF)]
        for it in told.values():
            follow(it, names)
    elif isinstance(told, list):
        for it in told:
            follow(it, names)
