"""What an answer does to a complaint, for every answer, place and round, against the rules written down a second time; pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.complaints.domain.answers import Answer, Said, hear
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import Place
from services.complaints.domain.task import Task
from shared.contracts import Event
from shared.contracts.complaints import NoticeRequested
from shared.ids import made_of
from shared.outcome import Outcome
from tests.complaints.making import DAYS, NOON, TRADE, a_complaint, number, whom

LATE = NOON + DAYS + timedelta(seconds=1)
CALL = number(1)


def an_answer(said: str, about: str, *, round: int | None = None, call: bool = True, **facts: Any) -> Answer:
    told: dict[str, Any] = {"at": NOON + timedelta(hours=1), "unit": "headquarters", "source": "/careloop/followup", "aspects": ["speed"]}
    return Answer(id=str(CALL), said=Said(said), about=about, round=round, call_id=CALL if call else None, **told | facts)


def heard(answer: Answer, complaint: Complaint | None = None, made: Complaint | None = None, tasks: Sequence[Task] = ()) -> Outcome:
    """What came of it, without who at work is to be told."""
    outcome = hear(answer, complaint, made, whom(), tasks, trade=TRADE, at=NOON)
    return [it for it in outcome if not isinstance(it, NoticeRequested)]


def seen(outcome: Outcome) -> list[str]:
    """What came of it, in short."""
    return [
        it.name.removesuffix(".v1")
        if isinstance(it, Event)
        else f"{it.kind} for a {it.role}"
        if isinstance(it, Task)
        else "a new complaint"
        for it in outcome
        if isinstance(it, Event | Task | Complaint)
    ]


ACCEPTED, CLOSED, REOPENED = "complaint.accepted", "complaint.closed", "complaint.reopened"
BEGUN = ["a new complaint", "complaint.received"]
SETTLES = {Place.RESOLVED: [ACCEPTED, CLOSED], Place.ACCEPTED: [CLOSED], Place.CLOSED: [], Place.WITHDRAWN: []}
AGAIN = {1: [], 2: ["dissatisfied for a supervisor"], 3: ["dissatisfied for a leader"], 4: ["dissatisfied for a leader"]}


def expected(said: str, place: Place, round: int, asked: int | None, late: bool) -> list[str]:
    """CMPL-14, D-30"""
    if asked not in (None, round) or place not in SETTLES:
        return []
    if said == "satisfied":
        return SETTLES[place]
    if said == "fair":
        return [*SETTLES[place], "fair for a supervisor"]
    return BEGUN if late or place is Place.WITHDRAWN else [REOPENED, *AGAIN[round]]


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
@pytest.mark.parametrize("about", ["earlier", "current", "later", "none"])
@pytest.mark.parametrize("round", [1, 2, 3, 4])
@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("said", Said)
def test_every_answer_in_every_place_and_round(said: str, place: Place, round: int, about: str, late: bool) -> None:
    it = a_complaint(place, round=round)
    asked = {"earlier": round - 1, "current": round, "later": round + 1, "none": None}[about]
    before = it.state
    outcome = heard(an_answer(said, it.about, round=asked, at=LATE if late else NOON + DAYS), it)
    assert seen(outcome) == expected(said, place, round, asked, late)
    if REOPENED in seen(outcome):
        assert (it.state, it.round) == ("investigating", round + 1)
    else:
        assert it.round == round and it.state == ("closed" if CLOSED in seen(outcome) else before)


@pytest.mark.parametrize("said", Said)
@pytest.mark.parametrize("about", ["order:PO-7", "visit:17", "complaint:nobody-knows", f"survey:{CALL}"])
def test_about_anything_else(said: str, about: str) -> None:
    """FLUP-30, D-30"""
    expected = {"satisfied": [], "fair": ["fair for a supervisor"], "dissatisfied": BEGUN}
    assert seen(heard(an_answer(said, about))) == expected[said]


@pytest.mark.parametrize("call", [True, False])
def test_what_a_new_complaint_is_made_of(call: bool) -> None:
    """FLUP-30"""
    answer = an_answer("dissatisfied", "order:PO-7", call=call, correlation="c", trace="t", note_id=number(9))
    complaint, known, event = heard(answer)
    assert isinstance(complaint, Complaint) and isinstance(event, Event) and known.customer_id == complaint.customer_id
    assert (complaint.id, complaint.category, complaint.channel) == (
        made_of("complaint", CALL),
        "satisfaction",
        "phone" if call else "survey",
    )
    assert (complaint.follows, complaint.order_id, complaint.received_at) == ("order:PO-7", "PO-7", answer.at)
    assert (complaint.correlation, complaint.trace, event.note_id) == ("c", "t", number(9))


def test_what_follows_a_complaint_is_about_the_same_order() -> None:
    """D-30"""
    before = a_complaint(Place.CLOSED, order_id="PO-9")
    complaint, *_ = heard(an_answer("dissatisfied", before.about, round=1, at=LATE), before)
    assert isinstance(complaint, Complaint) and (complaint.follows, complaint.order_id) == (before.about, "PO-9")
    assert before.state == "closed"


def test_the_same_answer_again_makes_nothing_again() -> None:
    late = a_complaint(Place.CLOSED)
    first = heard(an_answer("dissatisfied", late.about, round=1, at=LATE), late)
    assert heard(an_answer("dissatisfied", late.about, round=1, at=LATE), late, made=first[0]) == []  # type: ignore[arg-type]
    for about in ("order:PO-7", "visit:17"):
        (task, _) = heard(an_answer("fair", about))
        assert isinstance(task, Task) and heard(an_answer("fair", about), tasks=[task]) == []


def test_a_round_of_a_complaint_is_one_task_whoever_asks() -> None:
    it = a_complaint(Place.CLOSED)
    (task, _) = heard(an_answer("fair", it.about, round=1), it)
    assert isinstance(task, Task) and (task.about, task.facts) == (it.about, {"round": 1, "aspects": ["speed"]})
    assert task.id == made_of("task", it.id, 1, "fair")
    assert heard(an_answer("fair", it.about, call=False), it, tasks=[task]) == []


def test_a_survey_about_a_complaint_is_heard_once() -> None:
    """It names no round, so that it would speak of every result that comes after it."""
    it = a_complaint(Place.RESOLVED)
    assert REOPENED in seen(heard(an_answer("dissatisfied", it.about), it))
    again = a_complaint(Place.RESOLVED, id=it.id, round=2, answers=it.answers)
    assert heard(an_answer("dissatisfied", it.about), again) == []
    meanwhile = a_complaint(Place.INVESTIGATING, round=2)
    assert heard(an_answer("dissatisfied", meanwhile.about), meanwhile) == [] and meanwhile.answers == [str(CALL)]


def test_the_task_is_about_the_round_that_was_asked_about() -> None:
    """CMPL-14"""
    it = a_complaint(Place.RESOLVED, round=2)
    reopened, task, _ = heard(an_answer("dissatisfied", it.about, round=2), it)
    assert isinstance(task, Task) and (task.facts["round"], reopened.round) == (2, 3)
    assert task.id == made_of("task", it.id, 2, "dissatisfied")


def test_what_is_announced_names_the_call_and_nobody_of_ours() -> None:
    it = a_complaint(Place.RESOLVED)
    accepted, closed = heard(an_answer("satisfied", it.about, round=1, note_id=number(9)), it)
    assert (accepted.accepted_by, accepted.call_id, accepted.note_id) == (None, CALL, number(9))
    assert (closed.closed_by, closed.closed_as) == (None, "accepted")
