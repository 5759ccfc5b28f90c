"""Wires follow-up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.followup.domain import Memory
from services.followup.domain.call import Call
from services.followup.domain.clock import Watch
from services.followup.domain.policy import Policy, Trade
from services.followup.domain.timekeeping import in_force
from services.followup.gateways import Gateway
from services.followup.gateways.mail import Mail
from services.followup.gateways.sms import Sms
from services.followup.jobs import arrivals, calling, reaching, sending
from services.followup.listeners import complaints, contacts, field_service, notes, orders, reception
from services.followup.settings import Settings
from services.followup.store.gauges import gauges
from shared import following, profiles
from shared.clocks import firing
from shared.profiles import history
from shared.service import Job, Means, Service
from shared.units import Units

HERE = Path(__file__).parent
FOLLOWING = following.job(
    {"call": {"customer_id": "customer_id"}, "survey": {"customer_id": "customer_id"}, "clock": {"customer_id": "customer_id"}}
)


def trade_of(units: Units, config: Path | None = None) -> Trade:
    """Every unit with its policy; `config` is the folder of an operator's own profiles."""
    return profiles.read("followup", Policy, units, config)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units, means.config)}


def jobs(means: Means) -> Sequence[Job]:
    settings = means.settings
    trade = trade_of(means.units, means.config)
    gateways = {}
    if settings.smtp:
        gateways["email"] = Gateway("email", Mail(settings.smtp, settings.mail_from).send, means.metrics)
    if settings.sms:
        gateways["sms"] = Gateway("sms", Sms(settings.sms).send, means.metrics)
    return [
        sending.job(trade, gateways),
        arrivals.job(trade),
        reaching.JOB,
        calling.job(trade),
        *firing.jobs(Watch, trade, along=Call),
        FOLLOWING,
        history.job(trade),
    ]


def routers() -> Sequence[Any]:
    """Imported where HTTP is answered: a worker is up sooner without."""
    from services.followup.api import calls, deadlines, notices, surveys
    from shared import deadlines_api, events_api, parked_api, profiles_api

    return [
        calls.router,
        deadlines.router,
        notices.router,
        surveys.router,
        deadlines_api.register(Watch),
        events_api.router,
        *profiles_api.routers(service),
        *parked_api.routers,
    ]


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
    listeners=[orders.on, contacts.on, complaints.on, reception.on, field_service.on, notes.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges, firing.gauges],
)
