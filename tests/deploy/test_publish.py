"""`careloop publish`: events reach the topic of their type as others publish them."""

import json
from types import SimpleNamespace

from shared import envelope
from shared.clock import now
from shared.contracts.orders import OrderShipped
from shared.ids import uuid7
from tests.contracts.sampled import sample
from tests.deploy.cli import careloop
from tests.deploy.topics import watched


def lines(*events: dict[str, object]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


async def test_events_arrive_as_their_contracts_say(kafka, tmp_path):
    shipped = sample("order.shipped.v1") | {"id": str(uuid7())}
    call = sample("call.missed.v1") | {"id": str(uuid7())}
    withdrawn = {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": "/crm",
        "type": "customer.declared.v1",
        "time": now().isoformat(),
        "subject": "erp/C-10023",
    }
    file = tmp_path / "events.jsonl"
    file.write_text(lines(shipped, call, withdrawn), encoding="utf-8")
    async with watched(kafka, "careloop.inbound.orders", "careloop.inbound.calls", "careloop.inbound.customers") as watch:
        told = careloop("publish", str(file), CARELOOP_KAFKA=kafka)
        records = {record.topic: record for record in await watch.read()}
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1].split() == ["3", "published", "to", kafka]
    assert [records[f"careloop.inbound.{name}"].key for name in ("orders", "calls", "customers")] == [
        b"erp/C-10023",
        b"CALL-2",
        b"erp/C-10023",
    ]
    read, body = envelope.read(records["careloop.inbound.orders"], now=now())
    assert (read.id, read.source, read.subject, read.unit) == (shipped["id"], "/logistics", "SO-1", "headquarters")
    assert envelope.event_of(OrderShipped, body, read).tracking_number == "SF1000000001"
    assert records["careloop.inbound.customers"].value is None


async def test_nothing_is_sent_while_anything_is_wrong(kafka):
    async with watched(kafka, "careloop.inbound.orders") as watch:
        told = careloop(
            "publish", "-", stdin=lines(sample("order.shipped.v1"), sample("order.shipped.v1") | {"time": "now"}), CARELOOP_KAFKA=kafka
        )
        assert await watch.read() == []
    assert told.returncode == 1
    assert "stdin:2: /time: " in told.stdout
    assert told.stderr == "1 of 2 events are wrong; nothing was published.\n"


async def test_where_they_lie_as_json(kafka):
    async with watched(kafka, "careloop.inbound.orders") as watch:
        told = careloop("publish", "--json", "-", stdin=json.dumps(sample("order.closed.v1")), CARELOOP_KAFKA=kafka)
        (record,) = await watch.read()
    (place,) = json.loads(told.stdout)
    assert (place["topic"], place["partition"], place["offset"]) == (record.topic, record.partition, record.offset)


def test_what_validate_accepts_a_reader_accepts():
    event = json.dumps(sample("order.closed.v1"))
    assert careloop("validate", "-", stdin=event).returncode == 0
    structured = SimpleNamespace(headers=[("content-type", b"application/cloudevents+json")], value=event.encode())
    assert envelope.read(structured, now=now())[0].type == "order.closed.v1"


def test_no_broker_is_one_sentence():
    told = careloop("publish", "-", stdin=json.dumps(sample("order.closed.v1")), CARELOOP_KAFKA="127.0.0.1:1")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "No Kafka answers at 127.0.0.1:1; `make run` starts one, CARELOOP_KAFKA names another.\n"


def test_no_address_says_what_to_do(tmp_path):
    told = careloop("publish", "-", stdin=json.dumps(sample("order.closed.v1")), cwd=tmp_path, CARELOOP_RUN=str(tmp_path / "no run"))
    assert told.returncode == 1 and "make run" in told.stderr and told.stderr.count("\n") == 1


def test_the_address_of_a_system_above_is_found(tmp_path):
    (tmp_path / ".run").mkdir()
    (tmp_path / ".run" / "addresses.json").write_text('{"kafka": "127.0.0.1:2"}')
    (tmp_path / "deep" / "down").mkdir(parents=True)
    told = careloop("publish", "-", stdin=json.dumps(sample("order.closed.v1")), cwd=tmp_path / "deep" / "down")
    assert "127.0.0.1:2" in told.stderr
