"""What is wrong with a file that an operator wrote: one sentence a mistake, with its file, key, value and what belongs there."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.mistakes import Step, Where, near, written

KEY = "[key]"  # Pydantic's step for the key of a mapping itself
BELONGS = {
    "int": "a whole number",
    "float": "a number",
    "string": "a text in quotes",
    "bool": "true or false",
    "tuple": 'a list in brackets, as in ["a", "b"],',
    "list": 'a list in brackets, as in ["a", "b"],',
    "set": 'a list in brackets, as in ["a", "b"],',
    "frozen_set": 'a list in brackets, as in ["a", "b"],',
    "dict": "a table",
    "mapping": "a table",
    "model": "a table",
    "dataclass": "a table",
    "decimal": 'an amount in quotes, as in "100.00",',
    "time_delta": 'a duration, as in "P30D" or "PT72H",',
    "time": 'a time of the day, as in "21:00",',
    "date": "a date, as in 2027-01-31,",
    "date_from_datetime": "a date, as in 2027-01-31,",
}
BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}
LENGTHS = {"too_short", "string_too_short"}


class Mistake(NamedTuple):
    file: str
    said: str  # without the full stop

    def __str__(self) -> str:
        return f"{self.file}: {self.said}{'' if self.said.endswith('?') else '.'}"


def mistakes(
    error: ValidationError,
    kind: type[BaseModel],
    content: Any,
    file: Callable[[Where], str],
    *,
    under: Where = (),
    complete: bool = True,
) -> list[Mistake]:
    """The sentences of one validation. `content` is what was validated, `under` where it stands in its file; what is not complete may lack things."""
    told = []
    for wrong in error.errors(include_url=False):
        if wrong["type"] == "missing" and not complete:
            continue
        steps = existing(wrong["loc"], content, missing=wrong["type"] == "missing")
        where = under + steps
        name = written(where)
        match wrong["type"]:
            case "missing":
                said = f"{name} is missing{wanted(kind, steps)}"
            case "extra_forbidden":
                said = f"{name} is {shown(at(content, steps))}: there is no such key; {near(str(steps[-1]), keys_of(kind_at(kind, steps[:-1])))}"
            case _ if wrong["loc"][-1:] == (KEY,):
                key = str(wrong["loc"][-2])
                said = f"{written((*where[:-1],) if steps and steps[-1] == key else where)} has the key {shown(key)}: {clause(wrong, key)}"
            case _:
                value = at(content, steps)
                said = f"{clause(wrong, value)}"
                if where:
                    said = f"{name} is {shown(value)}: {said}" if tells_value(wrong, value) else f"{name}: {said}"
        told.append(Mistake(file(where), said))
    return told


def existing(steps: Sequence[Step], content: Any, *, missing: bool) -> Where:
    """The steps that are in the file; others name validators. What is missing is not in the file by its nature."""
    found: list[Step] = []
    for number, step in enumerate(steps):
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            if not (missing and number == len(steps) - 1):
                continue
        found.append(step)
    return tuple(found)


def at(content: Any, steps: Where) -> Any:
    for step in steps:
        content = content[step]
    return content


def shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a table"
    text = orjson.dumps(value).decode()
    return "a list" if isinstance(value, list) and len(text) > 60 else text.replace('","', '", "')


def tells_value(wrong: Any, value: Any) -> bool:
    """A sentence about a whole table or list does not repeat it."""
    return not (isinstance(value, Mapping | list) and wrong["type"] in ("value_error", "assertion_error"))


def clause(wrong: Any, value: Any) -> str:
    """What belongs there."""
    kind, context = wrong["type"], wrong.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return str(context["error"])
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", context["expected"])
        close = get_close_matches(value, allowed, 1) if isinstance(value, str) else []
        return f"one of {', '.join(allowed)} belongs here" + (f'; did you mean "{close[0]}"?' if close else "")
    if kind in BOUNDS:
        bound = {name: value if isinstance(value, str) else f"{value:g}" for name, value in context.items()}
        return f"{BOUNDS[kind].format(**bound)} belongs here"
    if kind in LENGTHS:
        return "it may not be empty" if context.get("min_length") == 1 else f"at least {context.get('min_length')} belong here"
    base = re.sub(r"_(type|parsing|from_float|parsing_size|unicode|invalid|attributes_type|exact_type)$", "", kind)
    return f"{BELONGS[base]} belongs here" if base in BELONGS else str(wrong["msg"])[:1].lower() + str(wrong["msg"])[1:]


def wanted(kind: type[BaseModel], steps: Where) -> str:
    """What would belong where something is missing: the complaint that its kind makes about nothing at all."""
    owner = kind_at(kind, steps[:-1])
    field = owner.model_fields.get(str(steps[-1])) if is_model(owner) else None
    if field is None:
        return ""
    belongs: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    try:
        TypeAdapter(belongs).validate_json(b"null", strict=True)
    except ValidationError as error:
        return f": {clause(error.errors(include_url=False)[0], None)}"
    return ""


def no_such_calendar(name: str, there: Sequence[str]) -> str:
    return f"there is no such calendar; {near(name, there) if there else 'calendars.toml has none'}"


def is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def keys_of(kind: Any) -> list[str]:
    return [*kind.model_fields] if is_model(kind) else []


def kind_at(kind: Any, steps: Where) -> Any:
    """The model, or the type, of what stands at these steps."""
    for step in steps:
        if is_model(kind):
            field = kind.model_fields.get(str(step))
            kind = bare(field.annotation) if field else None
        else:
            inner = get_args(kind)
            kind = bare(inner[-1] if isinstance(step, str) else inner[0]) if inner else None
    return kind


def bare(kind: Any) -> Any:
    """Without its metadata, and without the None that may stand in its place."""
    if get_origin(kind) is Annotated:
        return bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return bare(next(it for it in get_args(kind) if it is not NoneType))
    return kind
