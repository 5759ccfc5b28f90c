"""A parked record is tried again where it failed: as often as is sensible, with no second effect, and without another word to its publisher."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from shared import replay
from shared.sources import Source
from tests.makers import Record, record
from tests.rooms import INBOUND, World
from tests.shared.a_room import a_world, count, listener, payment


@pytest.fixture(scope="module")
async def _room(databases) -> AsyncIterator[World]:
    async with a_world(databases) as room:
        yield room


@pytest.fixture
async def room(_room: World) -> AsyncIterator[World]:
    await _room.empty()
    known, before = _room.room.gate.sources.known, _room.room.gate.listeners
    _room.room.gate.sources.known = dict(known)
    yield _room
    _room.room.gate.sources.known, _room.room.gate.listeners = known, before


def mend(room: World) -> None:
    """The bug is gone: whatever it is told, it counts."""

    def mended(event: Any, account: Any, receipts: Any, *, origin: Any) -> Any:
        return count(event.model_copy(update={"order_id": "O-1"}), account, receipts, origin=origin)

    on = listener()
    for contract, reactions in on.reactions.items():
        on.reactions[contract] = [replace(it, rule=mended) if it.rule is count else it for it in reactions[:1]]
    room.room.gate.listeners = {on.topic: on}


async def ask(room: World) -> None:
    await room.pool.execute("UPDATE parked SET state = 'requested' WHERE state = 'open'")


async def run(room: World) -> None:
    metrics = room.room.metrics
    await replay.job(room.room).run(SimpleNamespace(metrics=metrics, wake=SimpleNamespace(set=lambda: None)))  # type: ignore[arg-type]


async def states(room: World) -> list[str]:
    return [row["state"] for row in await room.rows("parked", "state", "true ORDER BY record_offset")]


async def counts(room: World) -> list[int]:
    return [row["count"] for row in await room.rows("account", "count")]


def unregistered(number: int = 1) -> Record:
    return payment(number, source="/newcomer")


async def test_what_works_now_is_handled_once_and_closed(room: World) -> None:
    await room.handle(payment(1, does="BUG"), payment(2))
    mend(room)
    await ask(room)
    for _ in range(2):
        await run(room)
    (row,) = await room.rows("parked", "state, replays, closed_at")
    assert (row["state"], row["replays"]) == ("replayed", 1) and row["closed_at"]
    assert await counts(room) == [2]
    await room.handle(payment(1))
    assert await counts(room) == [2], "it is in the inbox now"


async def test_what_fails_again_is_open_again_and_its_publisher_hears_nothing_new(room: World) -> None:
    await room.handle(payment(1, does="BUG"), replace(payment(2), value=b"{"))
    await ask(room)
    await run(room)
    assert [(row["state"], row["attempts"], row["replays"]) for row in await room.rows("parked")] == [("open", 2, 1)] * 2
    assert [name for name, _ in await room.announced()] == ["event.rejected.v1"]
    assert await room.rows("account") == []


async def test_it_is_tried_five_times_at_the_most(room: World) -> None:
    await room.handle(payment(1, does="BUG"))
    for _ in range(8):
        await ask(room)
        await run(room)
    (row,) = await room.rows("parked")
    assert (row["state"], row["attempts"]) == ("open", 1 + replay.MOST_REPLAYS)


async def test_one_that_kills_its_worker_is_counted_before_it_is_tried(room: World) -> None:
    await room.handle(payment(1, does="BUG"))
    for _ in range(8):
        await ask(room)
        async with room.pool.acquire() as connection:
            await replay.requested(connection)  # and here the process dies
    async with room.pool.acquire() as connection:
        assert await replay.requested(connection) == []
    assert await states(room) == ["open"]


async def test_a_source_that_was_registered_since(room: World) -> None:
    await room.handle(unregistered())
    room.room.gate.sources.known = {**room.room.gate.sources.known, "/newcomer": Source.model_construct(topics=INBOUND, unit=None)}
    await ask(room)
    await run(room)
    assert await states(room) == ["replayed"] and await counts(room) == [1]


async def test_what_was_sent_again_meanwhile_is_not_done_twice(room: World) -> None:
    broken = payment(1, does="BUG")
    await room.handle(broken)
    await ask(room)
    await room.handle(payment(1))
    assert await states(room) == ["resent"]
    await room.pool.execute("UPDATE parked SET state = 'requested'")  # asked for at the same moment
    mend(room)
    await run(room)
    assert await counts(room) == [1] and await states(room) == ["replayed"]


async def test_the_other_one_of_the_same_id_is_closed_with_it(room: World) -> None:
    await room.handle(payment(1, does="BUG"))
    await room.handle(payment(1, does="LATE BUG"))
    mend(room)
    await room.pool.execute("UPDATE parked SET state = 'requested' WHERE record_offset = (SELECT max(record_offset) FROM parked)")
    await run(room)
    assert await states(room) == ["resent", "replayed"] and await counts(room) == [1]


async def test_what_nobody_reacts_to_any_more_stays(room: World) -> None:
    await room.handle(record("careloop.imagined.v1", {}, topic="careloop.inbound.orders"))
    await room.pool.execute("UPDATE parked SET topic = 'careloop.customers'")
    await ask(room)
    await run(room)
    assert await states(room) == ["open"]


async def test_trying_again_never_stops_a_topic(room: World) -> None:
    for n in range(2):
        assert await room.handle(*[payment(f"{n} {i}", does="BUG") for i in range(50)]) == {}
    await ask(room)
    await run(room)
    await run(room)
    assert await states(room) == ["open"] * 100 and await room.rows("stopped") == []


async def test_a_discarded_record_that_is_delivered_again_stays_discarded(room: World) -> None:
    broken = payment(1, does="BUG")
    await room.handle(broken)
    await room.pool.execute("UPDATE parked SET state = 'discarded', closed_at = now()")
    await room.handle(broken)
    assert await states(room) == ["discarded"]
