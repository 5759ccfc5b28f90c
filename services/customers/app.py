"""Wires the customer file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.customers.domain import Memory
from services.customers.domain.policy import Policy, Trade
from services.customers.listeners import declarations, orders
from services.customers.settings import Settings
from services.customers.store.gauges import gauges
from shared import profiles
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.units import Units


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("customers", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units, means.config)}


def jobs(means: Means) -> Sequence[Job]:
    return [history.job(trade_of(means.units, means.config))]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.customers.api import customers as customers_api
    from services.customers.api import orders as orders_api
    from shared import events_api, parked_api, profiles_api

    return [customers_api.router, orders_api.router, events_api.router, *profiles_api.routers(service), *parked_api.routers]


service = Service(
    name="customers",
    title="Careloop customers",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=Path(__file__).parent / "migrations",
    policy=Policy,
    routers=routers,
    listeners=[orders.on, declarations.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges],
)
