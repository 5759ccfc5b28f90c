"""What is wrong with an event, field by field: where, and what to mend. Never with the value: it may be personal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

NOT_JSON = "It is not JSON in UTF-8."
DEEP, LARGE = "It is nested too deeply.", "It has a number that is too large."
HALF = "It has half a character: \\ud800 to \\udfff stand in pairs."
BEYOND_US = {  # JSON by its grammar, and nothing that can be read: by the words of the parsers
    "recursion limit": DEEP, "depth limit": DEEP, "number out of range": LARGE, "number is infinity": LARGE, "surrogate": HALF, "end of hex escape": HALF,
}  # fmt: skip
UNREADABLE = frozenset((NOT_JSON, *BEYOND_US.values()))
SENTENCES = {
    "missing": "It is required.",
    "string_type": "It must be a string.",
    "bool_type": "It must be true or false.",
    "int_type": "It must be a whole number.",
    "float_type": "It must be a number.",
    "list_type": "It must be a list.",
    "model_type": "It must be an object.",
    "model_attributes_type": "It must be an object.",
    "recursion_loop": DEEP,
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
    if kind == "json_invalid":
        return unreadable(str(context["error"]))
    return SENTENCES.get(kind, f"It is refused ({kind.replace('_', ' ')}).")


def unreadable(told: str) -> str:
    """What a parser says, in a sentence without the value."""
    return next((sentence for words, sentence in BEYOND_US.items() if words in told), NOT_JSON)
