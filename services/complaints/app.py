"""Wires complaints."""

from pathlib import Path

from services.complaints.domain import Memory
from services.complaints.settings import Settings
from shared import events_api, parked_api
from shared.service import Service

service = Service(
    name="complaints",
    title="Careloop complaints",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=Path(__file__).parent / "migrations",
    routers=[events_api.router, *parked_api.routers],
)
