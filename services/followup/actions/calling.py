"""Staff call customers: an attempt, an answer; and nobody tries for ever."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain import asking, telling
from services.followup.domain.asking import Tried
from services.followup.domain.call import Call, Why
from services.followup.domain.clock import Watch
from services.followup.domain.colleague import Colleague
from services.followup.domain.policy import Trade
from services.followup.domain.timekeeping import in_line
from services.followup.store import calls, clocks
from shared.clock import now
from shared.contracts.followup import Satisfaction
from shared.database import keep, transaction
from shared.etag import Expected
from shared.outbox import Cause
from shared.outcome import Outcome
from shared.scope import Scope
from shared.todo.store import colleague_by_id
from shared.units import Units

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


async def assign(
    session: AsyncSession,
    call_id: UUID,
    to: str,
    *,
    expected: Expected,
    scope: Scope,
    units: Units,
    roles: Collection[str],
    by: str,
    at: datetime,
) -> Call:
    """Somebody has it from now on."""
    call = await calls.by_id(session, call_id, lock=True)
    expected.check(call.version)
    asking.must_wait(call)
    before = call.assigned_to
    call.assign(to, await colleague_by_id(session, Colleague, to), sees=scope.sees, units=units, roles=roles, by=by, at=at)
    await session.flush()
    keep(session, telling.of_assignment(call, to, before, by=by, at=at))
    return call


async def release(session: AsyncSession, call_id: UUID, *, expected: Expected, roles: Collection[str], by: str) -> Call:
    """Anybody may ask again."""
    call = await calls.by_id(session, call_id, lock=True)
    expected.check(call.version)
    asking.must_wait(call)
    call.release(roles=roles, by=by)
    await session.flush()
    return call


async def kept(session: AsyncSession, call: Call, outcome: Outcome, *, trade: Trade, at: datetime) -> Call:
    running = await clocks.about(session, f"call:{call.id}", lock=True)
    keep_with_clock(session, call, outcome, next(iter(running), None), trade=trade, at=at)
    await session.flush()
    return call


def keep_with_clock(session: AsyncSession, call: Call, outcome: Outcome, clock: Watch | None, *, trade: Trade, at: datetime) -> None:
    """What came of it, and what it means for the clock."""
    keep(session, [*outcome, *in_line(call, clock, trade=trade, at=at)], Cause.of(call))


async def give_up(engine: AsyncEngine, trade: Trade) -> list[timedelta]:
    """One round: how late each call was that nobody tries any more."""
    late = []
    async with transaction(engine) as session:
        at = now()
        found = await calls.to_give_up(session, at, AT_ONCE)
        running = {it.about: it for it in await clocks.about(session, *(f"call:{call.id}" for call in found), lock=True)}
        for call in found:
            assert call.give_up_at
            late.append(at - call.give_up_at)
            keep_with_clock(session, call, asking.give_up(call, Why.ATTEMPTS, at), running.get(f"call:{call.id}"), trade=trade, at=at)
    return late
