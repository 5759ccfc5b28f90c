"""Wires complaints."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.complaints.domain import Memory
from services.complaints.domain.policy import Policy, Trade
from services.complaints.listeners import contacts, followup, notes, reception
from services.complaints.settings import Settings
from services.complaints.store.gauges import gauges
from shared import following, profiles
from shared.service import Job, Means, Service
from shared.units import Units

HERE = Path(__file__).parent


def trade_of(units: Units) -> Trade:
    """Every unit with its policy."""
    return profiles.read(HERE / "profiles", Policy, units)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units)}


def jobs(_: Means) -> Sequence[Job]:
    return [
        following.job({
            "complaint": {"customer_id": "customer_id", "customer_known": "declared"},
            "task": {"customer_id": "customer_id"},
        })
    ]  # fmt: skip


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.complaints.api import intake, judging, search, settling, tasks
    from shared import events_api, parked_api

    return [intake.router, search.router, judging.router, settling.router, tasks.router, events_api.router, *parked_api.routers]


service = Service(
    name="complaints",
    title="Careloop complaints",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=HERE / "migrations",
    routers=routers,
    listeners=[followup.on, reception.on, contacts.on, notes.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges],
)
