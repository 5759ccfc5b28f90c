"""Sends what is due, twice a second."""

from collections.abc import Sequence
from datetime import timedelta

from services.followup.actions import telling
from services.followup.domain.policy import Trade
from services.followup.domain.sending import Answer, Attempt, Result
from services.followup.gateways import Gateway
from shared.clock import now
from shared.service import Job, Means


def job(trade: Trade, gateways: dict[str, Gateway]) -> Job:
    answers: list[tuple[Attempt, Result]] = []  # held while the database is away: one that is forgotten is a message that may go out twice

    async def send(means: Means) -> bool:
        looked_at = 0
        if not answers:
            attempts, looked_at = await telling.take(means.engine, trade)
            answers.extend(await telling.make(attempts, gateways))
        if answers:
            count(await telling.keep_results(means.engine, answers), means)
            answers.clear()
        return looked_at > 0

    return Job("sending", send, timedelta(milliseconds=500))


def count(kept: Sequence[tuple[Attempt, Result]], means: Means) -> None:
    for attempt, result in kept:
        if result.answer is Answer.TAKEN:
            notice = attempt.notice
            means.metrics.notices_total.labels(kind=notice.kind.value, channel=attempt.channel, state="sent").inc()
            delay = (now() - notice.planned_at).total_seconds()
            means.metrics.notice_delay_seconds.labels(kind=notice.kind.value, channel=attempt.channel).observe(delay)
