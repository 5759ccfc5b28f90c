"""Wires complaints."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.complaints.domain import Memory
from services.complaints.domain.clock import Watch
from services.complaints.domain.colleague import Colleague
from services.complaints.domain.policy import Policy, Role, Trade
from services.complaints.domain.task import Kind, Task
from services.complaints.jobs import chores, erasing
from services.complaints.listeners import contacts, erasures, followup, notes, reception, staff
from services.complaints.settings import Settings
from services.complaints.store.gauges import gauges
from services.complaints.store.tasks import TASKS
from shared import following, profiles
from shared.clocks import firing
from shared.clocks.terms import by_milestones
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.todo import going_back, overdue
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
        "clock": {"customer_id": "customer_id"},
        "task": {"customer_id": "customer_id"},  # after the clocks: one may be made of a clock that was not in line
        "note": {"customer_id": "customer_id"},  # and after what they are about
    })  # fmt: skip
    return [
        *firing.jobs(Watch, trade),
        overdue.job("complaints", Watch, Task, Kind.MILESTONE_MISSED, lambda _: Role.SUPERVISOR),
        chores.JOB,
        *going_back.jobs(Colleague, [going_back.tasks(Task)]),
        follow,
        *erasing.JOBS,
        history.job(trade),
    ]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.complaints.api import deadlines, intake, judging, search, settling, unmasking
    from shared import audit_api, deadlines_api, events_api, parked_api, profiles_api
    from shared.todo import api as todo_api

    return [
        intake.router,
        search.router,
        judging.router,
        settling.router,
        unmasking.router,
        deadlines.router,
        todo_api.router(TASKS, Colleague),
        deadlines_api.register(Watch),
        events_api.router,
        audit_api.router,
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
    listeners=[followup.on, reception.on, contacts.on, notes.on, staff.on, erasures.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges, firing.gauges, TASKS.gauges],
)
