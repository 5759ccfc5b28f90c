"""A change that would break a promise of the published language is named, and not written; one that breaks none passes."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.events.__main__ import main
from deploy.events.compatible import breaks
from deploy.events.documents import FOLDER, path, schemas

TODAY = schemas()
OURS = [name for name, it in TODAY.items() if not it["x-topic"].startswith("careloop.inbound.")]


def changed(name, change):
    """An event as it is today, and changed by a function of its schema's properties, its required names, and all of it."""
    it = copy.deepcopy(TODAY[name])
    change(it["properties"], it["required"], it)
    return {name: TODAY[name]}, {name: it}


def nullable(it):
    return {"anyOf": [it, {"type": "null"}]}


RESOLVED, SHIPPED, PLACED, REPORTED, DELIVERED = (
    "complaint.resolved.v1", "order.shipped.v1", "order.placed.v1", "satisfaction.reported.v1", "order.delivered.v1",
)  # fmt: skip
BROKEN = [
    (RESOLVED, lambda it, required, _: it.pop("authority"), "/authority is gone"),
    (RESOLVED, lambda it, required, _: it.pop("note_id"), "/note_id is gone"),
    (RESOLVED, lambda it, required, _: required.append("note_id"), "/note_id is required now"),
    (RESOLVED, lambda it, required, _: required.remove("outcome"), "/outcome may be missing now"),
    (RESOLVED, lambda it, *_: it.update(outcome=nullable(it["outcome"])), "/outcome may be null now"),
    (RESOLVED, lambda it, *_: it.update(resolved_by={"type": "string"}), "/resolved_by takes no null any more"),
    (RESOLVED, lambda it, *_: it.update(round={"type": "number"}), "/round may be number now"),
    (RESOLVED, lambda it, *_: it.update(round={"type": "string"}), "/round takes no integer any more"),
    (RESOLVED, lambda it, *_: it["outcome"].update(maxLength=9), "/outcome takes less than before (maxLength)"),
    (RESOLVED, lambda it, *_: it["outcome"].update(enum=["upheld", "not_upheld"]), "/outcome takes no 'any text' any more"),
    (RESOLVED, lambda it, *_: it["resolved_at"].pop("format"), "/resolved_at has another form (format)"),
    (RESOLVED, lambda _, __, it: it["$defs"]["Money"]["properties"].pop("currency"), "/compensation/currency is gone"),
    (RESOLVED, lambda _, __, it: it["$defs"]["Money"]["properties"]["amount"].update(pattern="^.$"), "/compensation/amount has another form (pattern)"),
    (RESOLVED, lambda _, __, it: it.update({"x-topic": "careloop.followup"}), "it moves from careloop.complaints to careloop.followup"),
    (REPORTED, lambda _, __, it: it["$defs"]["Satisfaction"]["enum"].remove("fair"), "/satisfaction takes no 'fair' any more"),
    (REPORTED, lambda _, __, it: it["$defs"]["Satisfaction"].pop("enum"), "/satisfaction may be other than a known code now"),
    (REPORTED, lambda it, *_: it["aspects"].update(items={"type": "integer"}), "/aspects/* takes no string any more"),
    (REPORTED, lambda it, *_: it["aspects"].update(default=["speed"]), "/aspects means something else where it is absent"),
    ("order.changed.v1", lambda _, __, it: it["$defs"]["Change"]["properties"].update(before={"type": "string"}), "/changes/*/before takes no any value any more"),
    (SHIPPED, lambda it, *_: it.pop("packages"), "/packages is gone"),
    (SHIPPED, lambda _, required, __: required.append("tracking_number"), "/tracking_number is required now"),
    (SHIPPED, lambda it, *_: it["order_id"].update(maxLength=32), "/order_id takes less than before (maxLength)"),
    (SHIPPED, lambda it, *_: it["order_id"].update(minLength=2), "/order_id takes less than before (minLength)"),
    (SHIPPED, lambda it, *_: it["order_id"].update(pattern="^SO"), "/order_id has another form (pattern)"),
    (SHIPPED, lambda it, *_: it["expected_arrival_until"]["anyOf"].pop(1), "/expected_arrival_until has another form (format)"),
    (SHIPPED, lambda it, *_: it.update(final={"type": "boolean"}), "/final takes no null any more"),
    (SHIPPED, lambda _, __, it: it["$defs"]["Carrier"]["required"].append("name"), "/carrier/name is required now"),
    (PLACED, lambda _, __, it: it["$defs"]["Line"]["properties"].pop("material"), "/lines/*/material is gone"),
    ("order.closed.v1", lambda _, __, it: it["$defs"]["ClosingReason"]["enum"].remove("written_off"), "/reason takes no 'written_off' any more"),
    (DELIVERED, lambda it, *_: it["complete"].update(default=False), "/complete means something else where it is absent"),
    (DELIVERED, lambda it, *_: it["complete"].pop("default"), "/complete means something else where it is absent"),
]  # fmt: skip
KEPT = [
    (RESOLVED, lambda it, *_: it.update(colour={"type": "string"})),
    (RESOLVED, lambda it, *_: it["outcome"].update(description="upheld, not_upheld, in_part")),
    (RESOLVED, lambda _, __, it: it["$defs"]["Money"]["properties"].update(note=nullable({"type": "string"}))),
    (REPORTED, lambda _, __, it: it["$defs"]["Satisfaction"]["enum"].append("delighted")),
    (SHIPPED, lambda _, required, __: required.remove("carrier")),
    (SHIPPED, lambda it, *_: it.update(order_id=nullable(it["order_id"]))),
    (SHIPPED, lambda it, *_: it["order_id"].update(maxLength=128, minLength=0)),
    (SHIPPED, lambda it, *_: it["order_id"].pop("pattern")),
    (SHIPPED, lambda _, __, it: it["$defs"]["Carrier"]["required"].clear()),
    ("order.closed.v1", lambda _, __, it: it["$defs"]["ClosingReason"]["enum"].append("sold")),
    ("order.closed.v1", lambda _, __, it: it["$defs"]["ClosingReason"].pop("enum")),
    (PLACED, lambda it, *_: it.update(ship_to={}, customer={}, order_id={})),
    ("survey.answered.v1", lambda it, *_: it["score"].update(type="number", maximum=10)),
]


@pytest.mark.parametrize(("name", "change", "said"), BROKEN)
def test_what_breaks_a_promise_is_named(name, change, said):
    assert breaks(*changed(name, change)) == [f"{name}: {said}; publish a new version {name[:-1]}2 beside it."]


@pytest.mark.parametrize(("name", "change"), KEPT)
def test_what_breaks_none_passes(name, change):
    before, after = changed(name, change)
    assert before != after
    assert breaks(before, after) == []


def test_an_event_that_is_new_passes_and_one_that_is_gone_does_not():
    fewer = {name: it for name, it in TODAY.items() if name != RESOLVED}
    assert breaks(fewer, TODAY) == []
    assert breaks(TODAY, fewer) == [f"{RESOLVED} is gone, but whoever publishes or reads it goes on: keep it."]


def test_what_stays_breaks_nothing():
    assert breaks(TODAY, copy.deepcopy(TODAY)) == []


@pytest.mark.parametrize("name", TODAY)
def test_no_field_of_any_event_can_go_or_become_something_else(name):
    for field in TODAY[name]["properties"]:
        for change in (lambda it, *_, field=field: it.pop(field), lambda it, *_, field=field: it.update({field: {"type": "null"}})):
            [sentence] = breaks(*changed(name, change))
            assert sentence.startswith(f"{name}: /{field} ")


@pytest.mark.parametrize("name", TODAY)
def test_what_is_optional_stays_so_and_what_we_always_say_we_go_on_to_say(name):
    for field in TODAY[name]["properties"]:
        required = field in TODAY[name]["required"]
        before, after = changed(
            name, lambda _, names, __, field=field, required=required: (names.remove if required else names.append)(field)
        )
        assert len(breaks(before, after)) == (not required or name in OURS)


def test_a_new_version_follows_the_last():
    [sentence] = breaks(
        {"a.b.v9": {"x-topic": "t", "type": "object", "properties": {"c": {}}}},
        {"a.b.v9": {"x-topic": "t", "type": "object", "properties": {}}},
    )
    assert sentence == "a.b.v9: /c is gone; publish a new version a.b.v10 beside it."


def rewrite(file, change):
    told = json.loads(file.read_bytes())
    change(told)
    file.write_text(json.dumps(told))
    return file.read_bytes()


def test_what_is_written_is_found_up_to_date(tmp_path):
    told = {path(name): it for name, it in TODAY.items()}
    assert main(["check"], tmp_path, told) == ["docs/events is not what the contracts, topics and listeners say: run `make schemas`."]
    assert main([], tmp_path, told) == []
    assert main(["check"], tmp_path, told) == []
    file = tmp_path / path(RESOLVED)
    rewrite(file, lambda it: it["properties"].pop("note_id"))
    assert len(main(["check"], tmp_path, told)) == 1
    assert main([], tmp_path, told) == []
    assert main(["check"], tmp_path, told) == []


def test_what_would_break_is_not_written(tmp_path):
    told = {path(name): it for name, it in TODAY.items()}
    main([], tmp_path, told)
    before = rewrite(tmp_path / path(RESOLVED), lambda it: it["properties"].update(colour={"type": "string"}))
    for words in ([], ["check"]):
        assert main(words, tmp_path, told) == [f"{RESOLVED}: /colour is gone; publish a new version complaint.resolved.v2 beside it."]
    assert (tmp_path / path(RESOLVED)).read_bytes() == before


def test_what_nobody_was_told_can_be_forgotten(tmp_path):
    told = {path(name): it for name, it in TODAY.items()}
    main([], tmp_path, {**told, path("never.told.v1"): TODAY[RESOLVED] | {"title": "never.told.v1"}})
    assert len(main([], tmp_path, told)) == 1
    (tmp_path / path("never.told.v1")).unlink()
    assert main([], tmp_path, told) == []


def test_the_committed_ones_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "-m", "deploy.events", "check"], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {file.name for file in FOLDER.iterdir()} == {"asyncapi.json", "schemas"}
