"""Wires reception."""

from pathlib import Path

from services.reception.domain import Memory
from services.reception.settings import Settings
from shared import events_api, parked_api
from shared.service import Service

service = Service(
    name="reception",
    title="Careloop reception",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=Path(__file__).parent / "migrations",
    routers=[events_api.router, *parked_api.routers],
)
