"""Tells people at work what is theirs, once a second."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from services.followup.actions import telling_staff
from services.followup.actions.telling_staff import Ended
from services.followup.domain.policy import Trade
from services.followup.domain.sending import Result
from services.followup.domain.staff_message import StaffAttempt
from services.followup.domain.staff_planning import Doors
from services.followup.gateways import Gateway
from shared.service import Job, Means


def job(trade: Trade, doors: Doors, gateways: Mapping[str, Gateway]) -> Job:
    answers: list[
        tuple[StaffAttempt, Result]
    ] = []  # held while the database is away: one that is forgotten is a message that may go out twice

    async def tell(means: Means) -> bool:
        if answers:
            return await keep(means)
        skipped, more = await telling_staff.gather(means.engine, trade, doors)
        count(skipped, means)
        attempts, ended, looked_at = await telling_staff.take(means.engine, trade, doors)
        count(ended, means)
        answers.extend(await telling_staff.make(attempts, gateways))
        return (await keep(means) if answers else False) or more or looked_at == telling_staff.MESSAGES_AT_ONCE

    async def keep(means: Means) -> bool:
        count(await telling_staff.keep_results(means.engine, answers), means)
        answers.clear()
        return True

    return Job("telling_staff", tell, timedelta(seconds=1))


async def look_again(means: Means, staff_id: str) -> None:
    """The directory said something of them."""
    await telling_staff.look_again(means.engine, staff_id)


def count(ended: Iterable[Ended], means: Means) -> None:
    for kind, channel, state in ended:
        means.metrics.staff_notices_total.labels(kind=kind, channel=channel, state=state).inc()
