"""Wires follow-up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.followup.domain import Memory
from services.followup.domain.call import HELD, Call
from services.followup.domain.clock import Watch
from services.followup.domain.colleague import Colleague
from services.followup.domain.policy import Policy, Trade
from services.followup.domain.staff_planning import Doors
from services.followup.domain.task import Task
from services.followup.domain.timekeeping import in_force
from services.followup.gateways import Gateway, chats
from services.followup.gateways.chat import ChatRoom
from services.followup.gateways.mail import Mail
from services.followup.gateways.sms import Sms
from services.followup.jobs import arrivals, calling, chores, erasing, reaching, sending, telling_staff
from services.followup.listeners import complaints, contacts, customers, erasures, field_service, notes, orders, reception, staff
from services.followup.settings import Settings
from services.followup.store.counting import COUNTING
from services.followup.store.gauges import gauges
from services.followup.store.tasks import TASKS
from shared import following, profiles
from shared.clocks import firing
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.todo import going_back
from shared.units import Units

HERE = Path(__file__).parent
FOLLOWING = following.job({name: {"customer_id": "customer_id"} for name in ("call", "survey", "clock", "task", "note")})
THEIRS = [going_back.tasks(Task), going_back.Held(Call, "call", HELD, Call.give_back)]  # what people can have


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("followup", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units, means.config)}


def jobs(means: Means) -> Sequence[Job]:
    settings = means.settings
    trade = trade_of(means.units, means.config)
    gateways = {}
    to_us = None  # at work: places of their own, so that neither waits for the other's letters longer than a lease
    if settings.smtp:
        gateways["email"] = Gateway("email", Mail(settings.smtp, settings.mail_from).send, means.metrics)
        to_us = Gateway("staff_email", Mail(settings.smtp, settings.mail_from).send, means.metrics)
    if settings.sms:
        gateways["sms"] = Gateway("sms", Sms(settings.sms).send, means.metrics)
    return [
        sending.job(trade, gateways),
        to_staff(means, trade, to_us),
        arrivals.job(trade),
        reaching.JOB,
        calling.job(trade),
        *firing.jobs(Watch, trade, along=Call),
        *chores.jobs(trade),
        *going_back.jobs(Colleague, THEIRS, also=telling_staff.look_again),
        FOLLOWING,
        *erasing.jobs(trade),
        history.job(trade),
    ]


def to_staff(means: Means, trade: Trade, mail: Gateway | None) -> Job:
    """Each chat has a breaker of its own, and mail one beside customers'."""
    rooms = chats.read(means.config, means.units.units, development=means.settings.environment == "development")
    gateways = {f"chat:{name}": Gateway(it.chat.kind, ChatRoom(it).send, means.metrics) for name, it in rooms.items()}
    doors = Doors(
        largest={name: chats.LARGEST[it.chat.kind] for name, it in rooms.items()},
        per_minute={name: it.chat.most_in_a_minute for name, it in rooms.items()},
        mail=mail is not None,
    )
    return telling_staff.job(trade, doors, gateways | ({"mail": mail} if mail else {}))


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.followup.api import calls, deadlines, form, notices, staff_notices, statistics, surveys, unmasking
    from shared import audit_api, deadlines_api, events_api, parked_api, profiles_api
    from shared.exports import api as exports_api
    from shared.todo import api as todo_api

    return [
        calls.router,
        form.router,
        todo_api.router(TASKS, Colleague),
        unmasking.router,
        deadlines.router,
        notices.router,
        staff_notices.router,
        surveys.router,
        statistics.router,
        deadlines_api.register(Watch),
        events_api.router,
        audit_api.router,
        *profiles_api.routers(service),
        *parked_api.routers,
        exports_api.router(sheets),
    ]


def sheets() -> Sequence[Any]:
    """Its registers as tables."""
    from services.followup.api.sheets import SHEETS

    return SHEETS


service = Service(
    name="followup",
    title="Careloop follow-up",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=HERE / "migrations",
    policy=Policy,
    clock=Watch,
    in_force=in_force,
    routers=routers,
    sheets=sheets,
    listeners=[orders.on, contacts.on, complaints.on, reception.on, field_service.on, notes.on, staff.on, customers.on, erasures.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges, firing.gauges, TASKS.gauges],
    counting=COUNTING,
)
