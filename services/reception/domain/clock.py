"""By when somebody who asked has an answer, or the answer that was promised."""

from datetime import datetime
from typing import Any

from services.reception.domain import Memory, telling
from shared.clocks import clock
from shared.contracts import Event
from shared.contracts.reception import InquiryOverdue


class Watch(clock.Clock, Memory, table=True):
    """A clock. Kinds are locked in the order of their names: this one comes after what it watches, so whoever has that in hand sees all its clocks."""

    __table_args__ = clock.indexes()

    missed_as = InquiryOverdue

    def announced(self, contract: type[Event] | None, at: datetime, **more: Any) -> list[Event]:
        """And who at work is to hear of it."""
        return [*super().announced(contract, at, **more), *telling.of_milestone(self, contract)]

    def over(self, at: datetime) -> list[Event]:
        return [telling.of_end(self)]
