"""How a visit goes on, pure: against a model that is written down otherwise, and days that have 23, 24 or 25 hours."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reception.domain.steps import NotNow
from services.reception.domain.visit import State, Visit, end_of_day
from shared.contracts import Event
from shared.ids import customer_of, made_of
from shared.units import Unit
from tests.makers import LONG_AGO

ZONES = "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "UTC"
UNIT = Unit()
NEXT = {  # of a word: what it asks for, what it leads to
    "arrival": ("applied", "arrived"), "departure": ("arrived", "departed"), "cancellation": ("applied", "cancelled"), "asked": ("departed", "called_back"),
}  # fmt: skip
TOLD = {"arrived": "visit.arrived.v1", "departed": "visit.departed.v1", "cancelled": "visit.cancelled.v1", "no_show": "visit.no_show.v1"}


def a_visit(arrives_at: datetime = LONG_AGO, applied_at: datetime = LONG_AGO) -> Visit:
    who = customer_of("erp/C-1")
    return Visit(
        id=made_of("visit"), source="/careloop/reception", company="Example Steel", guests=1, guest_name="G", guest_phone=None, arrives_at=arrives_at,
        applicant="s-17", named_id=who, customer_id=who, unit="headquarters", applied_at=applied_at,
    )  # fmt: skip


def do(visit: Visit, word: str, at: datetime) -> list[object]:
    match word:
        case "arrival":
            return [*visit.arrive(UNIT, at=at)]
        case "departure":
            return [*visit.depart(None, at=at)]
        case "cancellation":
            return [*visit.cancel(at=at)]
        case "midnight":
            return [*visit.end_the_day()]
    visit.call_back()
    return []


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([*NEXT, "midnight"]), max_size=12))
def test_any_words_in_any_order_lead_where_the_model_says(words: list[str]) -> None:
    """RECP-01, A14, FLUP-25"""
    visit, state, told, expected = a_visit(), "applied", [], ["visit.applied.v1"]
    told += visit.apply(UNIT)[1:]
    for n, word in enumerate(words):
        if word == "midnight":
            becomes = {"applied": "no_show", "arrived": "departed"}.get(state, state)
        else:
            asks, leads = NEXT[word]
            becomes = leads if state == asks else state
        try:
            told += do(visit, word, LONG_AGO + timedelta(minutes=n))
        except NotNow as refusal:
            assert becomes == state and word != "midnight"
            assert {"arrival", "departure", "cancellation"} - set(refusal.allowed) >= {word}
            assert set(refusal.allowed) == {it for it, (asks, _) in NEXT.items() if asks == state and it != "asked"}
        if becomes != state and becomes in TOLD:
            expected.append(TOLD[becomes])
        state = becomes
        assert visit.state.value == state
        assert (visit.day_ends_at is not None) == (state in ("applied", "arrived"))
        assert (visit.departed_at is not None) == (state in ("departed", "called_back")) == (visit.noticed is not None)
    assert [it.name for it in told if isinstance(it, Event)] == expected


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.sampled_from(ZONES))
def test_a_day_ends_after_its_last_moment_and_before_the_next(moment: datetime, zone: str) -> None:
    unit, moment = Unit(zone=zone), moment.replace(tzinfo=UTC)
    end = end_of_day(moment, unit)
    assert moment < end <= moment + timedelta(hours=49)  # a day left out is the longest: Apia, 2011-12-30
    assert (
        end_of_day(end - timedelta(microseconds=1), unit) == end or end.astimezone(unit.clock).hour != 0
    )  # midnight itself may be left out
    assert end_of_day(end, unit) > end


def test_the_later_of_two_days_is_the_one_that_ends() -> None:
    day = timedelta(days=1)
    for arrives_at, applied_at in [(LONG_AGO, LONG_AGO - 9 * day), (LONG_AGO - 9 * day, LONG_AGO), (LONG_AGO, LONG_AGO)]:
        visit = a_visit(arrives_at, applied_at)
        visit.apply(UNIT)
        assert visit.day_ends_at == datetime(2026, 1, 5, 16, tzinfo=UTC)


def test_every_state_can_be_reached() -> None:
    ways = [[], ["arrival"], ["arrival", "departure"], ["arrival", "midnight", "asked"], ["cancellation"], ["midnight"]]
    reached = set()
    for words in ways:
        visit = a_visit()
        visit.apply(UNIT)
        for word in words:
            do(visit, word, LONG_AGO)
        reached.add(visit.state)
    assert reached == set(State)
