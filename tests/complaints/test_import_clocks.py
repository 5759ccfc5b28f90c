"""The clocks of a complaint of the past are those that would stand there, had every step been watched when it was taken."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from services.complaints.domain import past
from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import State
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.living import Lives
from services.complaints.domain.past import Told
from services.complaints.domain.timekeeping import in_line
from shared.clocks.clock import State as Running
from tests.complaints.making import C1, NOON, TRADE

LIVES, NOW = Lives(TRADE), NOON + timedelta(days=60)
SAME = "milestone", "state", "owner", "started_at", "due_at", "ended_at", "done_at", "facts", "reckoned"
ENDS = State.RECEIVED, State.ACKNOWLEDGED, State.JUDGED, State.EXPLAINED, State.INVESTIGATING, State.RESOLVED, State.CLOSED, State.WITHDRAWN
span = some.integers(0, 15 * 24).map(lambda hours: timedelta(hours=hours))


@some.composite
def lives(draw: Any) -> Told:
    """Any complaint whose every step has its moment."""
    state = draw(some.sampled_from(ENDS))
    at, moments = NOON - timedelta(hours=draw(some.integers(0, 400))), {}
    heard = at
    for name, reached in (("acknowledged_at", state is State.ACKNOWLEDGED or draw(some.booleans())),
                          ("judged_at", state in (State.JUDGED, State.EXPLAINED, State.INVESTIGATING) or draw(some.booleans())),
                          ("resolved_at", state in (State.RESOLVED, State.CLOSED)), ("closed_at", state in (State.CLOSED, State.WITHDRAWN))):  # fmt: skip
        if reached and (state not in (State.RECEIVED, State.ACKNOWLEDGED) or (name, state) == ("acknowledged_at", State.ACKNOWLEDGED)):
            at += draw(span)
            moments[name] = at
    upheld = draw(some.booleans()) if "judged_at" in moments else None
    severity = draw(some.sampled_from(("minor", "ordinary", "major"))) if upheld is not None else None
    return Told(
        "T-1", heard, state=state, channel="phone", category="quality", upheld=upheld, severity=severity, unit="headquarters", **moments
    )


def imported(told: Told) -> Complaint:
    return Complaint(**past.facts(told, "crm", "headquarters", KnownCustomer(id=C1, customer_id=C1), trade=TRADE))


def watched(told: Told) -> list[Watch]:
    """Step by step, by what every step does; time passes in between."""
    it = imported(Told("T-1", told.occurred_at, state="received", channel="phone", category="quality"))
    steps: list[tuple[Any, dict[str, Any]]] = [(told.occurred_at, {})]
    if told.acknowledged_at:
        steps.append((told.acknowledged_at, {"acknowledged_at": told.acknowledged_at, "state": State.ACKNOWLEDGED}))
    if told.judged_at:
        judged = {
            "judged_at": told.judged_at,
            "upheld": told.upheld,
            "severity": past.Severity(told.severity),
            "state": State.INVESTIGATING,
        }
        steps.append((told.judged_at, judged | ({"state": State.EXPLAINED} if told.state is State.EXPLAINED else {})))
    if told.resolved_at:
        steps.append((told.resolved_at, {"resolved_at": told.resolved_at, "state": State.RESOLVED}))
    elif told.state is State.WITHDRAWN:
        steps.append((told.closed_at, {"state": State.WITHDRAWN}))
    clocks: list[Watch] = []
    for at, known in steps:
        for clock in clocks:
            clock.tick(clock.runs_by(TRADE.knowledge), at)
        for name, value in known.items():
            setattr(it, name, value)
        clocks += [told for told in in_line(it, clocks, trade=TRADE, at=at) if isinstance(told, Watch)]
    for clock in clocks:
        clock.tick(clock.runs_by(TRADE.knowledge), NOW)
    return clocks


def said(clocks: list[Watch]) -> dict[str, Any]:
    return {clock.milestone: {name: getattr(clock, name) for name in SAME} for clock in clocks}


@settings(max_examples=150)
@given(lives())
def test_they_are_those_of_somebody_who_watched(told: Told) -> None:
    it = imported(told)
    stood = {name: value for name, value in it.__dict__.items() if name != "_sa_instance_state"}
    clocks = LIVES.of(it, NOW)
    assert {name: value for name, value in it.__dict__.items() if name != "_sa_instance_state"} == stood
    known = said(watched(told))
    if not (told.acknowledged_at or told.judged_at or told.state is State.RECEIVED):  # nobody says when they were told
        for each in (known, mine := said(clocks)):
            each.pop("acknowledgement", None)
        assert mine == known
    else:
        assert said(clocks) == known
    assert not any(clock.is_late for clock in clocks)


def test_of_what_nobody_wrote_down_no_clock_says_anything() -> None:
    ended = imported(Told("T-1", NOON, state="closed"))
    assert ended.undated and LIVES.of(ended, NOW) == []
    half = LIVES.of(imported(Told("T-1", NOON, state="closed", acknowledged_at=NOON + timedelta(hours=1))), NOW)
    assert [(it.milestone, it.state) for it in half] == [("acknowledgement", Running.MET)]
    handled = LIVES.of(imported(Told("T-1", NOON, state="investigating")), NOW)
    assert ("acknowledgement", Running.UNWATCHED) in [(it.milestone, it.state) for it in handled]
    assert LIVES.of(imported(Told("T-1", NOON, state="investigating", reopened=True)), NOW) == []
