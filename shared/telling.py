"""How a rule asks that a member of staff be told something: it returns the event, and follow-up does the rest."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shared.contracts.telling import OfNoticeRequest
from shared.ids import made_of

Request = TypeVar("Request", bound=OfNoticeRequest)


def request(
    contract: type[Request],
    kind: str,
    about: str,
    *once: object,
    unit: str,
    to_staff: str | None = None,
    to_role: str | None = None,
    customer_id: UUID | None = None,
    due_at: datetime | None = None,
    urgent: bool = False,
    moot: bool = False,
    **facts: str | int | None,
) -> Request:
    """Tell them this of that, once: `once` is what makes it another telling of the same kind about the same thing (a round, a milestone, a person).
    `moot`: or do not tell them any more what still waits of it."""
    if not (to_staff or to_role):
        raise TypeError(f"{kind}: nobody is to be told")
    return contract(
        request_id=made_of("notice requested", kind, about, *once), kind=kind, about=about, unit=unit, to_staff=to_staff, to_role=to_role,
        customer_id=customer_id, due_at=due_at, urgent=urgent, moot=moot, facts={name: fact for name, fact in facts.items() if fact is not None},
    )  # fmt: skip
