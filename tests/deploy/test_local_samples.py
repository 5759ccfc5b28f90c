"""The sample events are ones that are taken, and chosen so that somebody hears at any hour."""

import json
from datetime import UTC, datetime
from pathlib import Path

from deploy.feed.cloudevents import judge, split
from deploy.local import ports, samples
from shared.contracts.registry import INBOUND_TYPES
from shared.sources import Sources
from shared.units import Units

FOLDER = Path(samples.__file__).with_name("config")
AT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # half past midnight of the next day in Shanghai


def events() -> list[dict[str, str]]:
    return [json.loads(line) for line in samples.filled(AT).splitlines()]


def test_every_sample_would_be_taken() -> None:
    told = [judge(where, event, AT) for where, event in split(samples.filled(AT).encode())]
    assert not [(event.where, event.problems, event.notes) for event in told if event.problems or event.notes]
    sources = Sources(FOLDER / "sources.toml")
    assert all(INBOUND_TYPES[event["type"]].topic in sources.known[event["source"]].topics for event in events())


def test_dates_are_those_of_shanghai() -> None:
    assert (
        samples.filled(AT, "{now} {now-1h} {today} {today+2d}")
        == "2026-11-25T00:30:00+08:00 2026-11-24T23:30:00+08:00 2026-11-25 2026-11-27"
    )


def test_somebody_hears_at_any_hour_somebody_waits_for_the_morning_and_somebody_for_a_contact() -> None:
    declared = {str(event["data"]["customer"]["id"]): event["data"] for event in events() if event["type"] == "customer.declared.v1"}  # type: ignore[index]
    shipped = {str(event["data"]["customer"]["id"]) for event in events() if event["type"] == "order.shipped.v1"}  # type: ignore[index]
    assert len(samples.readers()) >= 3
    assert any(declared[customer]["preferred_channel"] == "sms" for customer in shipped & set(declared))  # type: ignore[index]
    assert shipped - set(declared)


def test_samples_and_the_replay_of_files_do_not_mix() -> None:
    assert "/shop" not in {event["source"] for event in events()}


def test_the_units_that_are_laid_out_can_be_read() -> None:
    units = Units.read(FOLDER / "units.toml")
    assert units[units.default].zone == "Asia/Shanghai"


def test_ports_are_remembered_and_differ(tmp_path: Path) -> None:
    first = ports.choose(tmp_path / "ports.json")
    (tmp_path / "ports.json").write_text(json.dumps(dict.fromkeys(first, first["kafka"])))
    second = ports.choose(tmp_path / "ports.json")
    assert len(set(second.values())) == len(first) and second["postgres"] == first["kafka"]
    assert ports.choose(tmp_path / "ports.json") == second
