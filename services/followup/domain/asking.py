"""Asking a customer: the attempts, the answer, and when nobody tries any more."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.followup.domain.call import Call, State, Why
from services.followup.domain.fulfilment import iso
from services.followup.domain.hours import Named, next_window, window_at
from services.followup.domain.note import Note
from services.followup.domain.policy import Calls
from services.followup.domain.satisfaction import refuse_contradictions
from shared.contracts.followup import CallAttempted, CallCompleted, CallUnreachable, Satisfaction, SatisfactionReported
from shared.errors import Conflict, Invalid
from shared.notes import jot
from shared.outcome import Outcome
from shared.worktime.calendar import Calendar
from shared.worktime.counting import due, not_before

OF_COMPLAINTS = ("complaints",)
SHARED_WITH = {"visit": ("complaints", "reception")}  # who reads what the customer said, where it is about this; of all else `complaints`


class Tried(StrEnum):
    """What came of an attempt."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    INVALID_NUMBER = "invalid_number"
    CALLBACK_AGREED = "callback_agreed"
    NOT_CONVENIENT = "not_convenient"
    REACHED = "reached"


UNANSWERED = frozenset((Tried.BUSY, Tried.NO_ANSWER, Tried.INVALID_NUMBER, Tried.NOT_CONVENIENT))
MOST_ATTEMPTS = 100  # the newest are kept; all are announced


class CallIsOver(Conflict):
    """The customer is not called about this any more."""


class CallbackMisplaced(Invalid):
    """A callback is agreed for a moment, and only a callback is."""

    fix = "Send `callback_at` with the outcome `callback_agreed`, and with no other."


class CallbackNotAhead(Invalid):
    """A callback is agreed for a moment that is still to come."""

    fix = "Send a time that is still to come."


def attempt(
    call: Call, tried: Tried, callback_at: datetime | None, *, policy: Calls, calendar: Calendar, zone: ZoneInfo, by: str, at: datetime
) -> Outcome:  # fmt: skip
    """Somebody called. A moment that the customer agreed to beats every window; who refuses is not disturbed again.  FLUP-06, FLUP-19, FLUP-31"""
    must_wait(call)
    if (tried is Tried.CALLBACK_AGREED) != (callback_at is not None):
        raise CallbackMisplaced(field="/callback_at")
    if callback_at is not None and callback_at <= at:
        raise CallbackNotAhead("The moment that was agreed must be in the future.", field="/callback_at")
    callback_at = callback_at and callback_at.astimezone(UTC)
    number = call.attempts[-1]["number"] + 1 if call.attempts else 1
    told = {"number": number, "outcome": tried.value, "attempted_at": iso(at), "attempted_by": by, "callback_at": iso(callback_at)}
    call.attempts, call.callback_at = [*call.attempts[1 - MOST_ATTEMPTS :], told], callback_at
    outcome: Outcome = [
        CallAttempted(**call.names(), attempt=number, outcome=tried.value, attempted_at=at, attempted_by=by, callback_at=callback_at)
    ]
    if tried is Tried.REFUSED:
        return outcome + give_up(call, Why.REFUSED, at)
    if tried in UNANSWERED:
        try_again(call, policy, calendar, zone, at)
    else:
        call.give_up_at = None
    if callback_at is not None:
        call.state, call.earliest_at, call.due_at = State.CALLBACK_AGREED, callback_at, callback_at
    else:
        call.state = State.ATTEMPTED
    return outcome


def try_again(call: Call, policy: Calls, calendar: Calendar, zone: ZoneInfo, at: datetime) -> None:
    """Later, in another window and not before a moment that was agreed; after the last attempt that counts, not for ever.  FLUP-31"""
    number, windows = counted(call.attempts, policy, calendar, zone)
    again = next_window(not_before(at, policy.apart, calendar), policy, calendar, zone, but=windows)
    call.earliest_at = max(again, call.earliest_at or again)
    if call.give_up_at is None and number >= policy.attempts:
        call.give_up_at = due(at, policy.give_up_after, calendar).at


def counted(attempts: Sequence[dict[str, Any]], policy: Calls, calendar: Calendar, zone: ZoneInfo) -> tuple[int, set[Named]]:
    """How many attempts count since the customer last spoke to us, and in which windows they lie: those that are far enough behind the one
    that counted before and, where the profile has windows, in another than all of them. A moment that was agreed is as good as a window."""
    count, last, windows, agreed = 0, None, set[Named](), None
    for it in attempts:
        moment = datetime.fromisoformat(it["attempted_at"])
        if it["outcome"] not in UNANSWERED:
            count, last, windows, agreed = 0, None, set(), it["callback_at"]
            continue
        window = window_at(moment, policy, calendar, zone)
        as_agreed = agreed is not None and moment >= datetime.fromisoformat(agreed)
        elsewhere = as_agreed or not policy.windows or (window is not None and window not in windows)
        if elsewhere and (last is None or moment >= not_before(last, policy.apart, calendar)):
            count, last = count + 1, moment
            windows |= {window} if window else set()
        if as_agreed:
            agreed = None
    return count, windows


def give_up(call: Call, why: Why, at: datetime) -> Outcome:
    """Nobody will try again. That is never to be read as satisfied.  FLUP-31"""
    call.end(State.UNREACHABLE, why)
    return [CallUnreachable(**call.names(), reason=why.value, unreachable_at=at)]


def answer(
    call: Call, satisfaction: Satisfaction, *, score: int | None, aspects: Sequence[str], remarks: str | None, by: str, at: datetime
) -> Outcome:  # fmt: skip
    """The customer said how content they are; their words travel as a note.  FLUP-08, D-30"""
    must_wait(call)
    refuse_contradictions(satisfaction, score)
    call.end(State.DONE)
    call.satisfaction, call.score, call.aspects = satisfaction, score, list(aspects)
    call.completed_at, call.completed_by = at, by
    note = jot(Note, remarks, of=call, about=call.about, kind="remarks", at=at, by=by)
    completed = CallCompleted(**call.names(), satisfaction=satisfaction, completed_at=at, completed_by=by)
    reported = SatisfactionReported(
        about=call.about, round=call.round, satisfaction=satisfaction, score=score, aspects=call.aspects, reported_at=at,
        note_id=note.id if note else None, call_id=call.id, customer_id=call.customer_id, unit=call.unit,
    )  # fmt: skip
    words: Outcome = [note, note.told(shared_with=SHARED_WITH.get(call.about.partition(":")[0], OF_COMPLAINTS))] if note else []
    return [completed, reported, *words]


def must_wait(call: Call) -> None:
    if not call.waits:
        raise CallIsOver(
            f"The call is {call.state.replace('_', ' ')}: nobody calls the customer about this any more.", allowed=call.allowed
        )
