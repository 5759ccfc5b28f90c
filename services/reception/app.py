"""Wires reception."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.reception.domain import Memory
from services.reception.domain.clock import Watch
from services.reception.domain.policy import Policy, Trade
from services.reception.jobs import closing
from services.reception.listeners import calls, contacts, followup, notes
from services.reception.settings import Settings
from services.reception.store.gauges import gauges
from shared import following, profiles
from shared.clocks import firing
from shared.clocks.terms import by_milestones
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.units import Units

HERE = Path(__file__).parent
FOLLOWING = following.job({name: {"customer_id": "customer_id"} for name in ("visit", "inquiry", "clock")})


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("reception", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units, means.config)}


def jobs(means: Means) -> Sequence[Job]:
    trade = trade_of(means.units, means.config)
    return [closing.JOB, *firing.jobs(Watch, trade), FOLLOWING, history.job(trade)]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.reception.api import deadlines, inquiries, late_answers, visits
    from shared import deadlines_api, events_api, parked_api, profiles_api

    return [
        visits.router,
        inquiries.router,
        deadlines.router,
        late_answers.router,
        deadlines_api.register(Watch),
        events_api.router,
        *profiles_api.routers(service),
        *parked_api.routers,
    ]


service = Service(
    name="reception",
    title="Careloop reception",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=HERE / "migrations",
    policy=Policy,
    clock=Watch,
    in_force=by_milestones,
    routers=routers,
    listeners=[calls.on, contacts.on, followup.on, notes.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges, firing.gauges],
)
