"""What follow-up does when work was done for customers, or an order was lost: somebody asks them. Answers to surveys are registered and told."""

from datetime import datetime
from typing import Annotated

from services.followup.domain.call import ONCE, Call, Matter, Reason, call_id
from services.followup.domain.contact import Contact
from services.followup.domain.known_customer import KnownCustomer
from services.followup.domain.planning import ask_about_news
from services.followup.domain.policy import Trade
from services.followup.domain.satisfaction import codes_in, satisfaction_of, thing_in
from services.followup.domain.survey import Survey, answer_id
from shared.contracts.field_service import (
    FromService,
    InstallationCompleted,
    MeasurementCompleted,
    OrderLost,
    RepairCompleted,
    SurveyAnswered,
)
from shared.gate import Origin
from shared.ids import customer_of
from shared.known import whom
from shared.outcome import Outcome
from shared.reactions import Listener, one
from shared.units import Units

on = Listener("careloop.inbound.service")
THINGS = {MeasurementCompleted: "measurement", InstallationCompleted: "installation", RepairCompleted: "repair", OrderLost: "opportunity"}


def about(event: FromService) -> str:
    return f"{THINGS[type(event)]}:{event.subject}"


Known = Annotated[KnownCustomer | None, one(KnownCustomer, id=lambda event: customer_of(event.key))]
Answer = Annotated[Survey | None, one(Survey, id=lambda event: answer_id(event.key, event.survey_id, event.about))]
CallAboutIt = Annotated[Call | None, one(Call, id=lambda event: call_id(about(event), ONCE, event.key))]
ContactOfCustomer = Annotated[Contact | None, one(Contact, reference=lambda event: event.key, lock=False)]


def matter(event: FromService, reason: Reason, known: KnownCustomer | None, trade: Trade, origin: Origin) -> Matter:
    who, cause = whom(KnownCustomer, known, customer_of(event.key)), origin.cause
    unit = trade.units.name_of(origin.unit, who.unit)
    return Matter(about(event), ONCE, reason, who, unit, origin.source or "", cause.correlation, cause.trace, event.key)


@on(MeasurementCompleted)
def ask_what_they_need(
    event: MeasurementCompleted, call: CallAboutIt, contact: ContactOfCustomer, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """After somebody measured at the customer's, or designed with them.  FLUP-09, D-10"""
    measured = matter(event, Reason.MEASUREMENT_COMPLETED, known, trade, origin)
    return ask_about_news(call, measured, event.completed_at, contact, at, trade=trade)


@on(InstallationCompleted)
def ask_whether_it_was_installed_well(
    event: InstallationCompleted, call: CallAboutIt, contact: ContactOfCustomer, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """The time runs from the day on which the sheet is back, which a second event of the same job may tell.  FLUP-12"""
    if event.sheet_returned_at is None:
        return []
    installed = matter(event, Reason.INSTALLATION_COMPLETED, known, trade, origin)
    return ask_about_news(call, installed, event.sheet_returned_at, contact, at, trade=trade)


@on(RepairCompleted)
def ask_whether_it_works_again(
    event: RepairCompleted, call: CallAboutIt, contact: ContactOfCustomer, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """Also where the repair was in vain.  D-10"""
    repaired = matter(event, Reason.REPAIR_COMPLETED, known, trade, origin)
    return ask_about_news(call, repaired, event.completed_at, contact, at, trade=trade)


@on(OrderLost)
def ask_why_they_did_not_order(
    event: OrderLost, call: CallAboutIt, contact: ContactOfCustomer, known: Known, *, at: datetime, trade: Trade, origin: Origin
) -> Outcome:
    """The true reason, and whether they can be won back.  FLUP-10"""
    lost = matter(event, Reason.ORDER_LOST, known, trade, origin)
    return ask_about_news(call, lost, event.lost_at, contact, at, trade=trade)


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
