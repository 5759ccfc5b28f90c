"""What is wrong with an event, field by field: where, and what to mend. Never with the value: it may be personal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

NOT_JSON = "It is not JSON in UTF-8."
SENTENCES = {
    "missing": "It is required.",
    "json_invalid": NOT_JSON,
    "string_type": "It must be a string.",
    "bool_type": "It must be true or false.",
    "int_type": "It must be a whole number.",
    "float_type": "It must be a number.",
    "list_type": "It must be a list.",
    "model_type": "It must be an object.",
    "model_attributes_type": "It must be an object.",
    "recursion_loop": "It is nested too deeply.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend."""

    pointer: str
    message: str


def problems_of(error: ValidationError, *, within: str = "") -> list[Problem]:
    """`within` is where the event stands in what was sent (`/data` in a structured one)."""
    told = error.errors(include_input=False, include_url=False)
    return [Problem(within + pointer_to(each["loc"]), sentence(each["type"], each["msg"], each.get("ctx", {}))) for each in told]


def pointer_to(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "enum":
        return f"It must be one of {context['expected']}."
    if kind == "value_error":
        return str(context["error"])
    if kind == "refused":
        return message
    return SENTENCES.get(kind, f"It is refused ({kind.replace('_', ' ')}).")
