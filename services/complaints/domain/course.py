"""The course of a complaint: the one table of places and steps. Everything that moves a complaint, by whatever door, asks it.  A14"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    JUDGED = "judged"
    EXPLAINED = "explained"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"  # the result was told; whether the customer agrees is not yet known
    ACCEPTED = "accepted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    ESCALATED = "escalated"


class Place(StrEnum):
    """A state as far as the next step is concerned: what was judged stands in one of two places."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    UPHELD = "judged and upheld"
    NOT_UPHELD = "judged and not upheld"
    EXPLAINED = "explained"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    ESCALATED = "escalated"


class Step(StrEnum):
    """What can be done with a complaint, by the name of its sub-resource."""

    ACKNOWLEDGEMENT = "acknowledgement"
    JUDGEMENT = "judgement"
    EXPLANATION = "explanation"
    RESOLUTION = "resolution"
    ACCEPTANCE = "acceptance"
    REOPENING = "reopening"
    CLOSING = "closing"
    WITHDRAWAL = "withdrawal"
    ESCALATION = "escalation"
    GIVING_UP = "giving up"  # nobody does this: follow-up could not reach the customer  FLUP-31


@dataclass(frozen=True, slots=True)
class Move:
    begins: tuple[Place, ...]
    ends: State


HANDLED = (
    Place.RECEIVED, Place.ACKNOWLEDGED, Place.UPHELD, Place.NOT_UPHELD, Place.EXPLAINED, Place.INVESTIGATING, Place.ESCALATED,
)  # fmt: skip
SETTLED = (Place.RESOLVED, Place.ACCEPTED, Place.CLOSED)

COURSE: Mapping[Step, Move] = {
    Step.ACKNOWLEDGEMENT: Move((Place.RECEIVED,), State.ACKNOWLEDGED),
    Step.JUDGEMENT: Move((Place.RECEIVED, Place.ACKNOWLEDGED), State.JUDGED),
    Step.EXPLANATION: Move((Place.NOT_UPHELD,), State.EXPLAINED),
    Step.RESOLUTION: Move((Place.UPHELD, Place.EXPLAINED, Place.INVESTIGATING, Place.ESCALATED), State.RESOLVED),
    Step.ACCEPTANCE: Move((Place.RESOLVED,), State.ACCEPTED),
    Step.REOPENING: Move(SETTLED, State.INVESTIGATING),  # and only within the profile's days
    Step.CLOSING: Move((Place.ACCEPTED,), State.CLOSED),  # nothing is closed before the customer was asked
    Step.WITHDRAWAL: Move(HANDLED, State.WITHDRAWN),
    Step.ESCALATION: Move(HANDLED, State.ESCALATED),
    Step.GIVING_UP: Move((Place.RESOLVED,), State.CLOSED),
}


def place_of(state: State, upheld: bool | None) -> Place:
    if state is State.JUDGED:
        return Place.UPHELD if upheld else Place.NOT_UPHELD
    return Place(state.value)
