"""What people at work are told of an inquiry: that nobody answered in time, and that it was handed to them."""

from datetime import UTC
from uuid import UUID

from shared.clocks.clock import Clock
from shared.contracts import Event
from shared.contracts.reception import InquiryOverdue, NoticeRequested
from shared.telling import request

SPECIALIST, SUPERVISOR = "specialist", "supervisor"


def of_milestone(clock: Clock, said: type[Event] | None) -> list[Event]:
    """What is owed and late is a supervisor's, at once.  INQY-02, INQY-05"""
    if said is not InquiryOverdue:
        return []
    return [
        request(
            NoticeRequested, "inquiry_overdue", clock.about, clock.milestone, clock.round, unit=clock.unit, to_role=SUPERVISOR,
            customer_id=clock.customer_id, due_at=clock.due_at.astimezone(UTC), urgent=True, milestone=clock.milestone, round=clock.round,
        )
    ]  # fmt: skip


def of_end(clock: Clock) -> Event:
    """It is answered, or not ours any more: whoever was not told yet that it is late is not told."""
    return request(
        NoticeRequested, "milestone_over", clock.about, clock.milestone, clock.round, unit=clock.unit, to_role=SUPERVISOR,
        customer_id=clock.customer_id, moot=True, milestone=clock.milestone, round=clock.round,
    )  # fmt: skip


def of_hand_over(about: str, customer_id: UUID, unit: str) -> Event:
    """Those who handle complaints have it now.  INQY-11"""
    return request(NoticeRequested, "inquiry_handed_over", about, unit=unit, to_role=SPECIALIST, customer_id=customer_id)
