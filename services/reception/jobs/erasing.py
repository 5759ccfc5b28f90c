"""Takes away what reception keeps of customers who are erased: the words, and who came."""

from services.reception.store.erasing import VISITS, guests
from shared import erasing
from shared.contracts.reception import ErasureCompleted

JOBS = erasing.jobs("reception", ErasureCompleted, [erasing.NOTE, erasing.rows("visits", VISITS)], needles=guests)
