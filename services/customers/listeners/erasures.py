"""What the customer file does when a service keeps nothing of a customer any more: it notes the answer, also its own."""

from typing import Annotated

from services.customers.domain.erasure import Erasure
from shared.contracts import complaints, customers, followup, reception
from shared.contracts.erasing import OfErasureAnswer
from shared.outcome import Outcome
from shared.reactions import Listener, one

Asked = Annotated[Erasure | None, one(Erasure, id=lambda event: event.erasure_id)]


def note_the_answer(event: OfErasureAnswer, asked: Asked) -> Outcome:
    """Of an erasure that we do not know, or know to be over, nothing is to be noted."""
    if asked is None:
        return []
    asked.hear(event.service, event.counts, event.completed_at)
    return [asked]


LISTENERS = []
for publisher in (customers, complaints, followup, reception):
    on = Listener(publisher.ErasureCompleted.topic)
    on(publisher.ErasureCompleted)(note_the_answer)
    LISTENERS.append(on)
