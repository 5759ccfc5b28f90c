"""Gives up on customers whom nobody reaches.  FLUP-31"""

from datetime import timedelta

from services.followup.actions import calling
from services.followup.domain.policy import Trade
from shared.service import Job, Means


def job(trade: Trade) -> Job:
    async def give_up(means: Means) -> bool:
        late = await calling.give_up(means.engine, trade)
        for it in late:
            means.metrics.timer_delay_seconds.labels(kind="call").observe(it.total_seconds())
        return len(late) == calling.AT_ONCE

    return Job("calling", give_up, timedelta(seconds=1))
