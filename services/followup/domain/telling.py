"""What people at work are told of a call. Nothing travels inside a service: the rule that hears the requests of others hears ours at once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.followup.domain.call import Call
from services.followup.domain.staff_notice import StaffNotice, requested
from shared.clocks.clock import Clock
from shared.contracts import Event
from shared.contracts.followup import CallOverdue
from shared.contracts.telling import OfNoticeRequest
from shared.outcome import Outcome
from shared.telling import request

SUPERVISOR = "supervisor"


def of_milestone(clock: Clock, said: type[Event] | None, at: datetime) -> list[Any]:
    """A customer whom nobody asked in time is a supervisor's, at once.  FLUP-06"""
    if said is not CallOverdue:
        return []
    owed = clock.due_at.astimezone(UTC)
    told = request(
        OfNoticeRequest, "call_overdue", clock.about, clock.milestone, unit=clock.unit, to_role=SUPERVISOR, customer_id=clock.customer_id, due_at=owed,
        urgent=True, milestone=clock.milestone,
    )  # fmt: skip
    return requested(told, at=at, correlation=clock.correlation)


def is_moot(notice: StaffNotice, calls: Mapping[str, Call]) -> bool:
    """Nobody has to ask any more; or not they."""
    call = calls.get(notice.about)
    return call is not None and (not call.waits or notice.to_staff not in (None, call.assigned_to))


def of_assignment(call: Call, to: str, before: str | None, *, by: str, at: datetime) -> Outcome:
    """Somebody else gave it to them, who did not have it `before`; whoever takes it themselves knows."""
    if to in (by, before):
        return []
    told = request(
        OfNoticeRequest, "call_assigned", f"call:{call.id}", to, at, unit=call.unit, to_staff=to, customer_id=call.customer_id, due_at=call.due_at,
        of=call.about,
    )  # fmt: skip
    return requested(told, at=at, correlation=call.correlation)
