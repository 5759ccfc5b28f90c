"""What reception does when a customer was asked how content they are."""

from typing import Annotated

from services.reception.domain.visit import Visit
from shared.contracts.followup import SatisfactionReported
from shared.ids import id_in
from shared.outcome import Outcome
from shared.reactions import Listener, one

on = Listener("careloop.followup")


VisitInQuestion = Annotated[Visit | None, one(Visit, id=lambda event: id_in(event.about, "visit"))]


@on(SatisfactionReported)
def note_that_they_were_asked(event: SatisfactionReported, visit: VisitInQuestion) -> Outcome:
    """The last that reception does about a visit.  FLUP-25"""
    if visit is None:
        return []
    visit.call_back()
    return [visit]
