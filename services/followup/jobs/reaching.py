"""Lets notices go on that waited for a contact."""

from datetime import timedelta

from services.followup.actions import reaching
from shared.service import Job, Means


async def go_on(means: Means) -> bool:
    return await reaching.go_on(means.engine)


JOB = Job("reaching", go_on, timedelta(milliseconds=500))
