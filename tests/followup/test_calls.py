"""Who is called and who is not follows from what happened to a complaint, in whatever order it is heard; pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.followup.domain import asking
from services.followup.domain.call import State
from services.followup.domain.contact import Contact
from services.followup.domain.known_customer import KnownCustomer
from services.followup.listeners import complaints, reception
from shared.contracts.followup import CallCalledOff, CallPlanned, Satisfaction
from shared.gate import Origin
from shared.ids import customer_of
from shared.outbox import Cause
from tests.followup.conftest import NOON, local
from tests.followup.saying import COMPLAINT, CUSTOMER, STORY, VISIT, Hearer, Step, departed, happened

DAYS = timedelta(days=1)


@st.composite
def lives(draw: Any) -> list[Step]:
    """What may happen to a complaint from the first telling of a result on, in its order."""
    happened: list[Step] = []
    rounds = draw(st.integers(1, 3))
    for round in range(1, rounds + 1):
        if round == rounds and draw(st.booleans()) and draw(st.booleans()):
            return [*happened, ("withdrawn", round)]
        happened.append(("resolved", round))
        ends = draw(st.sampled_from([[], ["accepted"], ["accepted", "closed"], ["closed"]]))
        happened += [(end, round) for end in ends]
        if round < rounds:
            happened.append(("reopened", round + 1))
    return happened


def in_some_order(life: Sequence[Step], random: Random) -> list[Step]:
    """All of it, some of it several times."""
    heard = [*life, *random.sample(life, k=len(life) // 2)]
    random.shuffle(heard)
    return heard


def calls_of(happened: Collection[Step]) -> dict[int, tuple[str, str | None]]:
    """By their rounds: state and reason as they must end. It knows nothing of an order: a set of facts, and the first end of each round."""
    found: dict[int, tuple[str, str | None]] = {}
    for round in (number for step, number in happened if step == "resolved"):
        ends = {"accepted": ("accepted", round), "closed": ("closed", round), "reopened": ("reopened", round + 1)}
        first = next((why for why, end in ends.items() if end in happened), None)
        found[round] = ("called_off", first) if first else ("planned", None)
    return found


def hear(heard: Sequence[Step], hearer: Hearer | None = None) -> Hearer:
    hearer = hearer or Hearer()
    for step, round in heard:
        hearer.hear(complaints.on, happened(step, round))
    return hearer


def ends(hearer: Hearer) -> dict[int, tuple[str, str | None]]:
    return {round: (call.state.value, call.why and call.why.value) for round, call in hearer.calls.items()}


@settings(deadline=None, derandomize=True, max_examples=300)
@given(lives(), st.randoms(use_true_random=False))
def test_any_order_and_any_repeat_ends_in_the_same_calls(life: list[Step], random: Random) -> None:
    """FLUP-06: no ghost call, none lost."""
    heard = in_some_order(life, random)
    hearer = hear(heard)
    assert ends(hearer) == calls_of(life), heard
    for round, call in hearer.calls.items():
        resolved = NOON + (round - 1) * DAYS
        assert (call.about, call.named_id, call.correlation) == (f"complaint:{COMPLAINT}", CUSTOMER, STORY)
        assert (call.earliest_at, call.due_at) == (resolved.replace(hour=6), local(21) + 3 * DAYS), (
            "on Friday, also where the third day is later"
        )
    told = Counter((type(it), it.round) for it in hearer.told if isinstance(it, CallPlanned | CallCalledOff))
    assert set(told.values()) <= {1}
    for round, (state, _) in calls_of(life).items():
        assert told[CallCalledOff, round] == (told[CallPlanned, round] if state == "called_off" else 0)
        assert state == "called_off" or told[CallPlanned, round] == 1


@settings(deadline=None, derandomize=True)
@given(lives(), st.randoms(use_true_random=False))
def test_a_call_that_is_done_stays_done(life: list[Step], random: Random) -> None:
    heard = in_some_order(life, random)
    cut = random.randrange(len(heard) + 1)
    hearer = hear(heard[:cut])
    done = [round for round, call in hearer.calls.items() if call.waits]
    for round in done:
        asking.answer(hearer.calls[round], Satisfaction.FAIR, score=None, aspects=(), remarks=None, by="s-1", at=NOON)
    hear(heard[cut:], hearer)
    assert ends(hearer) == calls_of(life) | dict.fromkeys(done, ("done", None))


@pytest.mark.parametrize("end", ["accepted", "closed", "reopened", "withdrawn"])
def test_who_refused_or_was_given_up_stays_so(end: str) -> None:
    hearer = hear([("resolved", 1)])
    asking.give_up(hearer.calls[1], asking.Why.REFUSED, NOON)
    hear([(end, 2 if end == "reopened" else 1), ("resolved", 1)], hearer)
    assert ends(hearer) == {1: ("unreachable", "refused")}


def test_what_was_never_planned_announces_nothing() -> None:
    hearer = hear([("reopened", 2), ("closed", 2), ("resolved", 1), ("resolved", 2)])
    assert ends(hearer) == {1: ("called_off", "reopened"), 2: ("called_off", "closed")} and not hearer.told


def test_a_withdrawal_calls_off_what_there_is_and_makes_nothing() -> None:
    assert ends(hear([("withdrawn", 1)])) == {}
    assert ends(hear([("resolved", 1), ("withdrawn", 2)])) == {1: ("called_off", "withdrawn")}
    assert ends(hear([("resolved", 1), ("withdrawn", 2), ("reopened", 2)])) == {1: ("called_off", "reopened")}


def test_the_resolution_says_whose_the_call_is_also_when_it_is_heard_late() -> None:
    """And of what it came."""
    other = customer_of("crm/7")
    for order in ([0, 1], [1, 0]):
        events = [happened("resolved"), happened("reopened", 2, customer_id=other, unit="overseas")]
        hearer = Hearer()
        for place in order:
            hearer.hear(
                complaints.on, events[place], origin=Origin("/careloop/complaints", None, None, 0, 0, Cause(f"c-{place}", f"t-{place}"))
            )
        call = hearer.calls[1]
        assert (call.correlation, call.trace) == ("c-0", "t-0")
        assert (call.named_id, call.customer_id, call.unit, call.state) == (CUSTOMER, CUSTOMER, "headquarters", State.CALLED_OFF)


@pytest.mark.parametrize(
    ("customer_zone", "unit", "hour"), [("America/Chicago", "headquarters", 22), (None, "headquarters", 14), (None, "overseas", 15)]
)
def test_the_customers_own_zone_counts_otherwise_the_units(customer_zone: str | None, unit: str, hour: int) -> None:
    """FLUP-03: noon in Shanghai is 22:00 in Chicago, where they sleep until 22:00 of Shanghai, and 5:00 in Berlin."""
    hearer = Hearer()
    hearer.rows.append(Contact(reference="erp/C-1", customer_id=CUSTOMER, time_zone=customer_zone))
    hearer.hear(complaints.on, happened("resolved", unit=unit))
    assert hearer.calls[1].earliest_at == local(hour)


def test_who_turned_out_to_be_another_is_so_in_every_call() -> None:
    other = customer_of("crm/7")
    for step, number in (("resolved", 1), ("accepted", 1), ("reopened", 2)):
        hearer = Hearer()
        hearer.rows.append(KnownCustomer(id=CUSTOMER, customer_id=other))
        hear([(step, number)], hearer)
        assert (hearer.calls[1].named_id, hearer.calls[1].customer_id) == (CUSTOMER, other)
        assert sum(isinstance(it, KnownCustomer) for it in hearer.rows) == 1


def test_a_guest_is_asked_once_after_they_are_home() -> None:
    """FLUP-25"""
    hearer = Hearer()
    for _ in range(2):
        hearer.hear(reception.on, departed(home=local(16)))
    call = hearer.calls[1]
    assert (call.about, call.reason, call.state, call.source) == (f"visit:{VISIT}", "visit_departed", State.PLANNED, "/careloop/reception")
    assert (call.earliest_at, call.due_at) == (local(18), local(21) + DAYS) and len(hearer.told) == 1
    unknown = Hearer()
    unknown.hear(reception.on, departed(departed_at=local(17)))
    assert unknown.calls[1].earliest_at == local(19)
