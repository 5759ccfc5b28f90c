"""What follow-up does when a customer answers a survey: the answer is registered and told, once, however old it is."""

from datetime import datetime
from typing import Annotated

from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.satisfaction import codes_in, satisfaction_of, thing_in
from services.followup.domain.survey import Survey, answer_id
from shared.contracts.field_service import SurveyAnswered
from shared.gate import Origin
from shared.ids import customer_of
from shared.known import whom
from shared.outcome import Outcome
from shared.reactions import Listener, one
from shared.units import Units

on = Listener("careloop.inbound.service")

Known = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: customer_of(event.key))]
Answer = Annotated[Survey | None, one(Survey, id=lambda event: answer_id(event.key, event.survey_id, event.about))]


@on(SurveyAnswered)
def register_the_answer(
    event: SurveyAnswered, known: Known, answer: Answer, *, at: datetime, units: Units, origin: Origin
) -> Outcome:  # fmt: skip
    """The first telling of an answer holds; what becomes of a bad one, others decide.  FLUP-08, FLUP-30, D-30"""
    if answer:
        return []
    who = whom(KnownCustomer, known, customer_of(event.key))
    answer = Survey(
        id=answer_id(event.key, event.survey_id, event.about), survey_id=event.survey_id, about=thing_in(event.about), named_id=who.id,
        customer_id=who.customer_id, unit=units.name_of(origin.unit, who.unit), source=origin.source or "", satisfaction=satisfaction_of(event.score),
        score=event.score, aspects=codes_in(event.aspects), answered_at=event.answered_at, registered_at=at, correlation=origin.cause.correlation,
        trace=origin.cause.trace,
    )  # fmt: skip
    return [who, answer, answer.reported()]
