"""Takes away what complaints keeps of customers who are erased: the words."""

from shared import erasing
from shared.contracts.complaints import ErasureCompleted

JOBS = erasing.jobs("complaints", ErasureCompleted, [erasing.NOTE])
