"""Wires follow-up."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.followup.api import notices
from services.followup.domain import Memory
from services.followup.domain.policy import Policy, Trade
from services.followup.gateways import Gateway
from services.followup.gateways.mail import Mail
from services.followup.gateways.sms import Sms
from services.followup.jobs import arrivals, reaching, sending
from services.followup.listeners import contacts, orders
from services.followup.settings import Settings
from services.followup.store.gauges import gauges
from shared import events_api, parked_api
from shared.service import Job, Means, Service
from shared.units import Units

HERE = Path(__file__).parent


def trade_of(units: Units) -> Trade:
    """Every unit's policy, or one sentence about what is wrong with it."""
    policies = {}
    for profile in {unit.profile for unit in units.units.values()}:
        file = HERE / "profiles" / f"{profile}.toml"
        try:
            policies[profile] = Policy.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise SystemExit(f"{file} can't be used as a trade profile: {error}") from error
    return Trade(units, policies)


def circumstances(means: Means) -> Mapping[str, Any]:
    return {"trade": trade_of(means.units)}


def jobs(means: Means) -> Sequence[Job]:
    settings, trade = means.settings, trade_of(means.units)
    gateways = {}
    if settings.smtp:
        gateways["email"] = Gateway("email", Mail(settings.smtp, settings.mail_from).send, means.metrics)
    if settings.sms:
        gateways["sms"] = Gateway("sms", Sms(settings.sms).send, means.metrics)
    return [sending.job(trade, gateways), arrivals.job(trade), reaching.JOB]


service = Service(
    name="followup",
    title="Careloop follow-up",
    settings=Settings,
    metadata=Memory.metadata,
    migrations=HERE / "migrations",
    routers=[notices.router, events_api.router, *parked_api.routers],
    listeners=[orders.on, contacts.on],
    jobs=jobs,
    circumstances=circumstances,
    gauges=[gauges],
)
