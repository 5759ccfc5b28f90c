"""Attempts and answers: what they do to a call, and when nobody tries any more; pure."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.followup.domain.asking import (
    UNANSWERED,
    CallbackMisplaced,
    CallbackNotAhead,
    CallIsOver,
    Tried,
    answer,
    attempt,
    counted,
    give_up,
)
from services.followup.domain.call import OFF, WAITING, Call, State, Why
from services.followup.domain.note import Note
from services.followup.domain.policy import Calls
from services.followup.domain.satisfaction import ContradictingScore, satisfaction_of
from services.followup.listeners import complaints, field_service, orders, reception
from shared.contracts import Event
from shared.contracts.followup import CallAttempted, CallCompleted, CallUnreachable, Satisfaction, SatisfactionReported
from shared.contracts.notes import NoteWritten
from shared.worktime.calendar import Calendar
from shared.worktime.counting import due
from tests.followup.calling import CALLS, DECORATION, PLAIN, SHANGHAI, TUESDAY_OFF, calls
from tests.followup.conftest import NOON, local
from tests.followup.saying import COMPLAINT, VISIT, WORK, Hearer, departed, happened, worked

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIFTH_DAY = local(18) + 7 * DAY  # the fifth working day after Tuesday, at its close


def a_call(state: State = State.PLANNED) -> Call:
    hearer = Hearer()
    hearer.hear(complaints.on, happened("resolved"))
    call = hearer.calls[1]
    call.state = state
    return call


def a_visit() -> Call:
    hearer = Hearer()
    hearer.hear(reception.on, departed())
    return hearer.calls[1]


def tried(
    call: Call, outcome: str, at: datetime = NOON, callback_at: datetime | None = None, *, of: Calls = CALLS, on: Calendar = PLAIN
) -> list[Any]:  # fmt: skip
    return attempt(call, Tried(outcome), callback_at, policy=of, calendar=on, zone=SHANGHAI, by="s-1", at=at)


def said(call: Call, satisfaction: str = "satisfied", at: datetime = NOON, **facts: Any) -> list[Any]:
    told = {"score": None, "aspects": (), "remarks": None} | facts
    return answer(call, Satisfaction(satisfaction), **told, by="s-1", at=at)


@pytest.mark.parametrize("state", State)
def test_what_waits_may_be_tried_and_answered_and_nothing_else(state: State) -> None:
    for act in (lambda call: tried(call, "busy"), lambda call: said(call)):
        call = a_call(state)
        if state in WAITING:
            act(call)
        else:
            with pytest.raises(CallIsOver) as refused:
                act(call)
            assert refused.value.allowed == () and call.state is state and not call.attempts


@pytest.mark.parametrize("outcome", UNANSWERED)
@pytest.mark.parametrize(("at", "again"), [(local(9), local(14)), (local(14), local(18)), (local(17), local(8) + DAY)])
def test_the_next_attempt_is_some_hours_later_and_in_a_window(outcome: Tried, at: datetime, again: datetime) -> None:
    """FLUP-03, FLUP-31"""
    call = a_call()
    call.earliest_at = at
    (told,) = tried(call, outcome, at)
    assert (call.state, call.earliest_at, call.give_up_at) == (State.ATTEMPTED, again, None)
    assert (told.attempt, told.outcome, told.attempted_at, told.attempted_by) == (1, outcome, at, "s-1")
    assert call.attempts == [
        {"number": 1, "outcome": outcome, "attempted_at": at.isoformat(timespec="microseconds"), "attempted_by": "s-1", "callback_at": None}
    ]


def test_who_was_reached_is_not_put_off() -> None:
    call = a_call()
    before = call.earliest_at
    tried(call, "reached")
    assert (call.state, call.earliest_at) == (State.ATTEMPTED, before)


@pytest.mark.parametrize("callback_at", [local(3) + DAY, local(13), local(20) + 30 * DAY])
def test_an_agreed_moment_beats_windows_and_days(callback_at: datetime) -> None:
    """FLUP-06: a time that the customer agreed."""
    call = a_call()
    tried(call, "callback_agreed", callback_at=callback_at)
    assert (call.state, call.earliest_at, call.due_at, call.callback_at) == (State.CALLBACK_AGREED, callback_at, callback_at, callback_at)
    tried(call, "busy", NOON)
    assert (call.state, call.callback_at, call.earliest_at) == (State.ATTEMPTED, None, max(callback_at, local(16))), (
        "they still wait for it"
    )


@pytest.mark.parametrize(
    ("outcome", "callback_at", "refusal"),
    [
        ("callback_agreed", None, CallbackMisplaced), ("callback_agreed", NOON, CallbackNotAhead), ("callback_agreed", NOON - HOUR, CallbackNotAhead),
        *((it, NOON + HOUR, CallbackMisplaced) for it in Tried if it is not Tried.CALLBACK_AGREED),
    ],
)  # fmt: skip
def test_a_callback_and_nothing_else_has_a_moment_and_it_is_ahead(outcome: str, callback_at: datetime | None, refusal: Any) -> None:
    call = a_call()
    with pytest.raises(refusal) as refused:
        tried(call, outcome, callback_at=callback_at)
    assert refused.value.field == "/callback_at" and not call.attempts and call.state is State.PLANNED


def test_who_refuses_is_not_disturbed_again() -> None:
    call = a_call()
    attempted, unreachable = tried(call, "refused")
    assert isinstance(attempted, CallAttempted) and isinstance(unreachable, CallUnreachable)
    assert (call.state, call.why, unreachable.reason) == (State.UNREACHABLE, Why.REFUSED, "refused")


def test_the_third_attempt_that_counts_sets_the_day_of_giving_up_and_a_fourth_does_not_move_it() -> None:
    """FLUP-31"""
    call = a_call()
    for hours, expected in ((0, None), (3.9, None), (4, None), (7.9, None), (8, FIFTH_DAY), (30, FIFTH_DAY)):
        tried(call, "no_answer", NOON + hours * HOUR)
        assert call.give_up_at == expected, hours


@pytest.mark.parametrize("outcome", ["reached", "callback_agreed"])
def test_who_spoke_to_us_is_not_given_up_and_the_count_begins_anew(outcome: str) -> None:
    call = a_call()
    for hours in (0, 4, 8):
        tried(call, "busy", NOON + hours * HOUR)
    tried(call, outcome, NOON + 9 * HOUR, NOON + 40 * HOUR if outcome == "callback_agreed" else None)
    assert call.give_up_at is None
    for hours, given_up in ((40, False), (44, False), (48, True)):
        tried(call, "busy", NOON + hours * HOUR)
        assert (call.give_up_at is not None) is given_up


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 16), st.sampled_from([it for it in Tried if it is not Tried.REFUSED])), max_size=12))
def test_a_day_of_giving_up_is_set_while_enough_attempts_count(steps: list[tuple[int, Tried]]) -> None:
    """FLUP-31, against a count by hand."""
    call, at, series = a_call(), NOON, list[datetime]()
    for halves, outcome in steps:
        at += halves * HOUR / 2
        tried(call, outcome, at, at + HOUR if outcome is Tried.CALLBACK_AGREED else None)
        if outcome in (Tried.REACHED, Tried.CALLBACK_AGREED):
            series = []
        elif not series or at >= series[-1] + 4 * HOUR:
            series.append(at)
        assert counted(call.attempts, CALLS, PLAIN, SHANGHAI) == (len(series), set())
        assert call.give_up_at == (due(series[2], CALLS.give_up_after, PLAIN).at if len(series) >= 3 else None)
        assert call.earliest_at is not None and (outcome not in UNANSWERED or call.earliest_at >= at + 4 * HOUR)


# -- where the profile has windows: 10:30-11:30 and 15:00-17:30; NOON is a Tuesday


@pytest.mark.parametrize(
    ("moments", "number"),
    [
        ([local(10, 30), local(15), local(10, 30) + DAY], 3),
        ([local(10, 30), local(11, 29), local(15), local(17), local(10, 30) + DAY], 3),  # twice in one window is once
        ([local(11), local(14, 59), local(15)], 2),  # between windows is in none
        ([local(11, 15), local(15), local(15, 15)], 2),  # in another one, and not yet far enough
        ([local(9), local(13), local(18)], 0),
        ([local(10, 45) + day * DAY for day in range(3)], 3),  # the same hour of another day is another window
        ([local(10, 45) + day * DAY for day in range(3, 6)], 1),  # Friday, and nobody works on a weekend
    ],
)
def test_attempts_count_in_different_windows(moments: list[datetime], number: int) -> None:
    """FLUP-31"""
    call = a_call()
    for at in moments:
        tried(call, "busy", at, of=DECORATION)
    assert counted(call.attempts, DECORATION, PLAIN, SHANGHAI)[0] == number
    assert (call.give_up_at is not None) is (number == 3)


@pytest.mark.parametrize(
    ("at", "of", "on", "again"),
    [
        (local(10, 45), DECORATION, PLAIN, local(15)),
        (local(11, 15), DECORATION, PLAIN, local(15, 15)),
        (local(16), DECORATION, PLAIN, local(10, 30) + DAY),
        (local(16) - DAY, DECORATION, TUESDAY_OFF, local(10, 30) + DAY),
        (local(16) + 3 * DAY, DECORATION, PLAIN, local(10, 30) + 6 * DAY),
        (local(9), calls(("09:00", "18:00"), rest=[]), PLAIN, local(9) + DAY),  # 13:00 would be in the same window
        (local(8), calls(("09:00", "18:00"), rest=[]), PLAIN, local(12)),  # it lay in no window
    ],
)
def test_the_next_attempt_is_in_another_window(at: datetime, of: Calls, on: Calendar, again: datetime) -> None:
    """FLUP-18, FLUP-31"""
    call = a_call()
    call.earliest_at = at
    tried(call, "busy", at, of=of, on=on)
    assert call.earliest_at == again


def test_a_moment_that_the_customer_agreed_is_as_good_as_a_window() -> None:
    """FLUP-06, FLUP-31: once; what is tried before it or after it is tried like any."""
    call = a_call()
    tried(call, "callback_agreed", NOON, local(19), of=DECORATION)
    assert call.earliest_at == local(19)
    for at, number in ((local(13), 0), (local(19), 1), (local(23, 30), 1), (local(15) + DAY, 2)):
        tried(call, "no_answer", at, of=DECORATION)
        assert counted(call.attempts, DECORATION, PLAIN, SHANGHAI)[0] == number, at


def test_given_up_is_never_satisfied() -> None:
    """FLUP-31"""
    call = a_call()
    call.give_up_at = NOON
    (told,) = give_up(call, Why.ATTEMPTS, NOON + HOUR)
    assert (call.state, call.why, call.satisfaction, call.give_up_at) == (State.UNREACHABLE, Why.ATTEMPTS, None, None)
    assert (told.reason, told.unreachable_at) == ("attempts", NOON + HOUR)


def test_an_answer_is_told_with_its_round_and_the_words_as_a_note() -> None:
    """FLUP-08"""
    call = a_call()
    completed, reported, note, written = said(call, "dissatisfied", score=1, aspects=["result"], remarks="It is bent again.")
    assert isinstance(completed, CallCompleted) and isinstance(reported, SatisfactionReported)
    assert isinstance(note, Note) and isinstance(written, NoteWritten)
    assert (call.state, call.satisfaction, call.score, call.completed_at, call.completed_by) == (State.DONE, "dissatisfied", 1, NOON, "s-1")
    assert (reported.about, reported.round, reported.call_id, reported.note_id, reported.survey_id) == (
        f"complaint:{COMPLAINT}", 1, call.id, note.id, None,
    )  # fmt: skip
    assert (written.about, written.kind, written.text, written.shared_with) == (call.about, "remarks", "It is bent again.", ["complaints"])
    assert not [it for it in (completed, reported) if "bent" in it.model_dump_json()]


def test_what_guests_say_reception_may_read_too() -> None:
    *_, written = said(a_visit(), remarks="Nobody met us.")
    assert (written.about, written.shared_with) == (f"visit:{VISIT}", ["complaints", "reception"])


@pytest.mark.parametrize("trigger", WORK)
def test_what_is_said_of_work_and_orders_complaints_may_read(trigger: str) -> None:
    hearer = Hearer()
    hearer.hear(orders.on if trigger == "order" else field_service.on, worked(trigger))
    *_, written = said(hearer.calls[1], "dissatisfied", remarks="It does not fit.")
    assert (written.about, written.shared_with) == (hearer.calls[1].about, ["complaints"])


def test_who_says_nothing_leaves_no_note() -> None:
    for remarks in (None, ""):
        _, reported = said(a_call(), remarks=remarks)
        assert reported.note_id is None


@pytest.mark.parametrize("score", range(1, 6))
@pytest.mark.parametrize("satisfaction", Satisfaction)
def test_score_and_word_agree(satisfaction: Satisfaction, score: int) -> None:
    """D-30"""
    scale = {5: "satisfied", 4: "satisfied", 3: "fair", 2: "dissatisfied", 1: "dissatisfied"}
    assert satisfaction_of(score) == scale[score]
    call = a_call()
    if scale[score] == satisfaction:
        said(call, satisfaction, score=score)
        assert call.state is State.DONE
    else:
        with pytest.raises(ContradictingScore) as refused:
            said(call, satisfaction, score=score)
        assert refused.value.field == "/score" and call.state is State.PLANNED


def test_every_reason_to_call_off_has_its_rank() -> None:
    assert {*OFF, Why.ATTEMPTS, Why.REFUSED} == set(Why) and len(OFF) == 5


def test_events_tell_no_more_than_ids_times_and_codes() -> None:
    for it in [*tried(a_call(), "busy"), *said(a_call())]:
        assert isinstance(it, Event) and set(it.model_dump()) & {"text", "remarks", "phone"} == set()
