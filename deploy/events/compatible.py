"""What a change of the published language would break, told field by field from JSON Schemas: yesterday's and today's.

Two promises are kept. We read today whatever was said yesterday: it lies on the topics, and others go on sending it. And those who read
what we publish can go on as they are; they were told that fields and codes may be added.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.schemas import Schema
from shared.topics import INBOUND

FLOORS = "minimum", "exclusiveMinimum", "minLength", "minItems"
CEILINGS = "maximum", "exclusiveMaximum", "maxLength", "maxItems"
FORMS = "format", "pattern", "const"

Fault = tuple[str, str, object]  # the field's pointer, what is the matter, with what
OF_WHAT_WE_READ = {
    "gone": "is gone",
    "missing": "is required now",
    "type": "takes no {} any more",
    "code": "takes no {!r} any more",
    "limit": "takes less than before ({})",
    "form": "has another form ({})",
    "default": "means something else where it is absent",
}
OF_WHAT_THEY_READ = {
    "missing": "may be missing now",
    "type": "may be {} now",
    "code": "may be other than a known code now",
    "limit": "may be more than before ({})",
    "form": "has another form ({})",
    "default": "means something else where it is absent",
}


def breaks(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """A sentence for every field, by events' names, whose change would break a promise."""
    found = []
    for name, was in before.items():
        if name not in after:
            found.append(f"{name} is gone, but whoever publishes or reads it goes on: keep it.")
        else:
            found += [f"{name}: {fault}; publish a new version {successor(name)} beside it." for fault in faults(was, after[name])]
    return found


def successor(name: str) -> str:
    stem, _, version = name.rpartition(".v")
    return f"{stem}.v{int(version) + 1}"


def faults(was: Schema, now: Schema) -> list[str]:
    """At most one of each field."""
    told: dict[str, str] = {}
    if not {*was["x-topic"].split(", ")} <= {*now["x-topic"].split(", ")}:
        told[""] = f"it moves from {was['x-topic']} to {now['x-topic']}"
    was, now = whole(was, was), whole(now, now)
    sides = [(OF_WHAT_WE_READ, refused(now, was, more=False))]
    if not was["x-topic"].startswith(INBOUND):
        sides.append((OF_WHAT_THEY_READ, refused(was, now, more=True)))
    for words, found in sides:
        for where, matter, what in found:
            told.setdefault(where, f"{where or 'the event'} {words[matter].format(what)}")
    return list(told.values())


def whole(told: Any, root: Schema) -> Any:
    """With every shape in its place."""
    if isinstance(told, list):
        return [whole(it, root) for it in told]
    if not isinstance(told, dict):
        return told
    if "$ref" in told:
        told = root["$defs"][told["$ref"].rpartition("/")[2]] | told
    return {keyword: whole(it, root) for keyword, it in told.items() if keyword not in ("$ref", "$defs")}


def refused(reader: Schema, said: Schema, where: str = "", *, more: bool) -> Iterator[Fault]:
    """What `reader` does not take of all that may be `said`; `more`: it takes codes and fields that it does not know."""
    for one in said.get("anyOf", [said]):
        found = [list(mismatch(other, one, where, more=more)) for other in reader.get("anyOf", [reader])]
        if all(found):
            yield from min(found, key=lambda faults: (faults[0][:2] == (where, "type"), len(faults)))  # of what comes closest


def mismatch(reader: Schema, said: Schema, where: str, *, more: bool) -> Iterator[Fault]:
    wanted, type = reader.get("type"), said.get("type", "any value")
    if wanted is None:  # it takes anything
        return
    if wanted != type and (wanted, type) != ("number", "integer"):
        yield where, "type", type
        return
    for limit in narrower(reader, said):
        yield where, "limit", limit
    for form in FORMS:
        if form in reader and reader[form] != said.get(form):
            yield where, "form", form
    if "enum" in reader and not (more and "enum" in said):
        for code in sorted(set(said.get("enum", ["any text"])) - set(reader["enum"])):
            yield where, "code", code
    for name in sorted(set(reader.get("required", ())) - set(said.get("required", ()))):
        yield f"{where}/{name}", "missing", name
    known = reader.get("properties", {})
    for name, it in said.get("properties", {}).items():
        if name in known:
            yield from refused(known[name], it, f"{where}/{name}", more=more)
            if name not in said.get("required", ()) and known[name].get("default") != it.get("default"):
                yield f"{where}/{name}", "default", name
        elif not more:
            yield f"{where}/{name}", "gone", name
    if "items" in reader:
        yield from refused(reader["items"], said.get("items", {}), f"{where}/*", more=more)


def narrower(reader: Schema, said: Schema) -> Iterator[str]:
    """The limits within which not all lies that may be said."""
    yield from (it for it in FLOORS if it in reader and not (it in said and said[it] >= reader[it]))
    yield from (it for it in CEILINGS if it in reader and not (it in said and said[it] <= reader[it]))
