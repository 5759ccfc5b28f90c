"""A batch leaves the world as its records would have left it one at a time; what a rule may not do is refused, and what it did is undone."""

import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.followup.app import service as followup_service
from services.followup.app import trade_of
from services.followup.listeners import contacts, orders
from shared.contracts.orders import OrderShipped, PaymentOverdue, PaymentReceived
from shared.ids import customer_of
from shared.outcome import Gone, Outcome
from shared.reactions import Listener, every, one
from tests.makers import LONG_AGO, Record, customer, delivered, moment, record, shipped
from tests.rooms import UNITS, World, world
from tests.shared.a_room import Account, Receipt, a_world, listener, payment

NOON = LONG_AGO + timedelta(hours=30)
PLUMBING = {"inbox", "outbox", "parked", "stopped", "idempotency"}


@pytest.fixture(scope="module")
async def counting(databases) -> AsyncIterator[tuple[World, World]]:
    async with a_world(databases) as one, a_world(databases) as other:
        yield one, other


@pytest.fixture(scope="module")
async def followup(databases) -> AsyncIterator[tuple[World, World]]:
    listeners = [with_a_bug(orders.on), contacts.on]
    facts = {"trade": trade_of(UNITS)}
    async with (
        world(databases, followup_service, listeners=listeners, circumstances=facts) as one,
        world(databases, followup_service, listeners=listeners, circumstances=facts) as other,
    ):
        yield one, other


def with_a_bug(on: Listener) -> Listener:
    """Fails after it and others have touched what is there already."""
    more = Listener(on.topic)
    more.contracts, more.reactions = dict(on.contracts), {contract: list(reactions) for contract, reactions in on.reactions.items()}

    def fail(event: OrderShipped, contact: orders.ContactOfCustomer, order: orders.Order, notices: orders.NoticesOfOrder) -> Outcome:
        for it in filter(None, [contact]):
            it.news, it.language = True, "tlh"
        for notice in notices:
            notice.reason = "touched by one that fails"
        if event.carrier.code == "BUG":
            raise RuntimeError("a bug")
        for notice in notices:
            notice.reason = None
        return []

    more(OrderShipped)(fail)
    return more


async def picture(it: World) -> dict[str, Any]:
    """All rows, and what was announced in the order of each key, without what is different each time."""
    tables = [
        row["tablename"]
        for row in await it.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
    ]
    rows = {name: await it.rows(name) for name in tables if name not in PLUMBING}
    seen: dict[str, Any] = {name: sorted(repr({**row, "version": None}) for row in rows[name]) for name in rows}  # a version counts writes
    seen["inbox"] = sorted(str(row["id"]) for row in await it.rows("inbox"))
    seen["parked"] = sorted(
        map(
            repr,
            await it.rows(
                "parked", "inbox_id, event_id, topic, partition, record_offset, key, value, headers, code, message, ours, state, attempts"
            ),
        )
    )
    announced = defaultdict(list)
    for row in await it.rows("outbox", "key, type, subject, unit, payload, trace, correlation", "true ORDER BY position"):
        if row["type"] == "event.rejected.v1":
            row["subject"], row["payload"] = None, row["payload"].split(b'"parked_id"')[0]
        announced[row["key"]].append(row)
    return seen | {"announced": announced}


async def same(pair: tuple[World, World], records: Sequence[Record], cuts: Sequence[int]) -> dict[str, Any]:
    batches, single = pair
    for it in pair:
        await it.empty()
        it.clock[0] = NOON
    rest, cut = list(records), itertools.cycle(cuts)
    while rest:
        size = next(cut)
        await batches.handle(*rest[:size])
        rest = rest[size:]
    for one_record in records:
        await single.handle(one_record)
    left, right = await picture(batches), await picture(single)
    for name in left:
        assert left[name] == right[name], name
    return left


numbers, customers = st.integers(0, 12), st.sampled_from(["erp/A", "erp/B"])
does = st.sampled_from([None, None, None, "FORGET", "NONE LEFT", "BUG", "LATE BUG", "REFUSED", "NUL", "CONSTRAINT"])
payments = st.builds(
    lambda number, reference, does: payment(number, reference, does=does, id=f"{number}", at=NOON), numbers, customers, does
)
poison = st.builds(
    lambda number, value: replace(payment(number, id=f"{number}", at=NOON), value=value),
    numbers,
    st.sampled_from([b"{", b"{}", b"\xff", None]),
)
unknown = st.builds(lambda number: record("payment.imagined.v1", {}, id=f"{number}", topic="careloop.inbound.orders", at=NOON), numbers)


def an_order(kind: str, number: int, order: int, reference: str, hours: int, days: int | None, code: str) -> Record:
    until = days and f"2026-01-{10 + days}"
    facts = {"expected_arrival_until": until} if until else {}
    match kind:
        case "shipped":
            name, body = (
                "order.shipped.v1",
                shipped("S-1", f"O-{order}", reference, carrier={"code": code}, **facts) | {"shipped_at": moment(hours)},
            )
        case "delayed":
            name = "shipment.delayed.v1"
            body = {
                "customer": customer(reference),
                "order_id": f"O-{order}",
                "shipment_id": "S-1",
                "detected_at": moment(hours),
                "reason": "weather",
            } | facts
        case _:
            name, body = "order.delivered.v1", delivered("S-1", f"O-{order}", reference) | {"delivered_at": moment(hours)}
    return record(name, body, id=f"o{number}", at=NOON)


def a_contact(number: int, reference: str, revision: int, email: str) -> Record:
    told = {
        "customer_id": str(customer_of(reference)), "standing": "declared", "references": [{"reference": reference, "revision": revision}],
        "unit": "headquarters", "emails": [email], "phones": [],
    }  # fmt: skip
    return record("contact.changed.v1", told, source="/careloop/customers", topic="careloop.contacts", id=f"c{number}", at=NOON)


shipments = st.builds(
    an_order, st.sampled_from(["shipped", "shipped", "delayed", "delivered"]), st.integers(0, 25), st.integers(1, 2), customers, st.sampled_from([2, 26, 28, 29]),
    st.sampled_from([None, 1, 2, 3]), st.sampled_from(["sf", "sf", "sf", "BUG"]),
)  # fmt: skip
reachable = st.builds(a_contact, numbers, customers, st.integers(1, 3), st.sampled_from(["a@example.com", "b@example.com"]))
cuts = st.lists(st.integers(1, 20), min_size=1, max_size=6)
SLOW = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def placed(records: Sequence[Record]) -> list[Record]:
    """As they lie in the log, one behind the other; two partitions."""
    return [replace(it, offset=offset, partition=len(it.key or b"") % 2) for offset, it in enumerate(records)]


@SLOW
@given(st.lists(st.one_of(payments, payments, payments, poison, unknown), min_size=2, max_size=20), cuts)
async def test_a_batch_is_as_good_as_one_at_a_time(counting: tuple[World, World], records: list[Record], cuts: list[int]) -> None:
    await same(counting, placed(records), cuts)


@SLOW
@given(st.lists(st.one_of(shipments, shipments, shipments, reachable, poison), min_size=2, max_size=20), cuts)
async def test_so_it_is_for_the_rules_of_follow_up(followup: tuple[World, World], records: list[Record], cuts: list[int]) -> None:
    await same(followup, placed(records), cuts)


def rules(*reactions: Any) -> Listener:
    on = Listener("careloop.inbound.orders")
    for reaction in reactions:
        on(PaymentReceived)(reaction)
    return on


Named = Annotated[Account | None, one(Account, reference=lambda event: event.order_id)]
Own = Annotated[Account | None, one(Account, reference=lambda event: event.key)]
OwnUnlocked = Annotated[Account | None, one(Account, reference=lambda event: event.key, lock=False)]
OfOrder = Annotated[list[Receipt], every(Receipt, reference=lambda event: event.order_id)]
First = Annotated[Receipt | None, one(Receipt, id=lambda event: FIRST)]
FIRST = customer_of("erp/first")


@pytest.fixture
async def room(counting: tuple[World, World]) -> AsyncIterator[World]:
    """Its listeners are the test's."""
    it = counting[0]
    await it.empty()
    it.clock[0] = None
    before = it.room.gate.listeners
    yield it
    it.room.gate.listeners = before


def listening(room: World, *reactions: Any) -> None:
    on = rules(*reactions)
    room.room.gate.listeners = {on.topic: on}


async def faults(room: World) -> list[str]:
    return [row["message"] for row in await room.rows("parked", "message", "true ORDER BY record_offset")]


async def test_reactions_see_what_others_made_changed_and_forgot_before_them(room: World) -> None:
    await room.handle(*[payment(n, "erp/A", does=does) for n, does in enumerate([None, None, "FORGET", None, "NONE LEFT", None])])
    counted = [(body["count"], body["receipts"]) for _, body in await room.announced() if body]
    assert counted == [(1, 1), (2, 2), (3, 1), (4, 2), (5, 3), (6, 1)]
    assert [row["number"] for row in await room.rows("receipt")] == [6]


async def test_what_a_failing_second_reaction_and_the_first_did_is_undone(room: World) -> None:
    await room.handle(payment(1), payment(2, does="LATE BUG"), payment(3))
    assert [(row["count"], row["last"]) for row in await room.rows("account")] == [(2, "P-3")]
    assert sorted(row["number"] for row in await room.rows("receipt")) == [1, 2]
    assert [body["count"] for _, body in await room.announced() if body] == [1, 2]


async def test_writing_to_what_was_needed_without_a_lock_is_refused(room: World) -> None:
    def write(event: PaymentReceived, account: OwnUnlocked) -> Outcome:
        if account:
            account.count += 1
        return [account or Account(reference=event.key)]

    listening(room, write)
    await room.handle(payment(1))
    await room.handle(payment(2))
    assert await room.rows("account", "count") == [{"count": 0}]
    assert len(await faults(room)) == 1 and "TypeError" in (await faults(room))[0]


async def test_reading_without_a_lock_is_not(room: World) -> None:
    def look(event: PaymentReceived, account: OwnUnlocked) -> Outcome:
        return [] if account else [Account(reference=event.key)]

    listening(room, look)
    await room.handle(payment(1), payment(2))
    assert await faults(room) == [] and len(await room.rows("account")) == 1


@pytest.mark.parametrize("nothing", [lambda: None, lambda: iter([]), lambda: ()])
async def test_a_rule_that_returns_no_list_is_refused(room: World, nothing: Any) -> None:
    def rule(event: PaymentReceived, account: Own) -> Outcome:
        return nothing()  # type: ignore[no-any-return]

    listening(room, rule)
    await room.handle(payment(1))
    assert ["TypeError" in it for it in await faults(room)] == [True]


async def test_making_what_is_there_already_is_refused(room: World) -> None:
    def make(event: PaymentReceived) -> Outcome:
        return [Account(reference=event.key)]

    listening(room, make)
    await room.handle(payment(1), payment(2), payment(3, "erp/B"))
    assert len(await room.rows("account")) == 2 and ["ValueError" in it for it in await faults(room)] == [True]


async def test_an_entity_is_found_by_what_it_is_now_and_once(room: World) -> None:
    """The first reaction renames it, the second looks by the name; where a third fails, it is found by its old name again."""
    seen: list[tuple[str, int]] = []

    def rename(event: PaymentReceived, first: First, here: OfOrder) -> Outcome:
        seen.append((event.payment_id, len(here)))
        first = first or Receipt(id=FIRST, reference="nowhere", number=0)
        first.reference, first.number = event.order_id or "", first.number + 1
        return [first]

    def look(event: PaymentReceived, first: First, here: OfOrder) -> Outcome:
        seen.append((event.payment_id, len(here)))
        if event.payment_id == "P-3":
            raise RuntimeError
        return []

    listening(room, rename, look, look)
    await room.handle(payment(1, does="a"), payment(2, does="b"), payment(3, does="c"), payment(4, does="c"), payment(5, does="b"))
    assert seen == [
        ("P-1", 0), ("P-1", 1), ("P-1", 1), ("P-2", 0), ("P-2", 1), ("P-2", 1), ("P-3", 0), ("P-3", 1),
        ("P-4", 0), ("P-4", 1), ("P-4", 1), ("P-5", 0), ("P-5", 1), ("P-5", 1),
    ]  # fmt: skip
    assert [(row["reference"], row["number"]) for row in await room.rows("receipt")] == [("b", 4)]


async def test_after_a_failure_it_is_found_where_it_was(room: World) -> None:
    seen: list[int] = []

    def rename(event: PaymentReceived, first: First, here: OfOrder) -> Outcome:
        seen.append(len(here))
        first = first or Receipt(id=FIRST, reference="a", number=0)
        if event.payment_id == "P-2":
            first.reference = "b"
        return [first]

    def fail(event: PaymentReceived, first: First, here: OfOrder) -> Outcome:
        if event.payment_id == "P-2":
            raise RuntimeError
        return []

    listening(room, rename, fail)
    await room.handle(payment(1, does="a"), payment(2, does="b"), payment(3, does="a"), payment(4, does="b"))
    assert seen == [0, 0, 1, 0]


async def test_what_is_gone_is_not_found_and_may_be_made_again(room: World) -> None:
    seen: list[bool] = []

    def toggle(event: PaymentReceived, account: Own) -> Outcome:
        seen.append(account is not None)
        return [Gone(account)] if account else [Account(reference=event.key, last=event.payment_id)]

    listening(room, toggle)
    await room.handle(payment(1))
    await room.handle(payment(2), payment(3), payment(4), payment(5))
    assert seen == [False, True, False, True, False]
    assert await room.rows("account", "last") == [{"last": "P-5"}]


async def test_what_failing_reactions_wanted_gone_stays(room: World) -> None:
    def remove(event: PaymentReceived, account: Own) -> Outcome:
        return [Gone(account)] if account and event.order_id == "GO" else [account or Account(reference=event.key)]

    def fail(event: PaymentReceived, account: Own) -> Outcome:
        if account is None:
            raise RuntimeError
        return []

    listening(room, remove, fail)
    await room.handle(payment(1), payment(2, does="GO"), payment(3))
    await room.handle(payment(4, does="GO"))
    assert len(await room.rows("account")) == 1 and len(await faults(room)) == 2


def test_needs_that_would_lock_in_another_order_are_refused() -> None:
    def rule(
        event: PaymentReceived,
        receipt: First,
        account: Annotated[Account | None, one(Account, reference=lambda event, receipt: receipt and receipt.reference)],
    ) -> Outcome:
        return []

    with pytest.raises(TypeError, match="kinds are locked in the order of their names"):
        rules(rule)


def test_a_signature_says_all_that_is_needed() -> None:
    def rule(event: PaymentReceived, account: Account) -> Outcome:
        return []

    with pytest.raises(TypeError, match="'account' is neither"):
        rules(rule)
    assert listener().reactions.keys() == {PaymentReceived} and PaymentOverdue not in listener().reactions
