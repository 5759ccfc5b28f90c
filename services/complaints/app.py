"""Wires complaints."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.complaints.domain import Memory
from services.complaints.domain.clock import Watch
from services.complaints.domain.policy import Policy, Trade
from services.complaints.listeners import contacts, followup, notes, reception
from services.complaints.settings import Settings
from services.complaints.store.gauges import gauges
from shared import following, profiles
from shared.clocks import firing
from shared.clocks.terms import by_milestones
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.units import Units

HERE = Path(__file__).parent


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("complaints", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units, means.config)}


def jobs(means: Means) -> Sequence[Job]:
    trade = trade_of(means.units, means.config)
    follow = following.job({
        "complaint": {"customer_id": "customer_id", "customer_known": "declared"},
        "task": {"customer_id": "customer_id"},
        "clock": {"customer_id": "customer_id"},
    })  # fmt: skip
    return [*firing.jobs(Watch, trade), follow, history.job(trade)]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.complaints.api import deadlines, intake, judging, search, settling, tasks
    from shared import deadlines_api, events_api, parked_api, profiles_api

    return [
        intake.router,
        search.router,
        judging.router,
        settling.router,
        deadlines.router,
        tasks.router,
        deadlines_api.register(Watch),
        events_api.router,
        *profiles_api.routers(service),
        *parked_api.routers,
    ]


service = Service(
    name="complaints",
    title="Careloop complaints",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=HERE / "migrations",
    policy=Policy,
    clock=Watch,
    in_force=by_milestones,
    routers=routers,
    listeners=[followup.on, reception.on, contacts.on, notes.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges, firing.gauges],
)
