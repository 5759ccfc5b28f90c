"""What any service says when a member of staff has to hear of something: each publisher has an event of this shape, on its own topic.

Follow-up owns all sending: it finds out who is there, by which way, when, and makes the words. So there are ids, codes and counts here, no words.
"""

from datetime import datetime
from uuid import UUID

from shared.contracts import Event


class OfNoticeRequest(Event):
    """Somebody at work is to be told: a person, or whoever has a role in the unit today. The same `request_id` is told once."""

    name = "notice.requested.v1"

    request_id: UUID  # made of what is told, so that the same said again is one
    kind: str  # milestone_at_risk, milestone_missed, complaint_escalated, inquiry_overdue, inquiry_handed_over, task_opened, task_assigned, ...
    about: str  # complaint:<id>, inquiry:<id>, call:<id>, notice:<id>, task:<id>, ...
    unit: str
    to_staff: str | None = None  # a staff id; where they can't be told, `to_role` is, if it is given
    to_role: str | None = None
    customer_id: UUID | None = None
    due_at: datetime | None = None  # by when it is to be done
    urgent: bool = False  # it waits for no digest
    moot: bool = False  # nothing is to be told any more: whatever waits of the same thing (and the same milestone) is not told
    facts: dict[str, str | int] = {}  # numbers, codes and counts that the words are made of: never a name, never an address

    @property
    def key(self) -> str:
        return str(self.customer_id or self.about.partition(":")[2])

    @property
    def subject(self) -> str:
        return str(self.request_id)

    @property
    def unit_of(self) -> str:
        return self.unit
