"""Wires the customer file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.customers.domain import Memory
from services.customers.listeners import declarations, orders
from services.customers.settings import Settings
from services.customers.store.gauges import gauges
from shared.service import Service


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.customers.api import customers as customers_api
    from services.customers.api import orders as orders_api
    from shared import events_api, parked_api

    return [customers_api.router, orders_api.router, events_api.router, *parked_api.routers]


service = Service(
    name="customers",
    title="Careloop customers",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=Path(__file__).parent / "migrations",
    routers=routers,
    listeners=[orders.on, declarations.on],
    gauges=[gauges],
)
