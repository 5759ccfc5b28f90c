"""What can't be handled is kept as it came and told to its publisher by the topic's owner; neighbours go on, and a mended record closes it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.envelope import LARGEST
from shared.replay import record_of
from tests.makers import Record, customer, declared, moment, record, withdrawal
from tests.rooms import World
from tests.shared.a_room import a_world, payment

SECRET = "Geheimrat Vertraulich"


@pytest.fixture(scope="module")
async def _owner(databases) -> AsyncIterator[World]:
    async with a_world(databases) as room:
        yield room


@pytest.fixture(scope="module")
async def _reader(databases) -> AsyncIterator[World]:
    async with a_world(databases, "followup") as room:
        yield room


@pytest.fixture
async def owner(_owner: World) -> World:
    await _owner.empty()
    return _owner


@pytest.fixture
async def reader(_reader: World) -> World:
    await _reader.empty()
    return _reader


def body(**facts: Any) -> dict[str, Any]:
    return {
        "customer": customer("erp/C-1"),
        "payment_id": "P",
        "order_id": "O-1",
        "received_at": moment(),
        "amount": {"amount": "1.00", "currency": "CNY"},
        "note": SECRET,
    } | facts


def paid(**more: Any) -> Record:
    return record("payment.received.v1", body(), **{"id": "broken"} | more)


def with_headers(**changed: bytes | None) -> Record:
    it = paid()
    return replace(it, headers=[*((name, value) for name, value in it.headers if name not in changed), *changed.items()])


FOREIGN: dict[str, tuple[str, Callable[[], Record]]] = {
    "unknown source": ("unknown_source", lambda: paid(source="/nobody")),
    "unknown type": ("unknown_type", lambda: record("payment.imagined.v1", body(), topic="careloop.inbound.orders", id="broken")),
    "a topic that the source may not write": ("wrong_topic", lambda: paid(source="/telephony")),
    "a topic where the type does not belong": ("wrong_topic", lambda: record("customer.declared.v1", declared(), topic="careloop.inbound.orders", id="broken")),
    "not JSON": ("unreadable", lambda: replace(paid(), value=f"{{{SECRET}".encode())),
    "not UTF-8": ("unreadable", lambda: replace(paid(), value=b'{"payment_id": "\xff\xfe"}')),
    "an empty value": ("unreadable", lambda: replace(paid(), value=b"")),
    "no headers": ("unreadable", lambda: replace(paid(), headers=())),
    "a header that is not UTF-8": ("unreadable", lambda: with_headers(ce_subject=b"\xff\xfe")),
    "an id that is not UTF-8": ("unreadable", lambda: with_headers(ce_id=b"\xff")),
    "a header that is null": ("unreadable", lambda: with_headers(ce_type=None)),
    "a header with U+0000": ("invalid", lambda: with_headers(ce_orgunit=b"a\0b")),
    "a null value": ("null_value", lambda: replace(paid(), value=None)),
    "a structured event that is none": ("unreadable", lambda: replace(paid(), headers=[("content-type", b"application/cloudevents+json")], value=b"[1]")),
    "too large": ("too_large", lambda: replace(paid(), value=b'{"note": "' + b"x" * LARGEST + b'"}')),
    "the future": ("future_time", lambda: paid(at=datetime.now(UTC) + timedelta(minutes=6))),
    "a field that is missing": ("invalid", lambda: record("payment.received.v1", {k: v for k, v in body().items() if k != "amount"}, id="broken")),
    "a field that says nothing": ("invalid", lambda: record("payment.received.v1", body(received_at=SECRET), id="broken")),
    "what a rule refuses": ("invalid", lambda: payment("broken", does="REFUSED", id="broken")),
    "a null value on the topic of staff": ("null_value", lambda: withdrawal("S-1", topic="careloop.inbound.staff")),
}  # fmt: skip
OURS: dict[str, tuple[str, Callable[[], Record]]] = {
    "a handler's bug": ("handler", lambda: payment("broken", does="BUG", id="broken")),
    "a bug of the second reaction": ("handler", lambda: payment("broken", does="LATE BUG", id="broken")),
    "a character that PostgreSQL does not keep": ("constraint", lambda: payment("broken", does="NUL", id="broken")),
    "a constraint of the database": ("constraint", lambda: payment("broken", does="CONSTRAINT", id="broken")),
}


def place(it: Record) -> tuple[str, int, int]:
    return it.topic, it.partition, it.offset


async def neighbours(world: World) -> list[str]:
    return [row["last"] for row in await world.rows("account", "last", "true ORDER BY reference")]


async def rejections(world: World) -> list[dict[str, Any]]:
    return [body or {} for name, body in await world.announced() if name == "event.rejected.v1"]


@pytest.mark.parametrize("what", FOREIGN)
async def test_a_foreign_fault_is_kept_and_told_once(owner: World, what: str) -> None:
    code, make = FOREIGN[what]
    broken, before, after = make(), payment(1, "erp/A"), payment(2, "erp/B")
    for _ in range(2):  # and when it comes again
        assert await owner.handle(before, broken, after) == {}
    assert await neighbours(owner) == ["P-1", "P-2"]
    (row,) = await owner.rows("parked")
    assert (row["code"], row["ours"], row["state"], row["attempts"]) == (code, False, "open", 2)
    kept = record_of(row)
    assert (*place(kept), kept.key, kept.value, tuple(kept.headers)) == (*place(broken), broken.key, broken.value, tuple(broken.headers))
    (told,) = await rejections(owner)
    assert (told["code"], told["parked_id"], told["topic"], told["partition"], told["offset"]) == (code, str(row["id"]), *place(broken))
    assert told["message"] and SECRET not in str(told) + row["message"] + str(row["pointer"])


async def test_a_rejection_that_can_not_be_read_is_not_rejected(owner: World) -> None:
    """Its rejection could not be read either, and so on for ever."""
    broken = record("event.rejected.v1", {}, source="/nobody", topic="careloop.rejections", key="/erp")
    await owner.handle(broken)
    assert [row["code"] for row in await owner.rows("parked")] == ["unknown_source"]
    assert await rejections(owner) == []


@pytest.mark.parametrize("what", OURS)
async def test_a_fault_of_ours_is_kept_and_not_told(owner: World, what: str) -> None:
    code, make = OURS[what]
    broken, before, after = make(), payment(1, "erp/A"), payment(2, "erp/B")
    for _ in range(2):
        assert await owner.handle(before, broken, after) == {}
    assert await neighbours(owner) == ["P-1", "P-2"]
    (row,) = await owner.rows("parked")
    assert (row["code"], row["ours"], row["state"], row["attempts"], row["event_id"]) == (code, True, "open", 2, "broken")
    assert "P-broken" not in row["message"]
    assert await rejections(owner) == [] and Counter(name for name, _ in await owner.announced()) == {"payment.counted.v1": 2}
    assert {it["id"] for it in await owner.rows("inbox", "id")}.isdisjoint({row["inbox_id"]})


async def test_a_batch_of_nothing_but_poison_and_its_neighbours_in_other_partitions(owner: World) -> None:
    broken = [make() for _, make in [*FOREIGN.values(), *OURS.values()]]
    broken = [
        replace(it, headers=[(name, f"{n}".encode() if name == "ce_id" and value == b"broken" else value) for name, value in it.headers])
        for n, it in enumerate(broken)
    ]
    await owner.handle(*broken, *[payment(n, f"erp/{n}", partition=n) for n in range(10)])
    assert len(await owner.rows("parked")) == len(broken)
    assert len(await rejections(owner)) == len(FOREIGN)
    assert len(await owner.rows("account")) == 10


@pytest.mark.parametrize("what", FOREIGN.keys() - {"what a rule refuses", "the future"})
async def test_another_reader_of_the_topic_passes_over_foreign_faults(reader: World, what: str) -> None:
    before = counted(reader, "skipped")
    await reader.handle(payment(1, "erp/A"), FOREIGN[what][1](), payment(2, "erp/B"))
    assert await neighbours(reader) == ["P-1", "P-2"]
    assert await reader.rows("parked") == [] == await rejections(reader)
    assert counted(reader, "skipped") == before + 1


async def test_what_depends_on_its_own_clock_another_reader_parks_and_does_not_tell(reader: World) -> None:
    await reader.handle(FOREIGN["the future"][1]())
    assert [row["code"] for row in await reader.rows("parked", "code")] == ["future_time"]
    assert await reader.announced() == []


@pytest.mark.parametrize("does", ["BUG", "REFUSED", "CONSTRAINT"])
async def test_what_its_own_rules_can_not_do_another_reader_parks_and_does_not_tell(reader: World, does: str) -> None:
    await reader.handle(payment(1, does=does))
    assert [row["ours"] for row in await reader.rows("parked", "ours")] == [does != "REFUSED"]
    assert await reader.announced() == []


def counted(world: World, outcome: str) -> float:
    return sum(
        sample.value
        for family in world.room.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "careloop_consumer_records_total" and sample.labels["outcome"] == outcome
    )


async def test_an_unknown_type_on_a_topic_of_ours_is_passed_over_and_counted(owner: World) -> None:
    """Old and new versions run side by side."""
    before = counted(owner, "skipped")
    await owner.handle(record("complaint.imagined.v7", {"x": 1}, source="/careloop/customers", topic="careloop.customers"), payment(1))
    assert await owner.rows("parked") == [] == await rejections(owner)
    assert counted(owner, "skipped") == before + 1 and await neighbours(owner) == ["P-1"]


MENDED = {"foreign": lambda: replace(paid(), value=b"{}"), "ours": lambda: payment("broken", does="BUG", id="broken")}


@pytest.mark.parametrize("fault", MENDED)
@pytest.mark.parametrize("together", [True, False])
async def test_a_mended_record_under_the_same_id_closes_the_parked_one(owner: World, fault: str, together: bool) -> None:
    broken, mended = MENDED[fault](), payment("mended", id="broken")
    for batch in ((broken, mended),) if together else ((broken,), (mended,)):
        await owner.handle(*batch)
    (row,) = await owner.rows("parked")
    assert row["state"] == "resent" and row["closed_at"]
    assert await neighbours(owner) == ["P-mended"]
    assert len(await rejections(owner)) == (fault == "foreign")


@pytest.mark.parametrize("fault", MENDED)
@pytest.mark.parametrize("together", [True, False])
async def test_a_broken_repeat_of_what_was_handled_is_a_repeat(owner: World, fault: str, together: bool) -> None:
    broken, good = MENDED[fault](), payment("good", id="broken")
    for batch in ((good, broken),) if together else ((good,), (broken,)):
        await owner.handle(*batch)
    assert await owner.rows("parked") == [] == await rejections(owner)
    assert await neighbours(owner) == ["P-good"]


async def test_a_redelivery_of_what_was_mended_meanwhile_opens_nothing(owner: World) -> None:
    broken, mended = MENDED["foreign"](), payment("mended", id="broken")
    for batch in ((broken,), (mended,), (broken, mended), (broken,)):
        await owner.handle(*batch)
    assert [row["state"] for row in await owner.rows("parked")] == ["resent"]
    assert len(await rejections(owner)) == 1


async def test_the_same_id_broken_twice_is_two_parked_records_and_one_mended_record_closes_both(owner: World) -> None:
    broken = [replace(paid(), value=b"{}"), payment("broken", does="BUG", id="broken")]
    await owner.handle(*broken)
    assert [row["state"] for row in await owner.rows("parked")] == ["open", "open"]
    await owner.handle(payment("mended", id="broken"))
    assert [row["state"] for row in await owner.rows("parked")] == ["resent", "resent"]
