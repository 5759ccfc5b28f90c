"""What is worth telling follows from the facts alone, in whatever order they arrive; pure, without a database."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment, fulfilment_id, iso
from services.followup.domain.news import Kind, news_of
from services.followup.domain.notice import Notice, State, tell
from shared.outcome import Gone
from tests.followup.conftest import NOON, TRADE

UNIT, POLICY = TRADE.unit("headquarters"), TRADE.policy("headquarters")
DAY = date(2026, 1, 20)


def an_order() -> Fulfilment:
    return Fulfilment(id=fulfilment_id("erp", "C-1", "O-1"), system="erp", order_id="O-1", reference="erp/C-1")


def a_contact(**facts: Any) -> Contact:
    contact = Contact.unknown("erp/C-1")
    contact.emails = ["c1@example.com"]
    for name, value in facts.items():
        setattr(contact, name, value)
    return contact


def shipped(order: Fulfilment, *, hours: float = -2, until: date | datetime | None = DAY, shipment: str = "S-1") -> None:
    order.shipped(shipment, {"at": iso(NOON + timedelta(hours=hours)), "until": iso(until), "source": "/erp", "carrier": {"code": "sf"}})


def delayed(
    order: Fulfilment, *, hours: float = -1, until: date | datetime | None = None, shipment: str = "S-1", reason: str = "weather"
) -> None:
    order.troubled(
        shipment, {"at": iso(NOON + timedelta(hours=hours)), "kind": "delayed", "reason": reason, "until": iso(until), "source": "/erp"}
    )


def kinds(order: Fulfilment) -> list[str]:
    return [news.kind.value for news in news_of(order, POLICY, UNIT)]


def test_a_shipment_is_told_as_shipped_once() -> None:
    order = an_order()
    for hours in (-2, -1, -3):
        shipped(order, hours=hours)
    assert kinds(order) == ["shipped"]


def test_a_date_that_moves_back_is_told_and_a_repeat_is_not() -> None:
    order = an_order()
    shipped(order)
    for hours, days in ((-1.9, 1), (-1.8, 1), (-1.7, 0), (-1.6, 1)):
        delayed(order, hours=hours, until=DAY + timedelta(days=days))
    assert kinds(order) == ["shipped", "delayed", "delayed", "delayed"]


def test_the_date_in_force_is_that_of_the_shipment_and_equal_ends_are_equal_dates() -> None:
    order = an_order()
    shipped(order)
    delayed(order, until=DAY)
    delayed(order, hours=-0.5, until=UNIT.end_of(DAY))
    assert kinds(order) == ["shipped"]


def test_an_unknown_date_is_news_once() -> None:
    order = an_order()
    shipped(order, until=None)
    delayed(order)
    delayed(order, hours=-0.5)
    assert kinds(order) == ["shipped", "delayed"]


def test_production_tells_the_milestones_of_the_profile_and_a_completion_that_moved() -> None:
    """ORDR-05"""
    order = an_order()
    for hours, milestone, completion in (
        (-9, "scheduled", DAY), (-8, "started", DAY), (-7, "in_progress", DAY), (-6, "in_progress", DAY + timedelta(days=1)),
        (-5, "in_progress", DAY + timedelta(days=4)), (-4, "in_progress", DAY + timedelta(days=4)), (-3, "inspected", None), (-2, "completed", None),
    ):  # fmt: skip
        order.progressed(
            {"at": iso(NOON + timedelta(hours=hours)), "milestone": milestone, "completion": iso(completion), "source": "/erp"}
        )
    assert [news.facts["milestone"] for news in news_of(order, POLICY, UNIT)] == ["scheduled", "started", "in_progress", "completed"]


def test_a_passed_arrival_shares_its_notice_with_the_event_that_says_the_same() -> None:
    """ORDR-07"""
    one_way, other_way = an_order(), an_order()
    for order in (one_way, other_way):
        shipped(order, until=NOON + timedelta(hours=1))
        order.watch(UNIT, NOON)
        assert order.arrival_due_at == NOON + timedelta(hours=1)
    one_way.overdue(UNIT, NOON + timedelta(hours=2))
    delayed(one_way, hours=3)
    delayed(other_way, hours=0.5)
    other_way.watch(UNIT, NOON + timedelta(hours=0.5))
    assert other_way.arrival_due_at is None
    other_way.overdue(UNIT, NOON + timedelta(hours=2))
    assert kinds(one_way) == kinds(other_way) == ["shipped", "delayed"]


def test_what_had_passed_before_we_heard_of_it_is_not_watched() -> None:
    order = an_order()
    shipped(order, until=NOON - timedelta(minutes=1))
    order.watch(UNIT, NOON)
    assert order.arrival_due_at is None


def test_a_delivery_ends_the_watch() -> None:
    order = an_order()
    shipped(order)
    order.watch(UNIT, NOON)
    order.delivered(None, {"at": iso(NOON), "source": "/erp"})
    order.watch(UNIT, NOON)
    assert order.arrival_due_at is None


hours = st.integers(-100, 0).map(lambda it: it / 2)
dates = st.one_of(st.none(), st.sampled_from([DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]))
shipments = st.sampled_from(["S-1", "S-2"])
events = st.one_of(
    st.tuples(st.just("shipped"), shipments, hours, dates),
    st.tuples(st.just("delayed"), shipments, hours, dates),
    st.tuples(st.just("excepted"), shipments, hours, dates),
    st.tuples(st.just("delivered"), st.one_of(st.none(), shipments), hours, st.none()),
    st.tuples(st.just("scheduled"), st.none(), hours, dates),
    st.tuples(st.just("in_progress"), st.none(), hours, dates),
)


def after(happened: list[tuple[Any, ...]]) -> dict[Any, Any]:
    """The notices of an order when all this was heard, one after the other."""
    order, contact, known = an_order(), a_contact(), dict[Any, Notice]()
    for kind, shipment, at, until in happened:
        fact = {"at": iso(NOON + timedelta(hours=at)), "source": "/erp", "until": iso(until)}
        match kind:
            case "shipped":
                order.shipped(shipment, fact)
            case "delayed" | "excepted":
                order.troubled(shipment, fact | {"kind": kind, "reason": "weather"})
            case "delivered":
                order.delivered(shipment, fact)
            case _:
                order.progressed({"at": fact["at"], "source": "/erp", "milestone": kind, "completion": iso(until)})
        order.watch(UNIT, NOON)
        for it in tell(order, list(known.values()), contact, trade=TRADE, at=NOON):
            if isinstance(it, Notice):
                known[it.id] = it
            elif isinstance(it, Gone):
                del known[it.entity.id]
    return {id: (it.kind, it.state, it.reason, it.news_at, it.facts, it.source) for id, it in known.items()} | {"due": order.arrival_due_at}


@given(st.lists(events, max_size=9), st.randoms(use_true_random=False))
def test_events_of_one_order_commute(happened: list[tuple[Any, ...]], chance: Any) -> None:
    shuffled = chance.sample(happened, len(happened)) + chance.sample(happened, len(happened) // 2)
    assert after(happened) == after(shuffled)


@given(st.lists(events, max_size=9))
def test_of_several_about_one_shipment_at_most_one_is_to_be_told(happened: list[tuple[Any, ...]]) -> None:
    live = [it for it in after(happened).values() if isinstance(it, tuple) and it[1] is State.PLANNED and it[0] is not Kind.PROGRESSED]
    assert len(live) <= 2
    assert all(NOON - it[3] <= POLICY.age for it in live)


def test_late_news_of_an_earlier_moment_beats_what_our_clock_noticed() -> None:
    """The clock noticed that a date passed which, as we now hear, was no longer in force: the new one is told and watched."""
    order = an_order()
    shipped(order, until=NOON)
    order.watch(UNIT, NOON - timedelta(hours=1))
    order.overdue(UNIT, NOON)
    delayed(order, hours=-0.1, until=DAY + timedelta(days=3))
    order.watch(UNIT, NOON)
    assert [(news.kind, news.facts["until"]) for news in news_of(order, POLICY, UNIT)][1:] == [(Kind.DELAYED, "2026-01-23")]
    assert order.arrival_due_at == UNIT.end_of(DAY + timedelta(days=3))


def test_what_was_told_is_not_told_again_because_older_news_came_late() -> None:
    order, contact = an_order(), a_contact()
    shipped(order)
    delayed(order, hours=-1, until=DAY + timedelta(days=2))
    known = [it for it in tell(order, [], contact, trade=TRADE, at=NOON) if isinstance(it, Notice)]
    told = next(it for it in known if it.kind is Kind.DELAYED)
    told.state = State.SENT
    for hours, days in ((-5, 2), (-3, 3)):
        delayed(order, hours=hours, until=DAY + timedelta(days=days))
        known += [it for it in tell(order, known, contact, trade=TRADE, at=NOON) if isinstance(it, Notice)]
    assert [it.kind for it in known if it.waits] == []
    delayed(order, hours=-0.5, until=DAY + timedelta(days=4))
    known += [it for it in tell(order, known, contact, trade=TRADE, at=NOON) if isinstance(it, Notice)]
    assert [it.facts["until"] for it in known if it.waits] == ["2026-01-24"]


def test_a_problem_that_overtakes_a_delay_tells_the_date_too() -> None:
    order = an_order()
    shipped(order)
    delayed(order, hours=-1, until=DAY + timedelta(days=2))
    order.troubled("S-1", {"at": iso(NOON), "kind": "excepted", "reason": "damaged", "until": None, "source": "/erp"})
    assert news_of(order, POLICY, UNIT)[-1].facts["until"] == "2026-01-22"


def test_of_too_many_facts_the_newest_count() -> None:
    order = an_order()
    shipped(order)
    for number in range(260):
        delayed(order, hours=-2 + number / 1000, until=DAY + timedelta(days=number % 7))
    assert news_of(order, POLICY, UNIT)[-1].facts["until"] == iso(DAY + timedelta(days=259 % 7))
