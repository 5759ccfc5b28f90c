"""Notices, as they are looked for."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment
from services.followup.domain.notice import DUE, Notice, State
from shared import scope
from shared.errors import NotFound

scope.by(Contact, None)  # a copy of what `customers` knows
NEIGHBOURS = 4  # workers that find something to do at one moment


class NoticeNotFound(NotFound):
    """There is no such notice."""


async def by_id(session: AsyncSession, notice_id: UUID) -> Notice:
    notice = await session.get(Notice, notice_id)
    if notice is None:
        raise NoticeNotFound
    return notice


async def order_of(session: AsyncSession, notice: Notice) -> Fulfilment | None:
    """What is known of the order that it speaks of."""
    return await session.get(Fulfilment, notice.fulfilment_id)


async def due(session: AsyncSession, at: datetime, limit: int) -> tuple[Sequence[Notice], dict[str, Contact]]:
    """Those that are to leave now, and those whose sender died, with their contacts. Another worker passes over the same ones.

    Contacts are locked first, as everywhere: a contact that arrives at this moment comes before, or finds what we decided without it."""
    place = (
        select(Notice.id, Notice.reference)
        .where(text(DUE), col(Notice.due_at) <= at)
        .order_by(col(Notice.due_at))
        .limit(limit * NEIGHBOURS)
    )
    found = (await session.exec(place)).all()
    references, ids = {reference for _, reference in found}, [id for id, _ in found]
    locked = select(Contact).where(col(Contact.reference).in_(references)).order_by(col(Contact.reference)).with_for_update(read=True)
    contacts = {contact.reference: contact for contact in (await session.exec(locked)).all()} if references else {}
    still = select(Notice).where(col(Notice.id).in_(ids), text(DUE), col(Notice.due_at) <= at).order_by(col(Notice.id)).limit(limit)
    still = still.with_for_update(skip_locked=True)
    return (await session.exec(still)).all() if ids else [], contacts


async def locked(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Notice]:
    return (await session.exec(select(Notice).where(col(Notice.id).in_(ids)).order_by(col(Notice.id)).with_for_update())).all()


async def contacts_with_news(session: AsyncSession, limit: int) -> Sequence[Contact]:
    found = select(Contact).where(text("news")).order_by(col(Contact.reference)).limit(limit).with_for_update(skip_locked=True)
    return (await session.exec(found)).all()


async def awaiting(session: AsyncSession, references: Collection[str], limit: int) -> Sequence[Notice]:
    """Those for which a contact may change something: that wait for one, and that are held for a channel."""
    states = text("state IN ('awaiting_contact', 'held')")
    found = select(Notice).where(col(Notice.reference).in_(references), states).order_by(col(Notice.id)).limit(limit).with_for_update()
    return (await session.exec(found)).all()


BELONG = text("""
UPDATE notice SET customer_id = contact.customer_id, version = version + 1 FROM contact
WHERE contact.reference = notice.reference AND notice.id = ANY(ARRAY(
    SELECT n.id FROM notice AS n JOIN contact AS c USING (reference)
    WHERE c.reference = ANY(:references) AND n.customer_id <> c.customer_id ORDER BY n.id LIMIT :limit FOR UPDATE OF n))""")


async def belong_to(session: AsyncSession, contacts: Sequence[Contact], limit: int) -> bool:
    """Notices follow their reference to whom it means now. True while there may be more."""
    await session.flush()
    values = {"references": [contact.reference for contact in contacts], "limit": limit}
    done = await (await session.connection()).execute(BELONG, values)
    return done.rowcount == limit


async def waiting(session: AsyncSession) -> dict[str, int]:
    """How many notices are not at an end, by state."""
    states = (State.PLANNED, State.AWAITING_CONTACT, State.HELD, State.SENDING)
    found = await session.exec(select(Notice.state, func.count()).where(col(Notice.state).in_(states)).group_by(col(Notice.state)))
    return {state.value: 0 for state in states} | {str(state): count for state, count in found.all()}


async def overdue(session: AsyncSession) -> dict[str, int]:
    """Clocks that should have fired a while ago."""
    late = text("due_at < now() - interval '1 minute'")
    notice = (await session.exec(select(func.count()).select_from(Notice).where(text(DUE), late))).one()
    arrivals = text("arrival_due_at < now() - interval '1 minute'")
    arrival = (await session.exec(select(func.count()).select_from(Fulfilment).where(arrivals))).one()
    return {"notice": notice, "arrival": arrival}
