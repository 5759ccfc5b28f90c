"""A customer is to be erased: what a service notes down when it hears of it, so that from then on nothing more is kept of them.

What there is already may be more than a reaction can name, so a job takes it away (`shared/erasing.py`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.contracts.customers import ErasureRequested
from shared.entities import Entity, Timestamp
from shared.known import KnownCustomer
from shared.outcome import Outcome

Work = TypeVar("Work", bound="Erasing")
Kind = TypeVar("Kind", bound=KnownCustomer)


class Erasing(Entity):
    """One erasure, as far as this service goes. Each service has its own table; `erasing_open` finds what is not done."""

    __tablename__ = "erasing"
    erasure_id: UUID = Field(primary_key=True)
    customer_id: UUID
    customers: list[str] = Field(sa_type=JSONB)  # ids: this one, and those that turned out to be it
    unit: str
    requested_at: datetime = Field(sa_type=Timestamp)
    done: bool = False
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)
    searched: bool = False  # all that was parked has been looked through ...
    searched_to: UUID | None = None  # ... or what was parked up to here
    looked_at: datetime | None = Field(default=None, sa_type=Timestamp)  # when something was not at an end yet
    swept_at: datetime | None = Field(default=None, sa_type=Timestamp)  # when only files were left, which were all begun before
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    correlation: str | None = None

    def begin_again(self) -> None:
        """Whoever asks once more gets an answer once more; of what is not done yet, the one that is due."""
        if not self.done:
            return
        self.done, self.done_at, self.searched, self.searched_to, self.looked_at, self.swept_at = False, None, False, None, None, None


def ids_in(told: ErasureRequested) -> list[UUID]:
    return list(dict.fromkeys((told.customer_id, *told.merged)))


def take_on(
    erasings: type[Work], names: type[Kind], told: ErasureRequested, erasing: Work | None, known: Sequence[Kind], correlation: str | None
) -> Outcome:
    """`known` are the rows of these customers and of all their names. A name is theirs if it means one of them: the first one that a customer had
    may have moved on to another, of whom nothing is taken away."""
    ids, rows = {*ids_in(told)}, {row.id: row for row in known}
    for id in ids:
        rows.setdefault(id, names(id=id, customer_id=told.customer_id)).gone = True
    for row in rows.values():
        if row.customer_id in ids:
            row.erase()
    if erasing is None:
        erasing = erasings(
            erasure_id=told.erasure_id, customer_id=told.customer_id, customers=[str(id) for id in ids_in(told)], unit=told.unit,
            requested_at=told.requested_at, correlation=correlation,
        )  # fmt: skip
    else:
        erasing.begin_again()
    return [*rows.values(), erasing]
