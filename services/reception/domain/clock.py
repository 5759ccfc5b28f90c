"""By when somebody who asked has an answer, or the answer that was promised."""

from services.reception.domain import Memory
from shared.clocks import clock
from shared.contracts.reception import InquiryOverdue


class Clock(clock.Clock, Memory, table=True):
    __table_args__ = clock.indexes()

    missed_as = InquiryOverdue
