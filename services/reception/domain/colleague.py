"""Who works here, as the directory says it: our copy."""

from services.reception.domain import Memory
from shared import staff


class Colleague(staff.Colleague, Memory, table=True):
    __table_args__ = staff.indexes()
