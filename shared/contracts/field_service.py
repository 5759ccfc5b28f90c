"""What field service, laboratory, sales, memberships and surveys tell: work that was done for a customer, and what they said of it."""

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from shared.contracts import AboutCustomer, Anything, Day, Id, Money, Name, Text, Ts
from shared.contracts.values import OneToFive


class RepairOutcome(StrEnum):
    FIXED = "fixed"
    PARTLY = "partly"
    NOT_FIXED = "not_fixed"


class MeasurementKind(StrEnum):
    MEASUREMENT = "measurement"
    DESIGN_MEETING = "design_meeting"


class LossReason(StrEnum):
    PRICE = "price"
    DELIVERY = "delivery"
    QUALITY = "quality"
    COMPETITOR = "competitor"
    NO_BUDGET = "no_budget"
    NO_ANSWER = "no_answer"
    OTHER = "other"


class FromService(AboutCustomer):
    """Whatever travels on the topic of service."""

    topic = "careloop.inbound.service"


class InstallationCompleted(FromService):
    """It stands at the customer's. The sheet that comes back may be told by a second event."""

    name = "installation.completed.v1"
    subject_in = "job_id"
    moment_in = "completed_at"
    job_id: Id
    completed_at: Ts
    order_id: Id | None = None
    project_id: Id | None = None
    sheet_number: Text | None = None
    sheet_returned_at: Ts | None = None
    accepted: bool | None = None

    @model_validator(mode="after")
    def says_for_what(self) -> Self:
        if self.order_id is None and self.project_id is None:
            raise ValueError("One of order_id and project_id is required.")
        return self


class RepairCompleted(FromService):
    """A repair is over, well or not."""

    name = "repair.completed.v1"
    subject_in = "repair_order_id"
    moment_in = "completed_at"
    repair_order_id: Id
    completed_at: Ts
    outcome: RepairOutcome
    careloop_request_id: Id | None = None
    fee: Money | None = None
    in_free_scope: bool | None = None


class MeasurementCompleted(FromService):
    """Somebody measured at the customer's, or designed with them."""

    name = "measurement.completed.v1"
    subject_in = "appointment_id"
    moment_in = "completed_at"
    appointment_id: Id
    kind: MeasurementKind
    completed_at: Ts
    designer_id: Id | None = None


class OrderLost(FromService):
    """The customer did not order."""

    name = "order.lost.v1"
    subject_in = "opportunity_id"
    moment_in = "lost_at"
    opportunity_id: Id
    lost_at: Ts
    reason: LossReason
    value: Money | None = None


class TestReportIssued(FromService):
    """The laboratory gave its report. The appeal's days run from its receipt; where that is absent, staff record it."""

    __test__ = False  # no test case, whatever pytest makes of the name
    name = "test_report.issued.v1"
    subject_in = "report_id"
    moment_in = "issued_at"
    report_id: Id
    report_number: Name
    issued_at: Ts
    tester_ids: list[Id]
    received_at: Ts | None = None
    sample_ids: list[Id] | None = None
    replaces_report_number: Text | None = None


class SurveyAnswered(FromService):
    """The customer said how content they are."""

    name = "survey.answered.v1"
    subject_in = "survey_id"
    moment_in = "answered_at"
    is_over = True
    survey_id: Id
    answered_at: Ts
    score: OneToFive
    about: Text | None = None
    aspects: list[Id] | None = None


class MembershipExpiring(FromService):
    """A membership will end on a day."""

    name = "membership.expiring.v1"
    subject_in = "membership_id"
    membership_id: Id
    expires_on: Day
    level: Text | None = None
    renewal_options: Anything = None


EVENTS = (
    InstallationCompleted, RepairCompleted, MeasurementCompleted, OrderLost, TestReportIssued, SurveyAnswered, MembershipExpiring,
)  # fmt: skip
