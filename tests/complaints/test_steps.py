"""What each step does and says; pure, without a database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.complaints.domain import steps
from services.complaints.domain.complaint import Complaint, Severity
from services.complaints.domain.course import Place
from services.complaints.domain.intake import CROCKFORD, Intake, number_of, take_in
from services.complaints.domain.policy import Fast, Role
from services.complaints.domain.steps import BeyondOwnAuthority
from shared.contracts import Money
from shared.contracts.complaints import ComplaintReceived, ComplaintResolved
from shared.ids import uuid7
from tests.complaints.making import DAYS, NOON, POLICY, TRADE, a_complaint, whom

BY = {"note_id": None, "by": "s-1", "at": NOON}


def yuan(amount: str, currency: str = "CNY") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def resolve(it: Complaint, compensation: Money | None = None, *, role: str = "specialist", fast: Fast = POLICY.fast) -> Any:
    policy = POLICY.model_copy(update={"fast": fast})
    (event,) = steps.resolve(it, compensation, policy=policy, currency="CNY", roles={role, "viewer"}, **BY)
    return event


# -- CMPL-31


@pytest.mark.parametrize("compensation", [None, yuan("0"), yuan("0.0000")])
def test_a_specialist_settles_what_costs_nothing(compensation: Money | None) -> None:
    """CMPL-31"""
    it = a_complaint(Place.UPHELD)
    event = resolve(it, compensation)
    assert (event.authority, event.compensation, it.compensation) == ("own", compensation, compensation)


@pytest.mark.parametrize("compensation", [yuan("0.0001"), yuan("1000"), yuan("0", "EUR")])
def test_more_is_a_supervisors(compensation: Money) -> None:
    """CMPL-31: another currency than the unit's can't be compared."""
    it = a_complaint(Place.UPHELD)
    with pytest.raises(BeyondOwnAuthority, match="own authority"):
        resolve(it, compensation)
    assert it.state == "judged" and it.resolved_at is None
    for role in Role:
        assert resolve(a_complaint(Place.UPHELD), compensation, role=role).authority == "supervisor"


@pytest.mark.parametrize(
    ("category", "amount", "settles"), [("delivery", "200", True), ("delivery", "200.0001", False), ("quality", "0", False)]
)
def test_the_profile_says_how_much_and_of_what(category: str, amount: str, settles: bool) -> None:
    """CMPL-31"""
    fast = Fast(compensation=Decimal(200), categories=frozenset({"delivery"}))
    it = a_complaint(Place.UPHELD, category=category)
    if settles:
        assert resolve(it, yuan(amount), fast=fast).authority == "own"
    else:
        with pytest.raises(BeyondOwnAuthority):
            resolve(it, yuan(amount), fast=fast)


# -- results


@pytest.mark.parametrize(
    ("place", "upheld", "outcome"),
    [(Place.UPHELD, True, "upheld"), (Place.EXPLAINED, False, "not_upheld"), (Place.INVESTIGATING, False, "not_upheld"), (Place.ESCALATED, None, "upheld")],
)  # fmt: skip
def test_the_outcome_is_what_was_judged(place: Place, upheld: bool | None, outcome: str) -> None:
    """CMPL-06"""
    event = resolve(a_complaint(place, upheld=upheld), role="leader")
    assert isinstance(event, ComplaintResolved) and event.outcome == outcome


def test_the_days_begin_with_the_resolution() -> None:
    """CMPL-14"""
    it = a_complaint(Place.UPHELD)
    resolve(it)
    assert (it.resolved_at, it.reopenable_until) == (NOON, NOON + DAYS)


def test_a_result_that_is_gone_back_on_stands_no_longer() -> None:
    """CMPL-14, CMPL-20: and from the second round on it is major."""
    it = a_complaint(Place.UPHELD, severity=Severity.MINOR)
    resolve(it, yuan("5"), role="supervisor")
    steps.accept(it, **BY)
    steps.close(it, by="s-1", at=NOON)
    (event,) = steps.reopen(it, "asked", policy=POLICY, **BY)
    assert (it.state, it.round, it.severity, it.upheld) == ("investigating", 2, "major", True)
    assert [it.resolved_at, it.reopenable_until, it.authority, it.compensation, it.closed_as] == [None] * 5
    assert (event.round, event.because, event.reopened_by) == (2, "asked", "s-1")


def test_from_which_round_it_is_major_the_profile_says() -> None:
    """CMPL-20"""
    it = a_complaint(Place.RESOLVED, severity=Severity.MINOR)
    steps.reopen(it, "asked", policy=POLICY.model_copy(update={"major_from_round": 3}), **BY)
    assert it.severity == "minor"


def test_who_has_it_is_said_while_they_have_it() -> None:
    """CMPL-20, CMPL-27"""
    it = a_complaint()
    assert [steps.escalate(it, role, **BY)[0].escalated_to for role in Role] == ["supervisor", "leader"]
    assert it.escalated_to == "leader"
    resolve(it, role="leader")
    assert it.escalated_to is None


@pytest.mark.parametrize(("round", "role"), [(1, None), (2, Role.SUPERVISOR), (3, Role.LEADER), (4, Role.LEADER)])
def test_whose_task_a_round_is(round: int, role: Role | None) -> None:
    """CMPL-14"""
    assert POLICY.dissatisfied.concerns(round) is role


# -- intake


def test_the_number_has_the_day_of_the_unit_and_signs_that_nobody_misreads() -> None:
    id, evening = uuid7(), datetime(2026, 1, 5, 22, tzinfo=UTC)
    here, there = number_of(id, evening, TRADE.unit("headquarters")), number_of(id, evening, TRADE.unit("overseas"))
    assert (here[:8], there[:8], here[8:]) == ("C260106-", "C260105-", there[8:])
    signs = [number_of(uuid7(), evening, TRADE.unit("headquarters"))[8:] for _ in range(2000)]
    assert len(set(signs)) == 2000 and {len(it) for it in signs} == {8} and set("".join(signs)) == set(CROCKFORD)


def test_it_is_about_whom_the_name_means_and_as_old_as_it_was_first_heard() -> None:
    """CMPL-01"""
    told = Intake(
        id=uuid7(),
        channel="mail",
        category="quality",
        received_at=NOON - timedelta(days=2),
        unit="headquarters",
        source="/careloop/reception",
    )
    who = whom(customer_id=uuid7(), declared=True)
    complaint, known, event = take_in(told, who, trade=TRADE)
    assert isinstance(complaint, Complaint) and isinstance(event, ComplaintReceived) and known is who
    assert (complaint.named_id, complaint.customer_id, complaint.customer_known) == (who.id, who.customer_id, True)
    assert complaint.received_at == event.received_at == told.received_at and event.key == str(who.customer_id)
