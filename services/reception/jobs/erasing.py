"""Takes away what reception keeps of customers who are erased: the words, who came, and the number of a call, which may be theirs."""

from services.reception.store.erasing import CALLS, VISITS, guests
from shared import erasing
from shared.contracts.reception import ErasureCompleted

TRACES = [erasing.TASK, erasing.NOTE, erasing.named("visits", VISITS), erasing.named("calls", CALLS)]
JOBS = erasing.jobs("reception", ErasureCompleted, TRACES, needles=guests)
