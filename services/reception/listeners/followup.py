"""What reception does when a customer was asked how content they are."""

from typing import Annotated
from uuid import UUID

from services.reception.domain.visit import Visit
from shared.contracts.followup import SatisfactionReported
from shared.outcome import Outcome
from shared.reactions import Listener, one

on = Listener("careloop.followup")


def visit_in(about: str | None) -> UUID | None:
    kind, _, id = (about or "").partition(":")
    try:
        return UUID(id) if kind == "visit" else None
    except ValueError:
        return None


VisitInQuestion = Annotated[Visit | None, one(Visit, id=lambda event: visit_in(event.about))]


@on(SatisfactionReported)
def note_that_they_were_asked(event: SatisfactionReported, visit: VisitInQuestion) -> Outcome:
    """The last that reception does about a visit.  FLUP-25"""
    if visit is None:
        return []
    visit.call_back()
    return [visit]
