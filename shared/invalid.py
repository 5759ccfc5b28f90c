"""Pydantic's list of complaints as a problem: where, what, and what to do, never what was sent."""

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from shared.problems import InvalidRequest

MOST = 20


def told(error: RequestValidationError) -> InvalidRequest:
    errors = [(pointer(it["loc"]), discreet(it), str(it["type"])) for it in error.errors()]
    field, message, kind = errors[0]
    where = f"`{field}`" if field else "The body"
    return InvalidRequest(
        f"{where}: {message}." if len(errors) == 1 else f"{where}: {message}; and {len(errors) - 1} more.",
        field=field,
        fix=fix(field, message, kind),
        errors=[{"pointer": at, "message": what} for at, what, _ in errors[:MOST]],
    )


def discreet(error: dict[str, Any]) -> str:
    """Pydantic's own words, without those that repeat what it was given."""
    kind, message = str(error["type"]), str(error["msg"]).removeprefix("Value error, ")
    if kind == "union_tag_invalid":
        return f"Input should be one of {error['ctx']['expected_tags']}"
    if kind in ("enum", "literal_error"):
        return f"Input should be one of {error['ctx']['expected'].replace(' or ', ', ')}"
    return (message.partition(",")[0] if kind.endswith("_parsing") else message).removesuffix(".")


def pointer(place: Sequence[Any]) -> str:
    """A JSON pointer into the body; of anything else its name."""
    where, *rest = place
    if where == "body":
        return "".join("/" + str(it).replace("~", "~0").replace("/", "~1") for it in rest)
    return str(rest[0]) if rest else str(where)


def fix(field: str, message: str, kind: str) -> str:
    if kind == "missing":
        return f"Add `{field}`." if field else "Send a body."
    if kind == "extra_forbidden":
        return f"Leave `{field}` out; it is not known here."
    return f"Mend `{field}`: {begun(message)}." if field else f"Mend the body: {begun(message)}."


def begun(message: str) -> str:
    """As it goes on behind a colon; what begins with a name keeps it."""
    return message if message[1:2].isupper() else f"{message[:1].lower()}{message[1:]}"
