"""Wires reception."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.reception.domain import Memory
from services.reception.domain.clock import Watch
from services.reception.domain.colleague import Colleague
from services.reception.domain.policy import Policy, Trade
from services.reception.domain.task import Kind, Task
from services.reception.jobs import closing, erasing
from services.reception.listeners import calls, contacts, erasures, followup, notes, staff
from services.reception.settings import Settings
from services.reception.store.counting import COUNTING
from services.reception.store.gauges import gauges
from services.reception.store.tasks import TASKS
from shared import following, profiles
from shared.clocks import firing
from shared.clocks.terms import by_milestones
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.todo import going_back, overdue
from shared.units import Units

HERE = Path(__file__).parent
FOLLOWING = following.job({name: {"customer_id": "customer_id"} for name in ("visit", "inquiry", "clock", "task", "note")})


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("reception", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units, means.config)}


def jobs(means: Means) -> Sequence[Job]:
    trade = trade_of(means.units, means.config)
    return [
        closing.JOB,
        *firing.jobs(Watch, trade),
        overdue.job("reception", Watch, Task, Kind.OVERDUE, lambda late: late.owner),
        *going_back.jobs(Colleague, [going_back.tasks(Task)]),
        FOLLOWING,
        *erasing.JOBS,
        history.job(trade),
    ]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.reception.api import deadlines, form, inquiries, late_answers, unmasking, visits
    from shared import audit_api, deadlines_api, events_api, parked_api, profiles_api
    from shared.exports import api as exports_api
    from shared.todo import api as todo_api

    return [
        visits.router,
        form.router,
        inquiries.router,
        *unmasking.routers,
        deadlines.router,
        late_answers.router,
        todo_api.router(TASKS, Colleague),
        deadlines_api.register(Watch),
        events_api.router,
        audit_api.router,
        *profiles_api.routers(service),
        *parked_api.routers,
        exports_api.router(sheets),
    ]


def sheets() -> Sequence[Any]:
    """Its registers as tables."""
    from services.reception.api.sheets import SHEETS

    return SHEETS


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
    sheets=sheets,
    listeners=[calls.on, contacts.on, followup.on, notes.on, staff.on, erasures.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges, firing.gauges, TASKS.gauges],
    counting=COUNTING,
)
