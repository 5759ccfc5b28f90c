"""Brings the clocks of a complaint in line with where it stands: whatever moved it, by whatever door, the same clocks run, are met or end.  A15

Its beginning is when it was first heard (CMPL-01), or when it was reopened; a round that is over owes nothing any more.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import State
from services.complaints.domain.policy import Milestones, Trade
from shared.clocks.clock import State as Running
from shared.clocks.clock import Thing
from shared.clocks.terms import PROMISED, Facts, Terms
from shared.contracts import Event
from shared.outcome import Outcome


class Fate(StrEnum):
    OWED = "owed"
    DONE = "done"
    OVER = "over"


def in_line(complaint: Complaint, clocks: Sequence[Watch], *, trade: Trade, at: datetime) -> Outcome:
    """`clocks` are all that the complaint has. What was done was done at this moment."""
    policy, here = trade.policy(complaint.unit).milestones, {it.milestone: it for it in clocks if it.round == complaint.round}
    outcome: Outcome = []
    for clock in clocks:
        if clock.round < complaint.round:
            outcome += clock.cancel(clock.runs_by(trade.knowledge), at)
    for name in Milestones.model_fields:
        fate = fate_of(complaint, name)
        if running := here.get(name):
            outcome += moved(running, fate, complaint, running.runs_by(trade.knowledge), at)
        elif fate is Fate.OWED:
            terms, thing = Terms.of(trade, complaint.unit, getattr(policy, name)), Thing.of(complaint.about, complaint)
            first = not here  # nobody watched this round before
            begun = Watch.start(thing, name, facts(complaint), terms, trade.profile(complaint.unit), at, first_heard=first)
            outcome += [begun, *waiting_too(begun, here.values(), terms, at)] if begun else []
    return outcome


def waiting_too(begun: Watch, others: Collection[Watch], terms: Terms, at: datetime) -> list[Event]:
    """What begins while the complaint waits waits too, until the same moment; what it waited before moves it as it moved the others. What is past
    already is missed."""
    over = {pause["began"]: pause for it in others for pause in it.pauses if pause["ended"]}
    if over:
        begun.take_over(terms, [over[began] for began in sorted(over)])
    told = begun.tick(terms, at)
    for pause in [it.pauses[-1] for it in others if it.state is Running.PAUSED][:1]:
        until = datetime.fromisoformat(pause["until"])
        told += begun.pause(terms, pause["reason"], until, by=pause["by"], approved_by=pause["approved_by"], at=at)
    return told


def moved(clock: Watch, fate: Fate, complaint: Complaint, terms: Terms, at: datetime) -> list[Event]:
    match fate:
        case Fate.DONE:
            return clock.meet(terms, at)
        case Fate.OVER:
            return clock.cancel(terms, at)
        case Fate.OWED:
            return clock.reconsider(facts(complaint), terms, at)


def fate_of(it: Complaint, milestone: str) -> Fate:
    """Told of the process, told of the plan, told of the result. While there is no plan of its own the result, or the explanation, is it."""
    if it.resolved_at is not None:
        return Fate.DONE
    if it.state is State.WITHDRAWN:
        return Fate.OVER
    match milestone:
        case "acknowledgement":
            if it.round > 1:
                return Fate.OVER
            return Fate.DONE if it.acknowledged_at or it.judged_at else Fate.OWED
        case "plan":
            return Fate.DONE if it.state is State.EXPLAINED else Fate.OWED
        case _:
            return Fate.OWED


def facts(it: Complaint) -> Facts:
    began = it.round_began_at or it.received_at
    moments = {"received": began}
    if acknowledged := it.acknowledged_at or it.judged_at:  # whoever judges has it in hand
        moments["acknowledged"] = max(acknowledged, began)
    if it.judged_at:
        moments["judged"] = max(it.judged_at, began)
    if it.feedback_by:
        moments[PROMISED] = it.feedback_by
    kind = (it.follows or "").partition(":")[0] or None
    return Facts(moments, it.round, it.severity.value if it.severity else None, it.channel, it.category, kind)


def in_time(outcome: Outcome, complaint: Complaint | None = None, clocks: Sequence[Watch] = (), *, trade: Trade, at: datetime) -> Outcome:
    """What came of a rule, with what it means for the clocks: of the complaint it was about, and of those that began."""
    begun = [it for it in outcome if isinstance(it, Complaint)]
    told = [told for it in begun for told in in_line(it, (), trade=trade, at=at)]
    return [*outcome, *told, *(in_line(complaint, clocks, trade=trade, at=at) if complaint else ())]
