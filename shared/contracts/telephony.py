"""What the telephone system tells: who was answered and who was not."""

from enum import StrEnum

from shared.contracts import CustomerReference, Event, Id, Text, Ts
from shared.contracts.values import Count, Phone, Seconds


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MissedReason(StrEnum):
    ABANDONED = "abandoned"
    NO_AGENT = "no_agent"
    CLOSED = "closed"
    BUSY = "busy"


class CallEvent(Event):
    """Something about one telephone call. Its caller is a number or a customer, or not known."""

    topic = "careloop.inbound.calls"
    subject_in = "call_id"
    moment_in = "started_at"
    is_over = True
    call_id: Id
    started_at: Ts
    ring_seconds: Seconds | None = None
    queue: Text | None = None
    caller_number: Phone | None = None
    customer: CustomerReference | None = None

    @property
    def key(self) -> str:
        return self.call_id


class CallAnswered(CallEvent):
    """Somebody took it."""

    name = "call.answered.v1"
    direction: Direction
    answered_at: Ts
    agent_id: Id
    ring_count: Count | None = None
    ended_at: Ts | None = None
    task_id: Id | None = None


class CallMissed(CallEvent):
    """Nobody took it."""

    name = "call.missed.v1"
    ended_at: Ts
    reason: MissedReason


EVENTS = CallAnswered, CallMissed
