"""`careloop validate`: a publisher's programmer learns what to mend, without a system."""

import json

import pytest

from shared.contracts.registry import INBOUND_TYPES
from tests.contracts.sampled import FULL, REQUIRED, sample
from tests.deploy.cli import careloop


def lines(*events: object) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def wrong(**changes: object) -> dict[str, object]:
    return sample("order.shipped.v1") | changes


def test_every_sample_is_right():
    told = careloop("validate", *(str(samples[type]) for samples in (FULL, REQUIRED) for type in INBOUND_TYPES))
    assert (told.returncode, told.stdout) == (0, f"{2 * len(INBOUND_TYPES)} events, nothing wrong.\n")


def test_every_problem_of_every_event_is_named(tmp_path):
    file = tmp_path / "events.jsonl"
    data = sample("order.shipped.v1")["data"] | {"shipped_at": "2026-01-05", "carrier": {"name": "SF"}, "trackingNumber": "1"}
    file.write_text(lines(wrong(id="", time="2026-01-05"), wrong(), wrong(data=data)) + "no json\n", encoding="utf-8")
    told = careloop("validate", str(file))
    assert told.returncode == 1
    assert [line.removeprefix(f"{file}:").split(": ")[0] for line in told.stdout.splitlines()] == [
        "1", "1", "3", "3", "3", "4", "4 events, 3 of them wrong.",
    ]  # fmt: skip
    for words in (
        "/id: It must be",
        "/time: It must be a time with an offset",
        "/data/shipped_at: ",
        "/data/carrier/code: It is required.",
    ):
        assert words in told.stdout
    assert "/data/trackingNumber: note: It is not known and will be ignored. Did you mean tracking_number?" in told.stdout


@pytest.mark.parametrize(("event", "words"), [
    (wrong(type="order.shiped.v1"), "/type: It is no type that is taken here. Did you mean order.shipped.v1?"),
    (wrong(type="shipment.delayed"), "Did you mean shipment.delayed.v1?"),
    (wrong(time="2099-01-01T00:00:00Z"), "/time: time is more than 5 minutes ahead of us."),
    (wrong(specversion="0.3"), '/specversion: It must be "1.0".'),
    (wrong(data=None), "/data: It is required."),
    (wrong(data="text"), "/data: It must be an object."),
    (wrong(data={**sample("order.shipped.v1")["data"], "note": "x" * 270_000}), "larger than 256 KiB"),
    ([], "There is no event in it."),
    (17, "It must be a CloudEvent"),
    (["a"], "It must be a CloudEvent"),
])  # fmt: skip
def test_what_it_says(event, words):
    told = careloop("validate", "-", stdin=json.dumps(event))
    assert told.returncode == 1
    assert words in told.stdout


def test_a_slip_in_the_middle_of_one_object():
    told = careloop("validate", "-", stdin=json.dumps(wrong(), indent=2).replace('"id":', '"id"', 1))
    assert told.stdout.splitlines()[0] == "stdin: (whole): It is not JSON in UTF-8."


def test_a_list_of_events():
    told = careloop("validate", "-", "--json", stdin=json.dumps([wrong(), wrong(id=17)]))
    found = json.loads(told.stdout)
    assert (found["events"], found["wrong"], found["findings"][0]["where"], found["findings"][0]["pointer"]) == (2, 1, "stdin:2", "/id")


def test_without_data_a_customer_is_withdrawn():
    declared = {name: value for name, value in sample("customer.declared.v1").items() if name != "data"}
    assert careloop("validate", "-", stdin=json.dumps(declared)).returncode == 0
    told = careloop("validate", "-", stdin=json.dumps(declared | {"subject": "somebody"}))
    assert "/subject: Without data it must name who is withdrawn" in told.stdout


def test_a_file_that_is_not_there(tmp_path):
    told = careloop("validate", str(tmp_path / "nothing.json"))
    assert told.returncode == 1
    assert told.stderr == f"The file {tmp_path}/nothing.json can't be read: No such file or directory.\n"
