"""What people at work are told, as it is looked for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain.call import Call
from services.followup.domain.colleague import Colleague
from services.followup.domain.staff_message import StaffMessage
from services.followup.domain.staff_notice import IS_AWAITED, TO_LOOK_AT, StaffNotice
from services.followup.store.notices import NEIGHBOURS
from shared.errors import NotFound
from shared.ids import id_in

SENDING = "state = 'sending'"
Kind = TypeVar("Kind", StaffNotice, StaffMessage)
LATE = timedelta(minutes=1)


class StaffNoticeNotFound(NotFound):
    """There is no such notice to staff."""


async def by_id(session: AsyncSession, notice_id: UUID) -> StaffNotice:
    notice = await session.get(StaffNotice, notice_id)
    if notice is None:
        raise StaffNoticeNotFound
    return notice


async def due(session: AsyncSession, at: datetime, limit: int) -> Sequence[StaffNotice]:
    """Those that are to be looked at now."""
    return await to_do(session, StaffNotice, TO_LOOK_AT, at, limit)


async def to_do(session: AsyncSession, kind: type[Kind], which: str, at: datetime, limit: int) -> Sequence[Kind]:
    """What is due, the longest due first, locked in the order of their keys. Another worker passes over the same ones."""
    now_due = text(which), col(kind.due_at) <= at
    place = select(kind.id).where(*now_due).order_by(col(kind.due_at)).limit(limit * NEIGHBOURS)
    ids = (await session.exec(place)).all()
    if not ids:
        return []
    still = select(kind).where(col(kind.id).in_(ids), *now_due).order_by(col(kind.id)).limit(limit)
    return (await session.exec(still.with_for_update(skip_locked=True))).all()


async def about_the_same(session: AsyncSession, notices: Sequence[StaffNotice]) -> Sequence[StaffNotice]:
    """All that was ever asked about the same things, as it is now."""
    return (await session.exec(select(StaffNotice).where(col(StaffNotice.about).in_({it.about for it in notices})))).all()


async def calls_of(session: AsyncSession, notices: Sequence[StaffNotice]) -> dict[str, Call]:
    """The calls that they speak of, as these name them."""
    ids = {id for it in notices if (id := id_in(it.about, "call"))}
    found = (await session.exec(select(Call).where(col(Call.id).in_(ids)))).all() if ids else ()
    return {f"call:{it.id}": it for it in found}


async def awaiting(session: AsyncSession, staff_id: str) -> Sequence[StaffNotice]:
    """What waits until somebody is back: they, or whoever of a role is first. Locked in the order of their keys."""
    theirs = or_(col(StaffNotice.to_staff) == staff_id, col(StaffNotice.to_role).is_not(None))
    found = select(StaffNotice).where(text(IS_AWAITED), theirs).order_by(col(StaffNotice.id)).with_for_update()
    return (await session.exec(found)).all()


async def staff_for(session: AsyncSession, notices: Sequence[StaffNotice], units: Collection[str]) -> dict[str, Colleague]:
    """Who is named in them, and who works in one of these units."""
    named = {it.to_staff for it in notices if it.to_staff}
    found = select(Colleague).where(or_(col(Colleague.id).in_(named), col(Colleague.active) & col(Colleague.unit).in_(units)))
    return {it.id: it for it in (await session.exec(found)).all()}


async def messages_due(session: AsyncSession, at: datetime, limit: int) -> Sequence[StaffMessage]:
    """Those that are to leave now, and those whose sender died."""
    return await to_do(session, StaffMessage, SENDING, at, limit)


async def messages(session: AsyncSession, ids: Collection[UUID]) -> Sequence[StaffMessage]:
    found = select(StaffMessage).where(col(StaffMessage.id).in_(ids)).order_by(col(StaffMessage.id)).with_for_update()
    return (await session.exec(found)).all() if ids else []


async def notices_of(session: AsyncSession, messages: Sequence[StaffMessage]) -> dict[str, StaffNotice]:
    """What these messages tell, locked."""
    ids = {UUID(id) for message in messages for id in message.notices}
    if not ids:
        return {}
    found = select(StaffNotice).where(col(StaffNotice.id).in_(ids)).order_by(col(StaffNotice.id)).with_for_update()
    return {str(it.id): it for it in (await session.exec(found)).all()}


async def addresses(session: AsyncSession, messages: Sequence[StaffMessage]) -> Mapping[str, str]:
    """The mail addresses of those who are still here."""
    ids = {it.recipient for it in messages if it.channel == "mail"}
    found = select(Colleague.id, Colleague.email).where(col(Colleague.id).in_(ids), col(Colleague.active))
    return {id: email for id, email in (await session.exec(found)).all() if email} if ids else {}


async def lately(session: AsyncSession, chats: Collection[str], since: datetime) -> Mapping[str, int]:
    """How many messages were tried in each of these chats since then."""
    if not chats:
        return {}
    found = select(StaffMessage.recipient, func.count()).where(col(StaffMessage.channel) == "chat", col(StaffMessage.recipient).in_(chats))
    counted = found.where(col(StaffMessage.tried_at) > since).group_by(col(StaffMessage.recipient))
    return dict((await session.exec(counted)).all())


async def overdue(session: AsyncSession, at: datetime) -> int:
    """What should have left a while ago."""
    late = at - LATE
    notices = select(func.count()).select_from(StaffNotice).where(text(TO_LOOK_AT), col(StaffNotice.due_at) <= late)
    messages = select(func.count()).select_from(StaffMessage).where(text(SENDING), col(StaffMessage.due_at) <= late)
    return (await session.exec(notices)).one() + (await session.exec(messages)).one()
