"""The published schemas say what our own readers do: read by a JSON Schema validator as a stranger would, on samples and on what is refused."""

import inspect
import json

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import Field

from deploy.events.documents import FOLDER, by_event, committed, path
from deploy.events.documents import schemas as schemas_of_today
from shared.contracts import OfCustomer
from shared.contracts.registry import INBOUND_TYPES, OWN_TYPES, TOMBSTONES
from shared.schemas import DIALECT, schema_of
from tests.contracts.sampled import sample
from tests.contracts.test_values import REFUSED, TAKEN

TYPES = {**INBOUND_TYPES, **OWN_TYPES}
PUBLISHED = {type: json.loads((FOLDER / path(type)).read_bytes()) for type in TYPES}
BEYOND = [  # what only our own reader refuses: a schema knows no calendar, takes 2.0 for 2, and lets pass whatever JSON a change is about
    "2026-02-30T10:00:00Z", "2026-01-05T24:00:00Z", "2026-13-05", "2026-02-29", 2.0,
    [{"before": "a\0b"}], [{"after": {"a": ["\0"]}}], [{"after": float("inf")}], [{"after": 2**64}],
]  # fmt: skip
NOT_JSON = "nan", "inf"
PYTHONS = "2026-01-05T10:00:00Z\n"  # its $ takes a line's end, that of JSON Schema does not


def takes(type, data):
    return Draft202012Validator(PUBLISHED[type]).is_valid(data)


@pytest.mark.parametrize("type", TYPES)
def test_a_schema_is_one(type):
    assert PUBLISHED[type]["$schema"] == DIALECT == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(PUBLISHED[type])
    Draft7Validator.check_schema(schema_of(TYPES[type], "#/components/schemas/"))  # the dialect of AsyncAPI


@pytest.mark.parametrize("type", TYPES)
def test_samples_are_taken_and_anything_less_is_not(type):
    required = sample(type, required=True)["data"]
    assert takes(type, sample(type)["data"] | {"colour": "red"})
    assert takes(type, required)
    names = [name for name in required if name in PUBLISHED[type]["required"]]  # the others are one of several
    assert set(names) == set(PUBLISHED[type]["required"])
    for name in names:
        assert not takes(type, {other: it for other, it in required.items() if other != name})


@pytest.mark.parametrize("type", TYPES)
def test_a_value_of_another_kind_is_refused_where_we_refuse_it(type):
    data = sample(type)["data"]
    for name in data:
        for value in (17, 17.5, True, None, [], {}, [[]]):
            told = data | {name: value}
            assert takes(type, told) == parses(type, told), (name, value)


def parses(type, data):
    try:
        TYPES[type].model_validate_json(json.dumps(data))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("pointer", "type", "value"), TAKEN)
def test_what_we_take_is_taken(pointer, type, value):
    assert takes(type, sample(type)["data"] | {pointer[1:]: value})


@pytest.mark.parametrize(("pointer", "type", "value"), [it for it in REFUSED if str(it[2]) not in NOT_JSON and it[2] != PYTHONS])
def test_what_we_refuse_is_refused_as_far_as_a_schema_can(pointer, type, value):
    assert takes(type, sample(type)["data"] | {pointer[1:]: value}) == (value in BEYOND)


@pytest.mark.parametrize("type", TYPES)
def test_every_comment_behind_a_field_is_its_description(type):
    """Read here in another way: by the text of the class, line for line."""
    for kind in TYPES[type].__mro__:
        if kind.__module__.startswith("shared.contracts."):
            for line in inspect.getsource(kind).splitlines():
                code, _, remark = line.partition("  # ")
                name = code.strip().partition(":")[0]
                if remark and name in PUBLISHED[type]["properties"]:
                    assert PUBLISHED[type]["properties"][name]["description"] == remark


def test_the_committed_ones_are_those_of_the_contracts():
    assert by_event(committed(FOLDER)) == schemas_of_today()


class Planted(OfCustomer):
    """Named like the keywords of a schema."""

    zone: str  # of time
    title: str | None = None
    default: str = ""
    minimum: int = 0
    from_: str | None = Field(default=None, alias="from")  # where it came from


class Inheriting(Planted):
    pass


def test_names_of_fields_are_no_keywords_and_keep_their_order():
    told = schema_of(Inheriting)["properties"]
    assert list(told) == ["customer_id", "unit", "zone", "title", "default", "minimum", "from"]
    assert told["zone"] == {"description": "of time", "type": "string"}
    assert told["title"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert told["minimum"] == {"default": 0, "type": "integer"}
    assert told["from"]["description"] == "where it came from"


def test_one_that_matters_is_told():
    told = PUBLISHED["complaint.judged.v1"]["properties"]
    assert told["severity"] == {"description": "minor, ordinary, major", "type": "string"}
    assert told["round"]["description"].startswith("from 1")


def test_a_tombstone_is_null():
    assert [schema_of(it) for it in TOMBSTONES.values()] == [{"type": "null"}] * 4
