"""Clocks of complaints, as they are looked for."""

from services.complaints.domain.clock import Watch
from shared.clocks.store import clocks_about

about = clocks_about(Watch)
