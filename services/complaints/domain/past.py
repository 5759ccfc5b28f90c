"""Complaints of the past: they come as they stood, and nobody is told. Their clocks are those that would have run, had we watched them live.

What nobody wrote down is not made up: of a step without its moment no clock says that it was late, and none that it was in time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from services.complaints.domain.complaint import Authority, ClosedAs, Complaint, Severity
from services.complaints.domain.course import State
from services.complaints.domain.intake import number_of
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.note import Note
from services.complaints.domain.policy import Role, Trade
from shared.ids import customer_of, made_of
from shared.notes import jot

UNSAID = "other"  # the channel or category of what names none
SETTLED = frozenset((State.RESOLVED, State.ACCEPTED, State.CLOSED))
ENDED = SETTLED | {State.WITHDRAWN}
JUDGED = frozenset((State.JUDGED, State.EXPLAINED))
STEPS = ("occurred_at", "acknowledged_at", "judged_at", "resolved_at", "closed_at")  # in the order in which they are taken
TAKEN = {
    "occurred_at": "received", "acknowledged_at": "acknowledged", "judged_at": "judged", "resolved_at": "resolved", "closed_at": "closed",
}  # fmt: skip
MOMENTS = ("acknowledged_at", "judged_at", "resolved_at", "closed_at")
WORDS = ("content", "expected_remedy", "result")  # what somebody said
PLAIN = ("order_id", "product", "department", "cause", "upheld")  # facts that are columns of the same name


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is told of a complaint does not go together."""

    message: str
    fix: str
    field: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says of a complaint; what it does not say is None."""

    id: str
    occurred_at: datetime
    customer_id: str | None = None
    unit: str | None = None
    number: str | None = None
    channel: str | None = None
    category: str | None = None
    order_id: str | None = None
    product: str | None = None
    department: str | None = None
    cause: str | None = None
    severity: str | None = None
    state: str | None = None
    acknowledged_at: datetime | None = None
    judged_at: datetime | None = None
    upheld: bool | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    closed_as: str | None = None
    reopened: bool | None = None
    compensation: Decimal | None = None
    currency: str | None = None
    content: str | None = None
    expected_remedy: str | None = None
    result: str | None = None

    @property
    def stands(self) -> State:
        """Where it says, or as far as its moments tell."""
        if self.state:
            return State(self.state)
        if self.closed_at:
            return State.CLOSED
        if self.resolved_at or self.result:
            return State.RESOLVED
        if self.judged_at and self.upheld is not None:
            return State.JUDGED
        return State.ACKNOWLEDGED if self.acknowledged_at else State.RECEIVED


def complaint_id(system: str, reference: str) -> UUID:
    """The same system's complaint is the same complaint, whichever file tells of it."""
    return made_of("imported complaint", system, reference)


def named_id(system: str, told: Told) -> UUID:
    """Whom it is about. Of a complaint that names nobody the customer is whoever made it."""
    return customer_of(f"{system}/{told.customer_id or f'complaint:{told.id}'}")


def contradictions(told: Told, at: datetime) -> Iterator[Contradiction]:
    """All of them: whoever mends the row mends it once."""
    said = [(name, moment) for name in STEPS if (moment := getattr(told, name))]
    for name, moment in said:
        if moment > at:
            yield Contradiction(f"It can't have been {TAKEN[name]} at a time that is still to come.", "Write when that was.", field=name)
    for (before, earlier), (name, moment) in pairwise(said):
        if moment < earlier:
            why = f"It can't have been {TAKEN[name]} before it was {TAKEN[before]}."
            yield Contradiction(why, "Mend one of the two times, or leave this one empty.", field=name)
    stands = told.stands
    if told.resolved_at and stands not in SETTLED:
        why = f"It has a time at which it was resolved, and its state is {stands}."
        yield Contradiction(why, "Write resolved, accepted or closed, or leave that time empty.", field="state")
    if told.closed_at and stands not in (State.CLOSED, State.WITHDRAWN):
        why = f"It has a time at which it was closed, and its state is {stands}."
        yield Contradiction(why, "Write closed or withdrawn, or leave that time empty.", field="state")
    if stands in JUDGED and told.upheld is None:
        yield Contradiction(f"It is {stands}, and nothing says whether it was upheld.", "Write yes or no.", field="upheld")
    if told.compensation is not None and stands not in SETTLED:
        why = "There is a compensation and no result yet."
        yield Contradiction(why, "Write resolved, accepted or closed as its state, or leave the compensation empty.", field="compensation")
    if told.compensation is not None and told.compensation < 0:
        yield Contradiction("A compensation is not negative.", "Write what the customer was given.", field="compensation")


def facts(told: Told, system: str, unit: str, whom: KnownCustomer, *, trade: Trade) -> dict[str, Any]:
    """The columns of the complaint. Nobody says that the customer of a closed one agreed: then it is closed as one who could not be asked."""
    stands, id = told.stands, complaint_id(system, told.id)
    settled, judged = stands in SETTLED, stands in JUDGED or told.upheld is not None
    last = max(moment for name in STEPS if (moment := getattr(told, name)))
    resolved_at = (told.resolved_at or told.closed_at or last) if settled else None
    paid = told.compensation if settled else None
    return {
        "id": id, "number": told.number or number_of(id, told.occurred_at, trade.unit(unit)), "state": stands, "round": 2 if told.reopened else 1,
        "severity": Severity(told.severity) if told.severity else Severity.ORDINARY if judged else None,
        "named_id": whom.id, "customer_id": whom.customer_id, "customer_known": whom.declared, "unit": unit, "source": system, "reference": told.id,
        "category": told.category or UNSAID, "channel": told.channel or UNSAID, "received_at": told.occurred_at,
        **{name: getattr(told, name) for name in PLAIN},
        "acknowledged_at": told.acknowledged_at, "judged_at": told.judged_at, "closed_at": told.closed_at, "resolved_at": resolved_at,
        "undated": stands in ENDED and not (told.closed_at or told.resolved_at),
        "reopenable_until": resolved_at + trade.policy(unit).reopening if resolved_at else None, "authority": Authority.OWN if settled else None,
        "compensation_amount": paid, "compensation_currency": None if paid is None else told.currency or trade.unit(unit).currency,
        "escalated_to": Role.SUPERVISOR if stands is State.ESCALATED else None,
        "closed_as": ClosedAs(told.closed_as or ClosedAs.UNREACHABLE) if stands is State.CLOSED else None,
    }  # fmt: skip


def told_of(it: Complaint, words: Mapping[str, str]) -> Told:
    """What a row would have to say for it to stand as it does; the customer apart, whom only their own system can name."""
    more: dict[str, Any] = {name: getattr(it, name) for name in PLAIN} | {kind: words.get(kind) for kind in WORDS}
    return Told(
        id=it.reference or "", occurred_at=it.received_at, unit=it.unit, number=it.number, channel=it.channel, category=it.category,
        severity=it.severity, state=it.state, acknowledged_at=it.acknowledged_at, judged_at=it.judged_at,
        resolved_at=None if it.undated or it.resolved_at == it.closed_at else it.resolved_at, closed_at=it.closed_at, closed_as=it.closed_as,
        reopened=it.round > 1, compensation=it.compensation_amount, currency=it.compensation_currency,
        **more,
    )  # fmt: skip


def merged(before: Told, values: Mapping[str, Any]) -> Told:
    """What is told anew, beside what was told before and stays. Where it stands follows from its moments, if these are told anew and it is not."""
    again: dict[str, Any] = (
        {"state": None} if "state" not in values and not values.keys().isdisjoint((*MOMENTS, "upheld", "result")) else {}
    )
    return replace(before, **again, **values)


def words(it: Complaint, whom: KnownCustomer, told: Told) -> list[Note]:
    """What was said, as notes of ours; of somebody who is erased, nothing. Nobody else is told."""
    if whom.erased:
        return []
    at = {"result": it.resolved_at}
    return [
        note for kind in WORDS
        if (note := jot(Note, getattr(told, kind), of=it, about=it.about, kind=kind, at=at.get(kind) or it.received_at, by=None))
    ]  # fmt: skip
