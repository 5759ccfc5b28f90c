"""What comes of it that a customer was asked how content they are: here the loop closes, or begins again.  FLUP-08, FLUP-30, D-30"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.complaints.domain import steps
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import HANDLED, Step, place_of
from services.complaints.domain.intake import Intake, take_in
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.policy import Role, Trade
from services.complaints.domain.task import Kind, Task
from shared.ids import made_of
from shared.outcome import Outcome
from shared.todo.telling import opened

MOST_ANSWERS = 199  # surveys about one complaint that are remembered; so many that nobody has more
CATEGORY = "satisfaction"  # of complaints that come of an answer


class Said(StrEnum):
    SATISFIED = "satisfied"
    FAIR = "fair"
    DISSATISFIED = "dissatisfied"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a customer said, in a call or in a survey."""

    id: str  # of the call or the survey
    said: Said
    about: str  # complaint:<id>, visit:<id>, order:<id>, ...; where nothing is named, the call or survey itself
    round: int | None  # of the complaint, where a call asked
    at: datetime
    unit: str
    source: str
    aspects: Sequence[str] = ()
    call_id: UUID | None = None
    note_id: UUID | None = None
    correlation: str | None = None
    trace: str | None = None

    @property
    def complaint_id(self) -> UUID:
        """Of the complaint that may come of it: the same answer told twice makes one."""
        return made_of("complaint", self.id)


def hear(
    answer: Answer, complaint: Complaint | None, made: Complaint | None, whom: KnownCustomer, tasks: Sequence[Task], *, trade: Trade, at: datetime
) -> Outcome:  # fmt: skip
    """`complaint` is what the answer is about, `made` the one that came of the same answer before, `tasks` those about the same thing."""
    if complaint is not None and not is_theirs(complaint, answer, whom):
        complaint = None
    if complaint is not None and not is_news(complaint, answer):
        return []
    match answer.said:
        case Said.SATISFIED:
            return settle(complaint, answer)
        case Said.FAIR:
            task = task_of(answer, Kind.FAIR, Role.SUPERVISOR, complaint, whom, tasks, at)
            return [*settle(complaint, answer), *task]
        case Said.DISSATISFIED:
            if complaint is None or not complaint.allows(Step.REOPENING, answer.at):
                return [] if made else begin(answer, complaint, whom, trade)
            policy = trade.policy(complaint.unit)
            role = policy.dissatisfied.concerns(complaint.round)
            task = task_of(answer, Kind.DISSATISFIED, role, complaint, whom, tasks, at) if role else []
            again = steps.reopen(
                complaint, "dissatisfied", policy=policy, note_id=answer.note_id, by=None, at=answer.at, call_id=answer.call_id
            )
            return [*again, *task]


def is_theirs(complaint: Complaint, answer: Answer, whom: KnownCustomer) -> bool:
    """A call reaches the complaint's customer. A survey may name any complaint; what somebody else says of it is a matter of their own."""
    return answer.round is not None or whom.id == complaint.named_id or whom.customer_id == complaint.customer_id


def is_news(complaint: Complaint, answer: Answer) -> bool:
    """A call asks about one round. A survey asks about none: it speaks of the result that stands, if that was there when it was answered, once."""
    settled = place_of(complaint.state, complaint.upheld) not in HANDLED
    if answer.round is not None:
        return settled and answer.round == complaint.round
    if answer.id in complaint.answers:
        return False
    complaint.answers = [*complaint.answers[-MOST_ANSWERS:], answer.id]
    return settled and (complaint.resolved_at is None or complaint.resolved_at <= answer.at)


def settle(complaint: Complaint | None, answer: Answer) -> Outcome:
    """The customer was asked and does not object: as far as it is not settled yet, it is now."""
    if complaint is None:
        return []
    outcome: Outcome = []
    if complaint.allows(Step.ACCEPTANCE, answer.at):
        outcome += steps.accept(complaint, note_id=answer.note_id, by=None, at=answer.at, call_id=answer.call_id)
    if complaint.allows(Step.CLOSING, answer.at):
        outcome += steps.close(complaint, by=None, at=answer.at)
    return outcome


def begin(answer: Answer, before: Complaint | None, whom: KnownCustomer, trade: Trade) -> Outcome:
    """Whoever is not content has a complaint, also where nothing is left to be reopened.  FLUP-30"""
    told = Intake(
        id=answer.complaint_id, channel="phone" if answer.call_id else "survey", category=CATEGORY, received_at=answer.at, unit=answer.unit,
        source=answer.source, order_id=order_of(answer, before), follows=answer.about, note_id=answer.note_id, correlation=answer.correlation,
        trace=answer.trace,
    )  # fmt: skip
    return take_in(told, whom, trade=trade)


def order_of(answer: Answer, before: Complaint | None) -> str | None:
    if before is not None:
        return before.order_id
    kind, _, id = answer.about.partition(":")
    return id or None if kind == "order" else None


def task_of(
    answer: Answer, kind: Kind, role: Role, complaint: Complaint | None, whom: KnownCustomer, tasks: Sequence[Task], at: datetime
) -> Outcome:  # fmt: skip
    """One of a kind for each round of a complaint; of anything else one for each answer."""
    id = made_of("task", complaint.id, complaint.round, kind) if complaint else made_of("task", answer.id, kind)
    if any(task.id == id for task in tasks):
        return []
    told = {"aspects": list(answer.aspects)} | ({"round": complaint.round} if complaint else {})
    task = Task.open(
        id, kind, role=role, about=answer.about, unit=answer.unit, source=answer.source, at=at, named_id=whom.id, customer_id=whom.customer_id,
        facts=told, correlation=answer.correlation,
    )  # fmt: skip
    return [*opened(task, at), whom]
