"""What people at work are told of a complaint: what is about to be late and what is, and that it is somebody higher's now."""

from datetime import UTC, datetime

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.policy import Role
from shared.clocks.clock import Clock
from shared.contracts import Event
from shared.contracts.complaints import MilestoneAtRisk, MilestoneMissed, NoticeRequested
from shared.telling import request


def of_milestone(clock: Clock, said: type[Event] | None) -> list[Event]:
    """Whoever owes it is warned while there is time; what is missed is their supervisor's, at once."""
    if said not in (MilestoneAtRisk, MilestoneMissed):
        return []
    missed = said is MilestoneMissed
    return [
        request(
            NoticeRequested, "milestone_missed" if missed else "milestone_at_risk", clock.about, clock.milestone, clock.round, unit=clock.unit,
            to_role=Role.SUPERVISOR if missed else clock.owner, customer_id=clock.customer_id, due_at=clock.due_at.astimezone(UTC), urgent=missed,
            milestone=clock.milestone, round=clock.round, severity=clock.facts.get("severity"),
        )
    ]  # fmt: skip


def of_end(clock: Clock) -> Event:
    """It is met, or not owed any more: whoever was not told yet that it is late is not told."""
    return request(
        NoticeRequested, "milestone_over", clock.about, clock.milestone, clock.round, unit=clock.unit, to_role=clock.owner,
        customer_id=clock.customer_id, moot=True, milestone=clock.milestone, round=clock.round,
    )  # fmt: skip


def of_escalation(it: Complaint, to: Role, *, at: datetime) -> Event:
    """Somebody higher has it now, and should know at once.  CMPL-20, CMPL-27"""
    return request(
        NoticeRequested, "complaint_escalated", it.about, it.round, to, at, unit=it.unit, to_role=to, customer_id=it.customer_id, urgent=True,
        number=it.number, round=it.round,
    )  # fmt: skip


def of_withdrawal(it: Complaint) -> list[Event]:
    """Whoever was not told yet that they have it now is not told."""
    if it.escalated_to is None:
        return []
    return [
        request(
            NoticeRequested, "complaint_over", it.about, it.round, unit=it.unit, to_role=it.escalated_to, customer_id=it.customer_id, moot=True,
            number=it.number,
        )
    ]  # fmt: skip
