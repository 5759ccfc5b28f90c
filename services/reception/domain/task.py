"""What somebody has to see to beside the inquiries themselves."""

from enum import StrEnum

from services.reception.domain import Memory
from shared.contracts.reception import NoticeRequested
from shared.todo import task


class Kind(StrEnum):
    OVERDUE = "overdue"  # a question has no answer in time, or not the promised one: see that it gets one  INQY-02, INQY-05, INQY-09


class Task(task.Task, Memory, table=True):
    __table_args__ = task.indexes()
    request = NoticeRequested
