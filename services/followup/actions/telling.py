"""Notices leave: what is due is taken, given to its gateway, and what became of it is kept. Two transactions around every attempt."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.followup.domain.policy import Trade
from services.followup.domain.sending import Answer, Attempt, Result, broken, prepare, settle
from services.followup.gateways import Gateway
from services.followup.store import notices
from shared.clock import now
from shared.database import keep, transaction
from shared.outbox import Cause

log = structlog.get_logger()
AT_ONCE = 16  # two rounds of a gateway's places: all have their answer before the lease of the last one ends


async def take(engine: AsyncEngine, trade: Trade) -> tuple[list[Attempt], int]:
    """The attempts to make now, remembered as begun; and how many notices were looked at."""
    async with transaction(engine) as session:
        at = now()
        due, contacts = await notices.due(session, at, AT_ONCE)
        attempts = []
        for notice in due:
            try:
                attempt, outcome = prepare(notice, contacts.get(notice.reference), trade=trade, at=at)
            except Exception as error:  # whatever is wrong with one notice keeps no other back
                log.error("a notice can't be prepared", exc_info=error, notice=str(notice.id))
                attempt, outcome = None, broken(notice, error, at)
            keep(session, outcome, Cause.of(notice))
            if attempt:
                attempts.append(attempt)
    return attempts, len(due)


async def make(attempts: Sequence[Attempt], gateways: Mapping[str, Gateway]) -> list[tuple[Attempt, Result]]:
    """All at once; a gateway that is missing refuses."""

    async def one(attempt: Attempt) -> tuple[Attempt, Result]:
        gateway = gateways.get(attempt.channel)
        return attempt, await gateway(attempt) if gateway else Result(Answer.REFUSED, reason=f"there is no gateway for {attempt.channel}")

    return await asyncio.gather(*map(one, attempts))


async def keep_results(engine: AsyncEngine, results: Sequence[tuple[Attempt, Result]]) -> list[tuple[Attempt, Result]]:
    """What the gateways said; also an answer that comes after another worker began again is true."""
    async with transaction(engine) as session:
        at = now()
        known = {notice.id: notice for notice in await notices.locked(session, [attempt.notice.id for attempt, _ in results])}
        kept = []
        for attempt, result in results:
            notice = known.get(attempt.notice.id)
            if notice is not None:
                keep(session, settle(notice, attempt.channel, result, at), Cause.of(notice))
                kept.append((attempt, result))
    return kept
