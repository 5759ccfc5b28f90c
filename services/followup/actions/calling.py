"""Staff call customers: an attempt, an answer; and nobody tries for ever."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain import asking
from services.followup.domain.asking import Tried
from services.followup.domain.call import Call, Why
from services.followup.domain.policy import Trade
from services.followup.domain.timekeeping import in_line
from services.followup.store import calls, clocks
from shared.clock import now
from shared.contracts.followup import Satisfaction
from shared.database import keep, transaction
from shared.etag import Expected
from shared.outbox import Cause
from shared.outcome import Outcome

AT_ONCE = 100


async def attempt(
    session: AsyncSession, call_id: UUID, tried: Tried, callback_at: datetime | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Call:  # fmt: skip
    call = await calls.by_id(session, call_id, lock=True)
    expected.check(call.version)
    zone = await calls.zone(session, call.customer_id, trade.unit(call.unit).clock)
    policy, calendar = trade.policy(call.unit).calls, trade.calendar(call.unit)
    tries = asking.attempt(call, tried, callback_at, policy=policy, calendar=calendar, zone=zone, by=by, at=at)
    return await kept(session, call, tries, trade=trade, at=at)


async def answer(
    session: AsyncSession, call_id: UUID, satisfaction: Satisfaction, *, score: int | None, aspects: Sequence[str], remarks: str | None,
    expected: Expected, trade: Trade, by: str, at: datetime,
) -> Call:  # fmt: skip
    call = await calls.by_id(session, call_id, lock=True)
    expected.check(call.version)
    said = asking.answer(call, satisfaction, score=score, aspects=aspects, remarks=remarks, by=by, at=at)
    return await kept(session, call, said, trade=trade, at=at)


async def kept(session: AsyncSession, call: Call, outcome: Outcome, *, trade: Trade, at: datetime) -> Call:
    """What came of it, and what it means for the clock."""
    running = await clocks.about(session, f"call:{call.id}", lock=True)
    keep(session, [*outcome, *in_line(call, next(iter(running), None), trade=trade, at=at)], Cause.of(call))
    await session.flush()
    return call


async def give_up(engine: AsyncEngine, trade: Trade) -> list[timedelta]:
    """One round: how late each call was that nobody tries any more."""
    late = []
    async with transaction(engine) as session:
        at = now()
        found = await calls.to_give_up(session, at, AT_ONCE)
        await clocks.about(session, *(f"call:{call.id}" for call in found), lock=True)  # all at once, in their order
        for call in found:
            assert call.give_up_at
            late.append(at - call.give_up_at)
            await kept(session, call, asking.give_up(call, Why.ATTEMPTS, at), trade=trade, at=at)
    return late
