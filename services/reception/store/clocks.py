"""Clocks of inquiries, as they are looked for."""

from services.reception.domain.clock import Watch
from shared.clocks.store import clocks_about

about = clocks_about(Watch)
