"""A customer can be reached now: what waited for that goes on, and follows its reference to whom it means."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services.followup.domain.notice import State
from services.followup.store import notices
from shared.clock import now
from shared.database import keep, transaction
from shared.outbox import Cause

AT_ONCE = 50
NOTICES = 500


async def go_on(engine: AsyncEngine) -> bool:
    """One round; True while there may be more."""
    async with transaction(engine) as session:
        at = now()
        contacts = await notices.contacts_with_news(session, AT_ONCE)
        if not contacts:
            return False
        reachable = [contact.reference for contact in contacts if contact.reachable]
        waiting = await notices.awaiting(session, reachable, NOTICES)
        for notice in waiting:
            if notice.state is State.HELD:
                notice.due_at = at  # by another channel it may go now; otherwise it is held again
            else:
                keep(session, list(notice.turn(State.PLANNED, None, at)), Cause.of(notice))
        if len(waiting) < NOTICES and not await notices.belong_to(session, contacts, NOTICES):
            for contact in contacts:
                contact.news = False
    return True
