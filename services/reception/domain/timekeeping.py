"""Brings the clocks of an inquiry in line with where it stands. A promise is the first answer and starts a clock of its own; a new one takes its
place. Who hands over owes nothing any more: the clocks of whoever has it now began when it was first heard.  INQY-02, INQY-05, INQY-09, INQY-11
"""

from collections.abc import Sequence
from datetime import datetime

from services.reception.domain.clock import Watch
from services.reception.domain.inquiry import Inquiry, State
from services.reception.domain.policy import Trade
from shared.clocks.clock import Thing
from shared.clocks.terms import PROMISED, Facts, Terms
from shared.outcome import Outcome

ANSWER, PROMISE = "answer", "promise"


def in_line(inquiry: Inquiry, clocks: Sequence[Watch], *, trade: Trade, at: datetime) -> Outcome:
    """`clocks` are all that the inquiry has. What was done was done at this moment."""
    outcome: Outcome = []
    answer = next((it for it in clocks if it.milestone == ANSWER), None)
    promises = sorted((it for it in clocks if it.milestone == PROMISE), key=lambda it: it.round)
    current = promises[-1] if promises and Facts.load(promises[-1].facts).moments.get(PROMISED) == inquiry.promised_until else None
    for clock in clocks:
        terms = clock.runs_by(trade.knowledge)
        if inquiry.state is State.HANDED_OVER or (clock.milestone == PROMISE and clock is not current):
            outcome += clock.cancel(terms, at)
        elif inquiry.state is State.ANSWERED or (clock is answer and inquiry.state is State.PROMISED):
            outcome += clock.meet(terms, at)
    if inquiry.state is State.RECEIVED and answer is None:
        outcome += begun(inquiry, ANSWER, facts(inquiry, 1, inquiry.received_at), trade, at)
    if inquiry.state is State.PROMISED and current is None:
        outcome += begun(inquiry, PROMISE, facts(inquiry, len(promises) + 1, at), trade, at)
    return outcome


def begun(inquiry: Inquiry, milestone: str, told: Facts, trade: Trade, at: datetime) -> Outcome:
    terms = Terms.of(trade, inquiry.unit, getattr(trade.policy(inquiry.unit).milestones, milestone))
    clock = Watch.start(Thing.of(inquiry.about, inquiry), milestone, told, terms, trade.profile(inquiry.unit), at)
    return [clock] if clock else []


def facts(inquiry: Inquiry, round: int, since: datetime) -> Facts:
    moments = {"received": since} | ({PROMISED: inquiry.promised_until} if inquiry.promised_until else {})
    return Facts(moments, round, channel=inquiry.channel, category=inquiry.kind.value)
