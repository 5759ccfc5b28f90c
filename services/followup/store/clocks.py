"""Clocks of calls, as they are looked for."""

from services.followup.domain.clock import Watch
from shared.clocks.store import clocks_about

about = clocks_about(Watch)
