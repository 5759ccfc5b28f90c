"""The clocks of a complaint of the past, as they would stand had we watched it live: each moment is lived through once more, and what that tells is
told to nobody.

What nobody wrote down is not made up: of a step without its moment no clock says that it was late, and none that it was in time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import State
from services.complaints.domain.past import ENDED, MOMENTS
from services.complaints.domain.policy import Milestones, Trade
from services.complaints.domain.timekeeping import Fate, facts, fate_of
from shared.clocks.clock import State as Running
from shared.clocks.clock import Thing
from shared.clocks.terms import Facts, Terms

NAMES = tuple(Milestones.model_fields)
CHANGES = ("state", "upheld", "severity", *MOMENTS)


@dataclass(frozen=True, slots=True)
class Stage:
    """From this moment on this was known, and each milestone owed or not."""

    at: datetime
    facts: Facts
    fates: Mapping[str, Fate]


@dataclass(frozen=True, slots=True)
class Lives:
    """By these profiles; what a unit's clocks run by is made out once."""

    trade: Trade
    terms: dict[tuple[str, str], Terms] = field(default_factory=dict)

    def of(self, it: Complaint, at: datetime) -> list[Watch]:
        """As they stand at this moment. Of what was handled again nobody says when that began, so nothing is watched."""
        if it.round > 1 or (it.undated and it.acknowledged_at is None and it.judged_at is None):
            return []
        stages = [*lived(it)]
        clocks = [clock for name in NAMES if (clock := self.clock(it, name, stages, at))]
        for clock in clocks:
            if is_unsure(clock, it):  # it is kept, so that none begins with the next step
                clock.end(Running.UNWATCHED, at)
            clock.moot = clock.moot or clock.is_late  # what was missed by then is counted, and is nobody's task
        return [clock for clock in clocks if it.state not in ENDED or clock.state is not Running.UNWATCHED]

    def clock(self, it: Complaint, name: str, stages: Sequence[Stage], at: datetime) -> Watch | None:
        """None where no limit ever applied. A limit is the strictest of those that were known when it was over, or the step taken."""
        terms, clock = self.runs_by(it.unit, name), None
        limits = [terms.reckon(it.facts) if it.fates[name] is Fate.OWED else () for it in stages]
        for stage, found, after, until in zip(stages, limits, [*limits[1:], ()], [*(it.at for it in stages[1:]), at], strict=True):
            match stage.fates[name]:
                case Fate.OWED if clock is None:
                    if not found or (after and found[0].due.at >= until):
                        continue  # nothing happens to it before it is reckoned anew
                    thing, profile, first = Thing.of(it.about, it), self.trade.profile(it.unit), stage is stages[0]
                    clock = Watch.start(thing, name, stage.facts, terms, profile, stage.at, first_heard=first, reckoned=found)
                    if clock:
                        clock.hush()
                case Fate.OWED if clock:
                    clock.reconsider(stage.facts, terms, stage.at)
                case Fate.DONE if clock:
                    clock.meet(terms, stage.at)
                case Fate.OVER if clock:
                    clock.cancel(terms, stage.at)
            if clock:
                clock.tick(terms, until)
        return clock

    def runs_by(self, unit: str, name: str) -> Terms:
        key = unit, name
        if key not in self.terms:
            self.terms[key] = Terms.of(self.trade, unit, getattr(self.trade.policy(unit).milestones, name))
        return self.terms[key]


def lived(it: Complaint) -> Iterator[Stage]:
    """What is written down of it, moment by moment."""
    stands = {name: getattr(it, name) for name in CHANGES}
    for moment, known in steps(it, stands):
        it.__dict__.update(known)  # it is looked at as it stood then, and not changed
        yield Stage(moment, facts(it), {name: fate_of(it, name) for name in NAMES})
        it.__dict__.update(stands)


def steps(it: Complaint, stands: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    known = dict.fromkeys((*MOMENTS, "upheld", "severity")) | {"state": State.RECEIVED}
    yield it.received_at, known
    if acknowledged_at := stands["acknowledged_at"]:
        known = known | {"acknowledged_at": acknowledged_at, "state": State.ACKNOWLEDGED}
        yield acknowledged_at, known
    if judged_at := stands["judged_at"]:
        explained = stands["state"] is State.EXPLAINED
        judged = {"judged_at": judged_at, "upheld": stands["upheld"], "severity": stands["severity"]}
        known = known | judged | {"state": State.EXPLAINED if explained else State.INVESTIGATING}
        yield judged_at, known
    if it.undated:
        return
    if resolved_at := stands["resolved_at"]:
        yield resolved_at, known | {"resolved_at": resolved_at, "state": State.RESOLVED}
    if stands["state"] is State.WITHDRAWN:
        yield stands["closed_at"], known | {"state": State.WITHDRAWN}


def is_unsure(clock: Watch, it: Complaint) -> bool:
    """Nobody says when it was done, and by what is known it may have been in time."""
    if clock.milestone == "acknowledgement":
        said = it.acknowledged_at or it.judged_at or it.state is State.RECEIVED
        return not said and clock.state is not Running.MET
    return it.undated and clock.done_at is None
