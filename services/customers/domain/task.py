"""What somebody has to see to."""

from enum import StrEnum

from services.customers.domain import Memory
from shared.contracts.customers import NoticeRequested
from shared.todo import task


class Kind(StrEnum):
    CLARIFY = "clarify"  # an order lacks something that the customer has to say: ask them  ORDR-02
    ERASURE = "erasure"  # somebody asked that a customer be erased: approve or refuse it  CUST-20


class Task(task.Task, Memory, table=True):
    __table_args__ = task.indexes()
    request = NoticeRequested
    decided_elsewhere = frozenset({Kind.ERASURE.value})
