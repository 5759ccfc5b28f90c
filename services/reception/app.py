"""Wires reception."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.reception.domain import Memory
from services.reception.domain.policy import Policy, Trade
from services.reception.jobs import closing
from services.reception.listeners import calls, contacts, followup, notes
from services.reception.settings import Settings
from services.reception.store.gauges import gauges
from shared import following, profiles
from shared.service import Job, Means, Service
from shared.units import Units

HERE = Path(__file__).parent
FOLLOWING = following.job({"visit": {"customer_id": "customer_id"}, "inquiry": {"customer_id": "customer_id"}})


def trade_of(units: Units) -> Trade:
    """Every unit with its policy."""
    return profiles.read(HERE / "profiles", Policy, units)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units)}


def jobs(_: Means) -> Sequence[Job]:
    return [closing.JOB, FOLLOWING]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.reception.api import inquiries, late_answers, visits
    from shared import events_api, parked_api

    return [visits.router, inquiries.router, late_answers.router, events_api.router, *parked_api.routers]


service = Service(
    name="reception",
    title="Careloop reception",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=HERE / "migrations",
    routers=routers,
    listeners=[calls.on, contacts.on, followup.on, notes.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges],
)
