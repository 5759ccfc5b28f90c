"""What complaints does when follow-up has asked a customer, or could not."""

from datetime import datetime
from typing import Annotated

from services.complaints.domain import steps
from services.complaints.domain.answers import Answer, Said, hear
from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import Step
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.policy import Trade
from services.complaints.domain.task import Task
from services.complaints.domain.timekeeping import in_time
from shared import known
from shared.contracts.followup import CallUnreachable, SatisfactionReported
from shared.gate import Origin
from shared.ids import id_in, made_of
from shared.outcome import Outcome
from shared.reactions import Listener, every, one

on = Listener("careloop.followup")


def matter(event: SatisfactionReported) -> str:
    """What it is about, as we name it; nothing in particular is the survey or the call itself."""
    if complaint := id_in(event.about, "complaint"):
        return f"complaint:{complaint}"
    return event.about or f"{'call' if event.call_id else 'survey'}:{event.subject}"


Asked = Annotated[Complaint | None, one(Complaint, id=lambda event: id_in(event.about, "complaint"))]
ClocksOfAsked = Annotated[list[Watch], every(Watch, about=matter)]
Made = Annotated[Complaint | None, one(Complaint, id=lambda event: made_of("complaint", event.subject))]
Whom = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: event.customer_id)]
TasksAbout = Annotated[list[Task], every(Task, about=matter)]


@on(SatisfactionReported)
def hear_what_they_say(
    event: SatisfactionReported,
    asked: Asked,
    clocks: ClocksOfAsked,
    made: Made,
    whom: Whom,
    tasks: TasksAbout,
    *,
    at: datetime,
    trade: Trade,
    origin: Origin,
) -> Outcome:
    """Content: it is closed. Not quite: a supervisor looks into it. Not at all: it begins again, or a complaint begins.  CMPL-14, FLUP-30, D-30"""
    answer = Answer(
        id=event.subject, said=Said(event.satisfaction.value), about=matter(event), round=event.round, at=event.reported_at, unit=event.unit,
        source=origin.source or "", aspects=event.aspects, call_id=event.call_id, note_id=event.note_id, correlation=origin.cause.correlation,
        trace=origin.cause.trace,
    )  # fmt: skip
    heard = hear(answer, asked, made, known.whom(KnownCustomer, whom, event.customer_id), tasks, trade=trade, at=at)
    return in_time(heard, asked, clocks, trade=trade, at=at)


@on(CallUnreachable)
def close_what_nobody_answers(event: CallUnreachable, asked: Asked) -> Outcome:
    """The mark says that nobody was reached.  FLUP-31"""
    if asked is None or asked.round != event.round or not asked.allows(Step.GIVING_UP, event.unreachable_at):
        return []
    return steps.give_up(asked, at=event.unreachable_at)
