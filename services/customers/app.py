"""Wires the customer file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.customers.domain import (
    Memory,
    disclosure,  # noqa: F401  a table that only HTTP works with
    erased,
)
from services.customers.domain.colleague import Colleague
from services.customers.domain.policy import Policy, Trade
from services.customers.domain.task import Task
from services.customers.jobs import clarifying, erasing
from services.customers.jobs.importing_customers import CUSTOMERS
from services.customers.jobs.importing_orders import ORDERS
from services.customers.listeners import customers, declarations, erasures, orders, staff
from services.customers.settings import Settings
from services.customers.store import erasures as erasures_known
from services.customers.store.gauges import gauges
from services.customers.store.tasks import TASKS
from shared import imports, profiles
from shared.database import transaction
from shared.imports import forgetting as imports_kept
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.settings import SettingsError
from shared.todo import going_back
from shared.units import Units


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("customers", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    erased.hold(means.settings.key_of_erasures() if isinstance(means.settings, Settings) else "")
    return {"trade": trade_of(means.units, means.config)}


async def is_the_same_key(means: Means) -> None:
    """With another key nobody who is erased would be known again."""
    async with transaction(means.engine) as session:
        if not await erasures_known.key_is_the_same(session):
            raise SettingsError(
                "CARELOOP_ERASURE_KEY is another than the one with which the names of erased customers are hashed in this database. Put that one back."
            )


def jobs(means: Means) -> Sequence[Job]:
    trade = trade_of(means.units, means.config)
    coming_in = imports.jobs(service.imports)
    return [clarifying.job(trade), *going_back.jobs(Colleague, [going_back.tasks(Task)]), *erasing.JOBS, history.job(trade), *coming_in]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.customers.api import consents as consents_api
    from services.customers.api import customers as customers_api
    from services.customers.api import disclosures as disclosures_api
    from services.customers.api import erasures as erasures_api
    from services.customers.api import orders as orders_api
    from services.customers.api import staff as staff_api
    from services.customers.api import unmasking
    from shared import audit_api, events_api, parked_api, profiles_api
    from shared.exports import api as exports_api
    from shared.imports import api as imports_api
    from shared.todo import api as todo_api

    return [
        customers_api.router,
        unmasking.router,
        consents_api.router,
        disclosures_api.router,
        erasures_api.router,
        orders_api.router,
        staff_api.router,
        todo_api.router(TASKS, Colleague),
        events_api.router,
        audit_api.router,
        *profiles_api.routers(service),
        *parked_api.routers,
        exports_api.router(sheets),
        *imports_api.routers(service.imports),
    ]


def sheets() -> Sequence[Any]:
    """Its registers as tables."""
    from services.customers.api.sheets import SHEETS

    return SHEETS


service = Service(
    name="customers",
    title="Careloop customers",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=Path(__file__).parent / "migrations",
    policy=Policy,
    routers=routers,
    sheets=sheets,
    imports=[CUSTOMERS, ORDERS],
    listeners=[orders.on, declarations.on, staff.on, customers.on, *erasures.LISTENERS],
    jobs=jobs,
    circumstances=circumstances,
    at_start=is_the_same_key,
    gauges=[gauges, TASKS.gauges, imports_kept.gauges],
)
