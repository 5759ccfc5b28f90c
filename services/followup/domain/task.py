"""What somebody has to see to beside the calls."""

from datetime import datetime
from enum import StrEnum

from services.followup.domain import Memory
from services.followup.domain.staff_notice import StaffNotice
from shared.contracts.telling import OfNoticeRequest
from shared.todo import task


class Kind(StrEnum):
    CARRIER = "carrier"  # something goes wrong with a shipment: talk to the carrier  ORDR-07
    NOT_TOLD = "not_told"  # no message reaches the customer: tell them by another way


class Task(task.Task, Memory, table=True):
    __table_args__ = task.indexes()

    @classmethod
    def asked(cls, told: OfNoticeRequest, at: datetime) -> StaffNotice:
        """Nothing travels inside a service."""
        return StaffNotice.of(told, at=at)
