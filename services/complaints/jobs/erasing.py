"""Takes away what complaints keeps of customers who are erased: the words; and nobody has to see to them any more."""

from shared import erasing
from shared.contracts.complaints import ErasureCompleted
from shared.imports import forgetting as imports

JOBS = erasing.jobs("complaints", ErasureCompleted, [erasing.TASK, erasing.NOTE, *imports.TRACES])
