"""People at work are told: what is due is gathered into messages, a message is given to its gateway, and what became of it is kept.

Three transactions, and none is open while a gateway is asked. A kill between them repeats at most what a gateway did not answer.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain.audience import upwards
from services.followup.domain.policy import Trade
from services.followup.domain.sending import Answer, Result
from services.followup.domain.staff_message import StaffAttempt, StaffMessage, prepare, settle
from services.followup.domain.staff_notice import State, overtake
from services.followup.domain.staff_planning import Doors, letters, look_at
from services.followup.domain.telling import is_moot
from services.followup.gateways import Gateway
from services.followup.store import staff_notices
from shared.clock import now
from shared.database import keep, transaction

log = structlog.get_logger()
AT_ONCE, MESSAGES_AT_ONCE = 1000, 16  # two rounds of a gateway's places: all have their answer before the lease of the last one ends
A_MINUTE = timedelta(minutes=1)

Ended = tuple[str, str, str]  # kind, channel, state: as it is counted


async def gather(engine: AsyncEngine, trade: Trade, doors: Doors) -> tuple[list[Ended], bool]:
    """Whoever is to be told now gets a message of all that is theirs."""
    async with transaction(engine) as session:
        at = now()
        due = await staff_notices.due(session, at, AT_ONCE)
        units = {unit for it in due for unit in upwards(it.unit, trade.units)}
        staff = await staff_notices.staff_for(session, due, units) if due else {}
        overtake(due, at, await staff_notices.about_the_same(session, due) if due else ())
        calls = await staff_notices.calls_of(session, due)
        leaving = []
        for notice in due:
            try:
                if notice.waits and is_moot(notice, calls):
                    notice.skip("moot", at)
                if notice.waits and (it := look_at(notice, staff, doors, trade=trade, at=at)):
                    leaving.append(it)
            except Exception as error:  # whatever is wrong with one notice keeps no other back
                log.error("a notice to staff can't be prepared", exc_info=error, notice=str(notice.id))
                notice.skip(f"a fault of ours ({type(error).__name__})", at)
        keep(session, [*letters(leaving, doors, trade=trade, at=at)])
        skipped = [(it.kind, "none", it.state.value) for it in due if it.state is State.SKIPPED]
    return skipped, len(due) == AT_ONCE


async def take(engine: AsyncEngine, trade: Trade, doors: Doors) -> tuple[list[StaffAttempt], list[Ended], int]:
    """The attempts to make now, remembered as begun; and how many messages were looked at."""
    async with transaction(engine) as session:
        at = now()
        due = await staff_notices.messages_due(session, at, MESSAGES_AT_ONCE)
        addresses = await staff_notices.addresses(session, due)
        tried = Counter(await staff_notices.lately(session, {it.recipient for it in due if it.channel == "chat"}, at - A_MINUTE))
        attempts, ended = [], []
        for message in due:
            if message.channel == "chat":
                if tried[message.recipient] >= doors.per_minute.get(message.recipient, 1):
                    message.due_at = at + A_MINUTE / 4  # the chat takes no more for now
                    continue
                tried[message.recipient] += 1
            address = addresses.get(message.recipient) if message.channel == "mail" else message.recipient
            attempt = prepare(message, address, policy=trade.policy(message.unit), calendar=trade.calendar(message.unit), at=at)
            if attempt:
                attempts.append(attempt)
            elif message.state != "sending":
                ended.append(message)
        counted = await tell_the_notices(session, ended, at)
    return attempts, counted, len(due)


async def look_again(engine: AsyncEngine, staff_id: str) -> None:
    """Something was said of somebody for whom it is waited: perhaps they are back, or gone."""
    async with transaction(engine) as session:
        at = now()
        for notice in await staff_notices.awaiting(session, staff_id):
            notice.due_at = min(notice.due_at, at)


async def make(attempts: Sequence[StaffAttempt], gateways: Mapping[str, Gateway]) -> list[tuple[StaffAttempt, Result]]:
    """All at once. Mail has one gateway, each chat its own; one that is missing refuses."""

    async def one(attempt: StaffAttempt) -> tuple[StaffAttempt, Result]:
        name = "mail" if attempt.channel == "mail" else f"chat:{attempt.to}"
        gateway = gateways.get(name)
        return attempt, await gateway(attempt) if gateway else Result(Answer.REFUSED, reason=f"there is no gateway for {attempt.channel}")

    return await asyncio.gather(*map(one, attempts))


async def keep_results(engine: AsyncEngine, results: Sequence[tuple[StaffAttempt, Result]]) -> list[Ended]:
    """What the gateways said; also an answer that comes after another worker began again is true."""
    async with transaction(engine) as session:
        at = now()
        known = {it.id: it for it in await staff_notices.messages(session, [attempt.id for attempt, _ in results])}
        settled = []
        for attempt, result in results:
            message = known.get(attempt.id)
            if message is not None and message.state == "sending":
                settle(message, result, at)
                settled.append(message)
        return await tell_the_notices(session, [it for it in settled if it.state != "sending"], at)


async def tell_the_notices(session: AsyncSession, ended: Sequence[StaffMessage], at: datetime) -> list[Ended]:
    """What became of a message became of all that it tells."""
    notices = await staff_notices.notices_of(session, ended)
    counted = []
    for message in ended:
        for notice in (notices[id] for id in message.notices if id in notices):
            notice.settle(message.channel, message.recipient, message.state, message.reason, at)
            counted.append((notice.kind, message.channel, message.state))
    return counted
